import FrameModel
import Plan

/// Output frames and the times at which they stand: frame n at n / rate.
struct FrameGrid {
  let rate: Rational

  /// Time of a frame; nil when it does not fit.
  func time(of frame: Int64) -> Rational? { Rational(reducing: Int128(frame) * Int128(rate.den), Int128(rate.num)) }

  /// The frame from which on something is shown that is written for `time`.
  func firstFrame(from time: TimeValue) -> Int64? {
    switch time {
    case .frames(let count): count
    case .seconds(let seconds): firstFrame(from: settled(seconds))
    }
  }

  /// The first frame at or after a time, exactly.
  func firstFrame(from time: Rational) -> Int64? {
    let (num, overflowNum) = Int128(time.num).multipliedReportingOverflow(by: Int128(rate.num))
    let (den, overflowDen) = Int128(time.den).multipliedReportingOverflow(by: Int128(rate.den))
    guard !overflowNum, !overflowDen else { return nil }
    let quotient = num / den
    return Int64(exactly: num % den > 0 ? quotient + 1 : quotient)
  }

  /// `time` in seconds; nil when it does not fit.
  func seconds(_ time: TimeValue) -> Rational? {
    switch time {
    case .frames(let count): self.time(of: count)
    case .seconds(let seconds): seconds
    }
  }

  /// A frame's time for people: `00:00:05.876 (frame 176)`.
  func text(_ frame: Int64) -> String { (time(of: frame).map { $0.clock + " " } ?? "") + "(frame \(frame))" }

  /// A time for people, with the frame at or after it.
  func text(_ time: Rational) -> String { time.clock + (firstFrame(from: time).map { " (frame \($0))" } ?? "") }
}
