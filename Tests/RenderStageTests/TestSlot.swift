import Foundation
import FrameModel
import SharedRing
import SluiceBase
import Synchronization

@testable import RenderStage
@testable import Timeline

/// A slot of our own with a picture in it.
final class TestSlot {
  let memory: UnsafeMutableRawPointer
  let bytes: Int
  let index: UInt32
  var generation: UInt32 = 1
  private(set) var frame: FrameDescription
  private static let numbers = Atomic<UInt32>(0)

  init(
    _ format: PixelFormat, _ width: Int, _ height: Int, color: ColorDescription = .bt709, rotation: Int = 0,
    mirrored: Bool = false
  ) {
    index = TestSlot.numbers.add(1, ordering: .relaxed).newValue
    bytes = PlaneLayout.slotBytes(PlaneLayout(format, width: width, height: height).bytes)
    memory = .allocate(byteCount: bytes, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0xa5, count: bytes)
    frame = FrameDescription(format: format, width: width, height: height)
    frame.color = color
    frame.rotation = rotation
    frame.mirrored = mirrored
    frame.write(to: memory)
  }
  deinit { memory.deallocate() }

  var readable: ReadableSlot { ReadableSlot(index: index, generation: generation, memory: memory, bytes: bytes) }
  var writable: WritableSlot { WritableSlot(index: index, generation: generation, memory: memory, bytes: bytes) }

  func size(_ plane: Int) -> (width: Int, height: Int) {
    frame.format.planeSize(plane, width: frame.width, height: frame.height)
  }
  subscript(plane: Int, x: Int, y: Int) -> Int {
    get {
      let row = memory + frame.planes[plane].offset + y * frame.planes[plane].stride
      return frame.format.bytesPerSample == 1
        ? Int(row.load(fromByteOffset: x, as: UInt8.self)) : Int(row.load(fromByteOffset: x * 2, as: UInt16.self))
    }
    set {
      let row = memory + frame.planes[plane].offset + y * frame.planes[plane].stride
      if frame.format.bytesPerSample == 1 {
        row.storeBytes(of: UInt8(newValue), toByteOffset: x, as: UInt8.self)
      } else {
        row.storeBytes(of: UInt16(newValue), toByteOffset: x * 2, as: UInt16.self)
      }
    }
  }

  /// Sets every sample of every plane.
  @discardableResult
  func fill(_ value: (_ plane: Int, _ x: Int, _ y: Int) -> Int) -> TestSlot {
    for plane in 0..<frame.format.planeCount {
      let size = size(plane)
      for y in 0..<size.height { for x in 0..<size.width { self[plane, x, y] = value(plane, x, y) } }
    }
    return self
  }
  @discardableResult
  func fill(_ values: [Int]) -> TestSlot { fill { plane, _, _ in values[plane] } }

  /// A picture with detail at every scale, the same on every machine.
  @discardableResult
  func scene(_ seed: Int = 0) -> TestSlot {
    let top = (1 << frame.format.depth) - 1
    return fill { plane, x, y in
      let (w, h) = self.size(plane)
      let wave = ((x * 255 / max(w - 1, 1)) + (y * 131 / max(h - 1, 1)) + seed * 37) & 255
      let blocks = (((x / 7) ^ (y / 5)) * 29 + plane * 61 + seed * 17) & 63
      let value = plane == 0 || plane == 3 ? 24 + wave * 3 / 5 + blocks : 64 + wave / 4 + blocks
      return min(value, 235) * top / 255
    }
  }

  /// All samples of a plane, row by row.
  func samples(_ plane: Int) -> [Int] {
    let size = size(plane)
    var out: [Int] = []
    out.reserveCapacity(size.width * size.height)
    for y in 0..<size.height { for x in 0..<size.width { out.append(self[plane, x, y]) } }
    return out
  }
  var allSamples: [[Int]] { (0..<frame.format.planeCount).map(samples) }
}

final class TestCounters: StageCounters {
  private let values = Monitor<[StageCounter: UInt64]>([:])
  func add(_ counter: StageCounter, _ amount: UInt64) { values.with { $0[counter, default: 0] += amount } }
  subscript(counter: StageCounter) -> UInt64 { values.with { $0[counter] ?? 0 } }
}

extension Rect {
  init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) { self.init(x: x, y: y, width: width, height: height) }
}

extension Canvas {
  static func test(
    _ width: Int, _ height: Int, format: PixelFormat = .yuv420p, color: ColorDescription = .bt709, background: RGBA = .black
  ) -> Canvas {
    var canvas = Canvas(width: width, height: height, format: format)
    canvas.color = color
    canvas.background = background
    return canvas
  }
}

/// One compositor on one canvas.
struct Stage {
  let canvas: Canvas
  let compositor: any Compositor
  let counters = TestCounters()

  init(_ canvas: Canvas, _ make: (Canvas, TestCounters) -> any Compositor) {
    self.canvas = canvas
    compositor = make(canvas, counters)
  }

  func render(_ layers: [Layer], _ inputs: [TestSlot] = [], into output: TestSlot? = nil) throws -> TestSlot {
    let target = output ?? TestSlot(canvas.format, canvas.width, canvas.height)
    try compositor.render(
      frame: 7, layers: layers, input: { inputs.indices.contains($0) ? inputs[$0].readable : nil }, into: target.writable)
    return target
  }
}

func largestDifference(_ a: [Int], _ b: [Int]) -> Int {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
func psnr(_ a: [Int], _ b: [Double], top: Double = 255) -> Double {
  let squares = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return squares == 0 ? .infinity : 10 * (top * top * Double(a.count) / squares).log10
}
extension Double {
  var log10: Double { _log10(self) }
}
private func _log10(_ x: Double) -> Double { Foundation.log10(x) }

extension Layer {
  /// A picture of a stream, or (stream -1) a fill, as it is.
  init(stream: Int, fill: RGBA = .clear, source: Rect, destination: Rect, opacity: Double = 1) {
    let content: Content = stream < 0 ? .fill(fill) : .picture(stream: stream)
    self.init(content, source: source, destination: destination, opacity: opacity)
  }
}
