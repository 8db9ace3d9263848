import CXXHash
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// XXH3 with 128 bits over an entry's kind, key and contents: finds damage, and a file that stands under another's key, at
/// the speed of memory.
struct Checksum: Hashable, Sendable {
  let low: UInt64
  let high: UInt64

  /// Of a whole file from its start; its position is neither used nor moved.
  init(_ kind: ContentKind, _ key: ContentKey, file: Int32) throws(SystemError) {
    guard let state = XXH3_createState() else { throw SystemError("XXH3_createState", errno: ENOMEM) }
    defer { XXH3_freeState(state) }
    XXH3_128bits_reset(state)
    let whose = Array(kind.rawValue.utf8) + [0] + key.bytes
    whose.withUnsafeBytes { _ = XXH3_128bits_update(state, $0.baseAddress, $0.count) }
    try FileBlocks.read(file) { XXH3_128bits_update(state, $0.baseAddress, $0.count) }
    let sum = XXH3_128bits_digest(state)
    (low, high) = (sum.low64, sum.high64)
  }

  /// From 32 small hexadecimal digits.
  init?(hex: Substring) {
    guard let bytes = Hexadecimal.bytes(hex), bytes.count == 16 else { return nil }
    high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
  }

  var hex: String {
    Hexadecimal.text([high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } })
  }
}
