import SluiceBase

/// Quantum buffers, made once: the compiler of the graph takes one for each signal that is alive at the same time.
/// Owned by the graph's thread.
final class BufferPool {
  /// Floats of a buffer: all channels that a signal may have.
  let stride: Int
  let base: UnsafeMutablePointer<Float>
  /// Whether a buffer holds nothing but zeros that nobody has to read; written and read while rendering.
  let silent: UnsafeMutablePointer<Bool>
  private let memory: SampleMemory
  private let capacity: Int
  private var free: [Int32]
  private var peak = 0
  private var acquired = 0

  init(capacity: Int, channels: Int) {
    self.capacity = capacity
    stride = channels * Quantum.frames
    memory = SampleMemory(count: capacity * stride)
    base = memory.base
    silent = .allocate(capacity: capacity)
    silent.initialize(repeating: true, count: capacity)
    free = (0..<Int32(capacity)).reversed()
  }

  deinit { silent.deallocate() }

  func acquire() throws(SluiceError) -> Int32 {
    guard let index = free.popLast() else {
      throw SluiceError(
        .unavailable, "the audio graph needs more than its \(capacity) buffers",
        advice: "configure more, or connect less in parallel")
    }
    acquired += 1
    peak = max(peak, capacity - free.count)
    return index
  }

  func release(_ index: Int32) { free.append(index) }

  var statistics: PoolStatistics {
    PoolStatistics(
      name: "buffer", created: capacity, inUse: capacity - free.count, peakInUse: peak, acquired: acquired,
      bytes: memory.count * MemoryLayout<Float>.stride)
  }
}
