import FrameModel
import SharedRing
import SluiceBase

/// Base address and stride of up to four planes, in slot order. Borrowed memory: whoever made it says how long it lives.
struct Planes {
  var base: InlineArray<4, UnsafeMutableRawPointer?> = .init(repeating: nil)
  var stride: InlineArray<4, Int> = .init(repeating: 0)
  var count = 0

  mutating func append(_ pointer: UnsafeMutableRawPointer, stride bytes: Int) {
    base[count] = pointer
    stride[count] = bytes
    count += 1
  }

  /// Planes as `PlaneLayout` places them, counted from `memory`.
  init(_ layout: PlaneLayout, in memory: UnsafeMutableRawPointer) {
    for plane in layout.planes { append(memory + plane.offset, stride: plane.stride) }
  }
  init() {}

  /// zimg's vector code needs this of every plane.
  var isAligned: Bool {
    for index in 0..<count where Int(bitPattern: base[index]) % 64 != 0 || stride[index] % 64 != 0 { return false }
    return true
  }
}

/// Memory of our own that grows to the largest size asked for and is then used again and again.
final class Scratch {
  private(set) var memory: UnsafeMutableRawPointer?
  private var bytes = 0
  private let counters: any StageCounters

  init(counters: any StageCounters) { self.counters = counters }
  deinit { memory?.deallocate() }

  /// At least `count` bytes, 64-byte aligned, with the contents of the last use.
  func reserve(_ count: Int) -> UnsafeMutableRawPointer {
    if let memory, count <= bytes { return memory }
    memory?.deallocate()
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: max(count, 64), alignment: 64)
    memory = fresh
    bytes = count
    counters.add(.buffersCreated, 1)
    return fresh
  }
}
