import Compositing
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

  /// Address of a sample.
  func at(_ plane: Int, x: Int, y: Int, bytes: Int) -> UnsafeMutableRawPointer? {
    base[plane].map { $0 + y * stride[plane] + x * bytes }
  }

  /// Planes whose first sample is pixel (x, y), on the chroma grid, of these.
  func moved(x: Int, y: Int, format: PixelFormat) -> Planes {
    var planes = Planes()
    for index in 0..<count {
      let (cw, ch) = format.subsampling(index)
      guard let base = at(index, x: x >> cw, y: y >> ch, bytes: format.bytesPerSample) else { continue }
      planes.append(base, stride: stride[index])
    }
    return planes
  }
}

/// Memory of our own that grows by powers of two to the largest size asked for and is then used again and again.
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
    bytes = 4096
    while bytes < count { bytes *= 2 }
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    memory = fresh
    counters.add(.buffersCreated, 1)
    return fresh
  }
}

/// Buffers that several layers of one frame need at a time. Whoever acquires one puts it back; none is made when one that is
/// large enough, and not more than twice as large, is free.
final class BufferPool {
  final class Buffer {
    let memory: UnsafeMutableRawPointer
    let bytes: Int
    fileprivate var lastUse = 0
    fileprivate init(_ bytes: Int) {
      memory = .allocate(byteCount: bytes, alignment: 64)
      self.bytes = bytes
    }
    deinit { memory.deallocate() }
  }

  private let counters: any StageCounters
  private var free: [Buffer] = []
  private var frame = 0

  init(counters: any StageCounters) { self.counters = counters }

  /// 64-byte aligned, with any contents.
  func acquire(_ bytes: Int) -> Buffer {
    var best: Int?
    for index in free.indices where free[index].bytes >= bytes && free[index].bytes <= max(2 * bytes, 1 << 16) {
      if best.map({ free[index].bytes < free[$0].bytes }) ?? true { best = index }
    }
    if let best { return free.remove(at: best) }
    counters.add(.buffersCreated, 1)
    return Buffer(max((bytes + 65535) / 65536 * 65536, 65536))
  }

  func release(_ buffers: inout [Buffer]) {
    for buffer in buffers {
      buffer.lastUse = frame
      free.append(buffer)
    }
    buffers.removeAll(keepingCapacity: true)
  }

  /// Drops what was not used for a hundred frames.
  func endFrame() {
    frame += 1
    if frame % 16 == 0 { free.removeAll { $0.lastUse < frame - 100 } }
  }
}
