import CPUCompositing
import Compositing
import CompositingTestKit
import FrameModel
import Plan
import SharedRing
import Testing

/// A compositor under test. A new implementation adds itself to `all`.
struct Backend: Sendable, CustomTestStringConvertible {
  /// What is allowed beyond the expectations of the cases.
  struct Tolerance: Sendable {
    /// Code values of 8 bits; more bits are allowed as many more.
    var codes = 0
    /// Decibels of a signal to noise ratio.
    var decibels = 0.0
  }

  let name: String
  let tolerance: Tolerance
  let make: @Sendable (Canvas, any StageCounters) -> any Compositor
  var testDescription: String { name }

  static let all = [
    Backend(name: "CPU", tolerance: Tolerance()) { CPUCompositor(canvas: $0, counters: $1) }
  ]

  func stage(_ canvas: Canvas) -> Stage { Stage(canvas, make) }

  /// Code values that a sample of a format may be off beyond the expectation of a case.
  func codes(_ format: PixelFormat = .yuv420p) -> Double { Double(tolerance.codes << (format.depth - 8)) }

  /// A sample of 8 bits is as expected.
  func isNear(_ got: Int, _ expected: Int) -> Bool { abs(got - expected) <= tolerance.codes }

  /// A signal to noise ratio is as high as expected.
  func reaches(_ got: Double, _ expected: Double) -> Bool { got >= expected - tolerance.decibels }

  /// All samples of two pictures of one format are the same.
  func agree(_ a: TestSlot, _ b: TestSlot) -> Bool {
    (0..<a.frame.format.planeCount).allSatisfy {
      Double(largestDifference(a.samples($0), b.samples($0))) <= codes(a.frame.format)
    }
  }
}
