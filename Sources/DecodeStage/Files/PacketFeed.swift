import AVBinding
import SluiceBase

/// The packets of a stream of pictures, and the places in its file that can be gone to. Used from one thread.
protocol PacketFeed: AnyObject {
  /// The next packet; false at the end.
  func read(into packet: PacketBox) -> Bool
  /// Goes to a key frame at or before `tick`, as far as the container can tell. false: it cannot.
  func seek(to tick: Int64) -> Bool
  /// Another one at the file's start, whatever the container can seek.
  func reopened() throws(SluiceError) -> Self
}

extension Demuxer: PacketFeed {
  func reopened() throws(SluiceError) -> Self { try Self(path: path) }
}

/// Where to seek to for what lies at a tick: there, then a second before it, two, four … A value.
struct SeekTargets {
  private let tick: Int64
  private let firstKey: Int64
  private let second: Int64
  private var back: Int64 = 0
  private var isExhausted = false

  /// - Parameters:
  ///   - firstKey: time of the file's first key frame.
  ///   - second: a second in ticks.
  init(before tick: Int64, firstKey: Int64, second: Int64) {
    self.tick = tick
    self.firstKey = firstKey
    self.second = second
  }

  /// nil: nothing but the file's start is left.
  mutating func next() -> Int64? {
    let (target, overflow) = tick.subtractingReportingOverflow(back)
    guard !isExhausted, !overflow, target > firstKey else { return nil }
    isExhausted = back == .max
    let (doubled, isTooFar) = back.multipliedReportingOverflow(by: 2)
    back = back == 0 ? second : isTooFar ? .max : doubled
    return target
  }
}
