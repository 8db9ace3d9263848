import AVBinding
import AudioEngine
import Plan
import SluiceBase
import SystemBase

/// What a source node plays, made ready between quanta: so that a quantum decodes nothing and cannot fail.
///
/// Samples come in chunks into one of two buffers while the other is played. The chunk that comes next may be made ahead on another
/// thread (`AheadThreads`); chunks of a provider are made one after another in any case, so that their bits do not depend on it.
class FedProvider: SampleProvider, @unchecked Sendable {
  // Sendable: `fill`, `note` and the buffer that is filled belong to whoever makes a chunk: between `order` and `finish` that is the other
  // thread, else the one that renders, to which everything else belongs.
  static let chunk = 4096
  /// Before a chunk stands what is left of the one before it.
  private static let margin = Quantum.frames

  private let pool: BlockPool
  private weak var ahead: AheadThreads?
  private var playing: PlanarBuffer?
  private var filling: PlanarBuffer?
  /// Of the stream: the first frame in `playing`, where that is in it, and how many there are.
  private var first: Int64 = 0
  private var offset = 0
  private var count = 0
  private let total: Int64

  private enum Chunk {
    case none, ordered
    case made(SluiceError?)
  }
  private let next = Monitor(Chunk.none)
  private var damage: SoundDamage?

  /// - Parameters:
  ///   - total: frames that are played at most.
  ///   - ahead: nil: chunks are made when they are needed.
  init(channels: Int, total: Int64, pool: BlockPool, ahead: AheadThreads?) {
    self.pool = pool
    self.ahead = ahead
    self.total = total
    playing = pool.take(channels: channels, frames: Self.margin + Self.chunk)
    filling = pool.take(channels: channels, frames: Self.margin + Self.chunk)
    super.init(channels: channels)
  }

  /// Writes the next `count` frames of the stream.
  func fill(count: Int, into target: SampleTarget) throws(SluiceError) {}
  /// What was damaged in them.
  func note() -> SoundDamage? { nil }
  /// It is not used again. Called by `close` when nobody makes a chunk.
  func closed() {}

  final func close() {
    finish()
    closed()
    for buffer in [playing, filling] { if let buffer { pool.give(buffer) } }
    (playing, filling) = (nil, nil)
  }

  /// What was damaged since it was asked last.
  final func takeDamage() -> SoundDamage? {
    defer { damage = nil }
    return damage
  }

  /// Has the first chunk made while something else is done.
  final func prepare() { order() }

  /// Makes all frames before `end` ready; at most a quantum behind those that were asked for before.
  final func ensure(_ end: Int64) throws(SluiceError) {
    guard let playing, let filling, end > first + Int64(count) else { return }
    try take()
    damage = .both(damage, note())
    // What is still to be read begins a quantum before the end at the earliest.
    let keep = min(count, max(0, Int(first + Int64(count) - (end - Int64(Quantum.frames)))))
    SampleTarget(filling, from: Self.margin - keep).copy(SampleTarget(playing, from: offset + count - keep), keep)
    first += Int64(count - keep)
    offset = Self.margin - keep
    count = keep + Self.chunk
    (self.playing, self.filling) = (filling, playing)
    if first + Int64(count) < total { order() }
  }

  override func read(at position: Int64, into destination: SampleDestination) -> Int {
    guard let playing else { return 0 }
    let at = Int(position - first)
    guard at >= 0, at < count else { return 0 }
    let run = min(destination.count, count - at)
    for channel in 0..<channels {
      guard let to = destination[channel].baseAddress else { return 0 }
      to.update(from: playing.base + channel * playing.frames + offset + at, count: run)
    }
    return run
  }

  // MARK: Chunks

  private func order() {
    guard let ahead else { return }
    next.with { $0 = .ordered }
    ahead.run(self)
  }

  /// On a thread of `AheadThreads`.
  final func makeChunk() {
    let error = make()
    next.with { $0 = .made(error) }
  }

  private func make() -> SluiceError? {
    guard let filling else { return nil }
    do throws(SluiceError) {
      try fill(count: Self.chunk, into: SampleTarget(filling, from: Self.margin))
      return nil
    } catch {
      return error
    }
  }

  private func take() throws(SluiceError) {
    let made = finish()
    if let error = made ? failure : make() { throw error }
  }
  private var failure: SluiceError?

  /// Waits for a chunk that was ordered; whether there was one.
  @discardableResult
  private func finish() -> Bool {
    let (made, error) = next.wait { (state: inout Chunk) -> (Bool, SluiceError?)? in
      switch state {
      case .none: return (false, nil)
      case .ordered: return nil
      case .made(let error):
        state = .none
        return (true, error)
      }
    }
    failure = error
    return made
  }
}

/// Threads that make chunks of sound before they are needed. Only the renderer keeps it: its end is not theirs to come to. Any thread.
final class AheadThreads: Sendable {
  private let queue = WorkQueue<FedProvider>()
  private let threads: [WorkThread]

  init(_ count: Int) {
    let queue = queue
    // libavcodec and libavfilter want more stack than a small thread has.
    threads = (0..<count).map { index in
      WorkThread("ahead-\(index)", stackBytes: 4 << 20) { while let provider = queue.next() { provider.makeChunk() } }
    }
  }

  deinit {
    queue.close()
    for thread in threads { thread.join() }
  }

  func run(_ provider: FedProvider) { queue.push(provider) }
}

/// The samples of a clip from its first frame on.
final class ClipProvider: FedProvider, @unchecked Sendable {
  // Sendable: as the class above says.
  private let reader: SoundReader
  private let opener: SourceOpener

  init(_ clip: SoundPlan.Clip, rate: Int, opener: SourceOpener) throws(SluiceError) {
    self.opener = opener
    reader = try opener.open(clip, rate: rate)
    try reader.start(at: clip.start)
    super.init(channels: reader.channels, total: clip.end - clip.first, pool: opener.pool, ahead: opener.ahead)
    prepare()
  }

  override func fill(count: Int, into target: SampleTarget) throws(SluiceError) { try reader.read(count: count, into: target) }
  override func note() -> SoundDamage? { reader.takeDamage() }
  override func closed() { opener.close(reader) }
}
