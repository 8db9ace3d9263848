/// One operation of the compiled graph: a plain value that says what to do with which buffers.
struct Step: BitwiseCopyable {
  enum Operation: UInt8, BitwiseCopyable {
    case source, constant, gain, panner, biquad, delay, compressor, limiter, meter
    /// Adds `input` to `output` by `taps`; the first of a sum clears it before.
    case mix
  }

  var operation: Operation
  var input: Int32
  var output: Int32
  var inputChannels: Int32
  var outputChannels: Int32
  var state: UnsafeMutableRawPointer?
  var taps: UnsafePointer<MixTap>?
  var tapCount: Int32 = 0
  var first = false
}

/// The graph as it is rendered: steps in their order, and which buffer is heard. Owns the memory of its lists.
final class Program {
  let steps: UnsafeMutablePointer<Step>
  let count: Int
  private let taps: UnsafeMutablePointer<MixTap>
  /// Of the destination; -1 where nothing is connected.
  let output: Int32

  /// - Parameter tapLists: of the mix steps, in their order.
  init(_ list: [Step], tapLists: [[MixTap]], output: Int32) {
    count = list.count
    self.output = output
    steps = .allocate(capacity: max(1, count))
    var total = 0
    for list in tapLists { total += list.count }
    taps = .allocate(capacity: max(1, total))
    var at = 0
    var mix = 0
    for (index, var step) in list.enumerated() {
      if step.operation == .mix {
        step.taps = UnsafePointer(taps + at)
        step.tapCount = Int32(tapLists[mix].count)
        for tap in tapLists[mix] {
          (taps + at).initialize(to: tap)
          at += 1
        }
        mix += 1
      }
      (steps + index).initialize(to: step)
    }
  }

  deinit {
    steps.deallocate()
    taps.deallocate()
  }
}
