import Compositing
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase

/// One compositor on one canvas.
public struct Stage {
  public let canvas: Canvas
  public let compositor: any Compositor
  public let counters = TestCounters()

  public init(_ canvas: Canvas, _ make: (Canvas, TestCounters) -> any Compositor) {
    self.canvas = canvas
    compositor = make(canvas, counters)
  }

  /// Draws frame 7. Streams are numbered as in `inputs`.
  public func render(_ layers: [Layer], _ inputs: [TestSlot] = [], into output: TestSlot? = nil) throws -> TestSlot {
    let target = output ?? TestSlot(canvas.format, canvas.width, canvas.height)
    try compositor.draw(
      frame: 7, layers: layers, input: { inputs.indices.contains($0) ? inputs[$0].readable : nil }, into: target.writable)
    return target
  }
}

public final class TestCounters: StageCounters {
  private let values = Monitor<[StageCounter: UInt64]>([:])

  public init() {}
  public func add(_ counter: StageCounter, _ amount: UInt64) { values.with { $0[counter, default: 0] += amount } }
  public subscript(counter: StageCounter) -> UInt64 { values.with { $0[counter] ?? 0 } }
}
