import AVBinding
import AudioEngine
import SluiceBase
import Timeline

/// What a source node plays, made ready between quanta: so that a quantum decodes nothing and cannot fail.
class FedProvider: SampleProvider {
  static let chunk = 2048
  private let pool: BlockPool
  private var buffer: PlanarBuffer?
  /// Of the stream: the first frame in `buffer`, and how many there are.
  private var first: Int64 = 0
  private var count = 0

  init(channels: Int, pool: BlockPool) {
    self.pool = pool
    buffer = pool.take(channels: channels, frames: Self.chunk + Quantum.frames)
    super.init(channels: channels)
  }

  /// The next `count` frames of the stream.
  func fill(count: Int, into target: SampleTarget) throws(SluiceError) {}

  /// Says what is to be told of it; it is not used again.
  func close() {
    if let buffer { pool.give(buffer) }
    buffer = nil
  }

  func takeDamage() -> String? { nil }

  /// Makes all frames before `end` ready; at most a quantum behind those that were asked for before.
  final func ensure(_ end: Int64) throws(SluiceError) {
    guard let buffer, end > first + Int64(count) else { return }
    // What is still to be read begins a quantum before the end at the earliest.
    let keep = min(count, max(0, Int(first + Int64(count) - (end - Int64(Quantum.frames)))))
    for channel in 0..<channels {
      let plane = buffer.base + channel * buffer.frames
      plane.update(from: plane + (count - keep), count: keep)
    }
    first += Int64(count - keep)
    try fill(count: Self.chunk, into: SampleTarget(buffer, from: keep))
    count = keep + Self.chunk
  }

  override func read(at position: Int64, into destination: SampleDestination) -> Int {
    guard let buffer else { return 0 }
    let offset = Int(position - first)
    guard offset >= 0, offset < count else { return 0 }
    let run = min(destination.count, count - offset)
    for channel in 0..<channels {
      guard let to = destination[channel].baseAddress else { return 0 }
      to.update(from: buffer.base + channel * buffer.frames + offset, count: run)
    }
    return run
  }
}

/// The samples of a clip from its first frame on.
final class ClipProvider: FedProvider {
  private let reader: SoundReader
  private let opener: SourceOpener

  init(_ clip: SoundPlan.Clip, rate: Int, opener: SourceOpener) throws(SluiceError) {
    self.opener = opener
    reader = try opener.open(clip, rate: rate)
    try reader.start(at: clip.start)
    super.init(channels: reader.channels, pool: opener.pool)
  }

  override func fill(count: Int, into target: SampleTarget) throws(SluiceError) { try reader.read(count: count, into: target) }
  override func takeDamage() -> String? { reader.takeDamage() }

  override func close() {
    opener.close(reader)
    super.close()
  }
}
