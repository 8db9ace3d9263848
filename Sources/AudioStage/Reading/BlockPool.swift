import AudioEngine

/// Buffers of samples that readers use one after another. Owned by one thread.
public final class BlockPool {
  private struct Shape: Hashable {
    var channels: Int
    var frames: Int
  }
  private var idle: [Shape: [PlanarBuffer]] = [:]
  /// Buffers made so far, and floats in them.
  public private(set) var created = 0
  public private(set) var samples = 0

  public init() {}

  /// Its content is whatever it was.
  func take(channels: Int, frames: Int) -> PlanarBuffer {
    if let buffer = idle[Shape(channels: channels, frames: frames)]?.popLast() { return buffer }
    created += 1
    samples += channels * frames
    return PlanarBuffer(channels: channels, frames: frames)
  }

  func give(_ buffer: PlanarBuffer) {
    idle[Shape(channels: buffer.channels, frames: buffer.frames), default: []].append(buffer)
  }
}

extension PlanarBuffer {
  /// The first plane; the next is `frames` floats behind it.
  var base: UnsafeMutablePointer<Float> { self[0].baseAddress! }
}

/// Where samples are written: planes `stride` floats apart.
struct SampleTarget {
  let base: UnsafeMutablePointer<Float>
  let stride: Int
  let channels: Int

  init(base: UnsafeMutablePointer<Float>, stride: Int, channels: Int) {
    self.base = base
    self.stride = stride
    self.channels = channels
  }

  init(_ buffer: PlanarBuffer, from first: Int = 0) {
    self.init(base: buffer.base + first, stride: buffer.frames, channels: buffer.channels)
  }

  func plane(_ channel: Int) -> UnsafeMutablePointer<Float> { base + channel * stride }
  func advanced(_ frames: Int) -> SampleTarget { SampleTarget(base: base + frames, stride: stride, channels: channels) }

  func clear(_ count: Int) {
    for channel in 0..<channels { plane(channel).update(repeating: 0, count: count) }
  }

  func copy(_ source: SampleTarget, _ count: Int) {
    for channel in 0..<channels { plane(channel).update(from: source.plane(channel), count: count) }
  }
}
