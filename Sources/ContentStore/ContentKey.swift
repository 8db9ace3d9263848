import CMD
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Names something that can be made again: SHA-256 over everything that decides its bytes.
public struct ContentKey: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// Of several byte strings; where one ends and the next begins counts.
  public init(of parts: [[UInt8]]) {
    var hash = SHA256()
    for part in parts {
      withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.add($0) }
      part.withUnsafeBytes { hash.add($0) }
    }
    bytes = hash.digest()
  }

  /// Of what a file holds, from its start; its position is neither used nor moved.
  public init(file: Int32) throws(SystemError) {
    var hash = SHA256()
    try FileBlocks.read(file) { hash.add($0) }
    bytes = hash.digest()
  }

  /// From 64 small hexadecimal digits.
  init?(hex: Substring) {
    guard let bytes = Hexadecimal.bytes(hex), bytes.count == SHA256.length else { return nil }
    self.bytes = bytes
  }

  public var description: String { Hexadecimal.text(bytes) }
}

/// SHA-256 of libmd.
private struct SHA256 {
  static let length = Int(SHA256_DIGEST_LENGTH)
  private var context = SHA2_CTX()

  init() { SHA256Init(&context) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    SHA256Update(&context, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
  }

  /// Once, at the end.
  mutating func digest() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Self.length)
    SHA256Final(&digest, &context)
    return digest
  }
}

/// The contents of a file, a block at a time.
enum FileBlocks {
  /// From the start of the file to its end; its position is neither used nor moved.
  static func read(_ file: Int32, _ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { block.deallocate() }
    var at = 0
    while true {
      let n = try System.call("read") { pread(file, block.baseAddress, block.count, at) }
      if n == 0 { return }
      body(UnsafeRawBufferPointer(rebasing: block[..<n]))
      at += n
    }
  }
}

enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// nil for other characters than small hexadecimal digits, and for an odd number of them.
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
