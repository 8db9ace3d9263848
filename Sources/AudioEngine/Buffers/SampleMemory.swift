import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Zeroed floats straight from the system (anonymous mapping, 4096-byte aligned): pages become resident when they are written.
/// Owned by one thread at a time.
final class SampleMemory {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let bytes: Int

  /// Traps when the system has no address space left.
  init(count: Int) {
    self.count = count
    bytes = max(count, 1) * MemoryLayout<Float>.stride
    let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let raw, Int(bitPattern: raw) != -1 else {
      preconditionFailure("mmap of \(bytes) bytes: \(SystemError("mmap").reason)")
    }
    base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { munmap(base, bytes) }
}
