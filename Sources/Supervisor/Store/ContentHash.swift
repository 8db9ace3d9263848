import CMD
import CXXHash
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// Names a segment: SHA-256 over everything that decides its bytes.
public struct SegmentKey: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// Of several byte strings; where one ends and the next begins counts.
  public init(of parts: [[UInt8]]) {
    var context = SHA2_CTX()
    SHA256Init(&context)
    for part in parts {
      withUnsafeBytes(of: UInt64(part.count).littleEndian) { length in
        SHA256Update(&context, length.bindMemory(to: UInt8.self).baseAddress, length.count)
      }
      part.withUnsafeBufferPointer { SHA256Update(&context, $0.baseAddress, $0.count) }
    }
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256Final(&digest, &context)
    bytes = digest
  }

  /// From 64 small hexadecimal digits.
  init?(hex: Substring) {
    guard let bytes = Hexadecimal.bytes(hex), bytes.count == Int(SHA256_DIGEST_LENGTH) else { return nil }
    self.bytes = bytes
  }

  public var description: String { Hexadecimal.text(bytes) }
}

/// XXH3 with 128 bits: finds damage, at the speed of memory.
struct Checksum: Equatable, Sendable {
  let low: UInt64
  let high: UInt64

  /// Of a whole file from its start; its position is neither used nor moved.
  init(file: Int32) throws(SystemError) {
    guard let state = XXH3_createState() else { throw SystemError("XXH3_createState", errno: ENOMEM) }
    defer { XXH3_freeState(state) }
    XXH3_128bits_reset(state)
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { block.deallocate() }
    var at = 0
    while true {
      let n = try System.call("read") { pread(file, block.baseAddress, block.count, at) }
      if n == 0 { break }
      XXH3_128bits_update(state, block.baseAddress, n)
      at += n
    }
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

private enum Hexadecimal {
  static let digits = Array("0123456789abcdef".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  static func bytes(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for unit in text.utf8 {
      let digit: UInt8
      switch unit {
      case 0x30...0x39: digit = unit - 0x30
      case 0x61...0x66: digit = unit - 0x61 + 10
      default: return nil
      }
      if let before = high {
        bytes.append(before << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? bytes : nil
  }
}
