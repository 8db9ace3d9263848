import FrameModel
import SharedRing
import Synchronization

/// A slot of our own with a picture in it.
public final class TestSlot {
  public let memory: UnsafeMutableRawPointer
  public let bytes: Int
  public let index: UInt32
  public var generation: UInt32 = 1
  public private(set) var frame: FrameDescription
  private static let numbers = Atomic<UInt32>(0)

  public init(
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

  public var readable: ReadableSlot { ReadableSlot(index: index, generation: generation, memory: memory, bytes: bytes) }
  public var writable: WritableSlot { WritableSlot(index: index, generation: generation, memory: memory, bytes: bytes) }

  public func size(_ plane: Int) -> (width: Int, height: Int) {
    frame.format.planeSize(plane, width: frame.width, height: frame.height)
  }
  public subscript(plane: Int, x: Int, y: Int) -> Int {
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
  public func fill(_ value: (_ plane: Int, _ x: Int, _ y: Int) -> Int) -> TestSlot {
    for plane in 0..<frame.format.planeCount {
      let size = size(plane)
      for y in 0..<size.height { for x in 0..<size.width { self[plane, x, y] = value(plane, x, y) } }
    }
    return self
  }
  @discardableResult
  public func fill(_ values: [Int]) -> TestSlot { fill { plane, _, _ in values[plane] } }

  /// A picture with detail at every scale, the same on every machine.
  @discardableResult
  public func scene(_ seed: Int = 0) -> TestSlot {
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
  public func samples(_ plane: Int) -> [Int] {
    let size = size(plane)
    var out: [Int] = []
    out.reserveCapacity(size.width * size.height)
    for y in 0..<size.height { for x in 0..<size.width { out.append(self[plane, x, y]) } }
    return out
  }
  public var allSamples: [[Int]] { (0..<frame.format.planeCount).map(samples) }
}
