import AudioEngine
import SluiceBase

/// A source's samples in the order in which they are heard: forwards, backwards (sample v is the source's -1 - v), again and again.
/// Used from one thread.
final class DirectedSound {
  /// Of a source that is heard backwards: decoded forwards in pieces of this many.
  static let pieceFrames = 32768

  let timeline: SourceTimeline
  private let isReversed: Bool
  /// Samples after which it begins anew; nil: never.
  private let loop: Int64?
  private let pool: BlockPool
  /// Decoded, and where it begins in the source.
  private var piece: PlanarBuffer?
  private var pieceStart: Int64 = 0
  private var pieceCount = 0

  init(_ timeline: SourceTimeline, isReversed: Bool, loop: Int64?, pool: BlockPool) {
    self.timeline = timeline
    self.isReversed = isReversed
    self.loop = loop.flatMap { $0 > 0 ? $0 : nil }
    self.pool = pool
    if isReversed { piece = pool.take(channels: timeline.feed.channels, frames: Self.pieceFrames) }
  }

  func giveBack() {
    if let piece { pool.give(piece) }
    piece = nil
  }

  func read(at position: Int64, count: Int, into target: SampleTarget) throws(SluiceError) {
    var done = 0
    while done < count {
      let at = position + Int64(done)
      var sample = isReversed ? -1 - at : at
      var run = count - done
      if let loop {
        sample = (sample % loop + loop) % loop
        run = Int(min(Int64(run), isReversed ? sample + 1 : loop - sample))
      }
      if isReversed {
        run = try readBack(from: sample, count: run, into: target.advanced(done))
      } else {
        try timeline.read(at: sample, count: run, into: target.advanced(done))
      }
      done += run
    }
  }

  /// `sample`, then the one before it, …; how many.
  private func readBack(from sample: Int64, count: Int, into target: SampleTarget) throws(SluiceError) -> Int {
    guard let piece else { return 0 }
    if sample < pieceStart || sample >= pieceStart + Int64(pieceCount) {
      pieceCount = Self.pieceFrames
      pieceStart = sample - Int64(pieceCount) + 1
      try timeline.read(at: pieceStart, count: pieceCount, into: SampleTarget(piece))
    }
    let last = Int(sample - pieceStart)
    let run = min(count, last + 1)
    for channel in 0..<target.channels {
      let from = piece[channel], to = target.plane(channel)
      for i in 0..<run { to[i] = from[last - i] }
    }
    return run
  }
}
