import AVBinding
import DecodeStage
import FrameModel
import SluiceBase
import Testing

/// What a stream delivered, by output frame.
struct Delivered {
  var published: [Published]
  var provider: FakeProvider
  /// Digest of the picture that each frame shows.
  var digests: [Int64: UInt64] {
    var shown: [Int64: UInt64] = [:]
    for picture in published { for frame in picture.first..<(picture.first + picture.count) { shown[frame] = picture.digest } }
    return shown
  }
  func picture(_ frame: Int64) -> Published? { published.first { $0.first <= frame && frame < $0.first + $0.count } }
}

/// Runs a stream to its end and checks that every frame was served once, in order, and every slot came back.
@discardableResult
func deliver(
  _ request: DecodeRequest, slotBytes: Int, slots: Int = 12, keepsBytes: Bool = false, warnings: Bool = false,
  location: SourceLocation = #_sourceLocation
) throws -> Delivered {
  let provider = FakeProvider(slotBytes: slotBytes, slots: slots, keepsBytes: keepsBytes)
  try DecodeStream(request: request, provider: provider).run()
  var next = request.startFrame
  for picture in provider.published {
    #expect(picture.first == next, sourceLocation: location)
    next = picture.first + picture.count
  }
  #expect(next == request.endFrame, sourceLocation: location)
  #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)", sourceLocation: location)
  if !warnings { #expect(provider.warnings.isEmpty, "\(provider.warnings)", sourceLocation: location) }
  return Delivered(published: provider.published, provider: provider)
}

func json(_ value: String) -> String { JSONValue.string(value).line }

/// Key of a source with effects on it.
func effectKey(_ source: String, _ effects: String) -> String { "{\"source\": \(json(source)), \"effects\": \(json(effects))}" }

func chain(_ filters: String..., parameters: [String] = []) -> EffectChain {
  EffectChain(filters.map { .avfilter($0, parameters: parameters) })
}

/// Digests of what the ffmpeg program makes of a file, picture by picture.
func filtered(_ path: String, _ filters: String, size: (Int, Int), pixelFormat: String = "yuv420p") throws -> [UInt64] {
  let raw = [UInt8](
    try Media.run(
      "ffmpeg",
      [
        "-v", "error", "-i", path, "-map", "0:v:0", "-vf", filters, "-fps_mode", "passthrough", "-pix_fmt", pixelFormat,
        "-f", "rawvideo", "-",
      ]))
  let bytes = size.0 * size.1 * 3 / 2
  return stride(from: 0, to: raw.count - bytes + 1, by: bytes).map { FakeProvider.digest(raw[$0..<($0 + bytes)]) }
}
