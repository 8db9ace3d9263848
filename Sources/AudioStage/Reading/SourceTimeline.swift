import AVBinding
import SluiceBase

/// The sound of a source as one endless line of samples at its own rate, from any place: silence where the media has none, what overlaps
/// is heard once. Used from one thread.
final class SourceTimeline {
  let feed: any SoundFeed
  private var piece: SoundPiece?
  private var cursor: Int64?
  private var hasEnded = false
  /// Behind the last sample that was met.
  private var end: Int64 = 0

  init(_ feed: any SoundFeed) { self.feed = feed }

  func read(at position: Int64, count: Int, into target: SampleTarget) throws(SluiceError) {
    // A little forward is read over; farther away, and back, is gone to.
    if cursor.map({ position < $0 || position > $0 + Int64(feed.rate) }) ?? true {
      try feed.seek(to: position)
      piece = nil
      hasEnded = false
    }
    cursor = position
    var done = 0
    while done < count {
      let at = position + Int64(done)
      guard let piece = try piece(holding: at) else {
        target.advanced(done).clear(count - done)
        break
      }
      if piece.position > at {
        let silence = Int(min(piece.position - at, Int64(count - done)))
        target.advanced(done).clear(silence)
        done += silence
        continue
      }
      let offset = Int(at - piece.position)
      let run = min(count - done, piece.count - offset)
      for channel in 0..<target.channels { piece.copy(channel, from: offset, count: run, to: target.plane(channel) + done) }
      done += run
    }
    cursor = position + Int64(count)
  }

  /// The piece that ends behind a place.
  private func piece(holding position: Int64) throws(SluiceError) -> SoundPiece? {
    while !hasEnded {
      if let piece, piece.position + Int64(piece.count) > position { return piece }
      piece = try feed.next()
      if let piece {
        end = max(end, piece.position + Int64(piece.count))
      } else {
        hasEnded = true
      }
    }
    return nil
  }

  /// The next reading goes to its place anew: its bits depend on nothing that was read before.
  func forget() {
    piece = nil
    cursor = nil
    hasEnded = false
  }

  /// Samples from 0 to the end, which is read for: what loops where nobody knows its length.
  func measure() throws(SluiceError) -> Int64 {
    try feed.seek(to: 0)
    piece = nil
    cursor = nil
    while let piece = try feed.next() { end = max(end, piece.position + Int64(piece.count)) }
    return end
  }
}
