/// Numbers and texts one after another, little-endian whatever the machine. A value.
public struct LittleEndianWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
  public mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
  /// Its length in bytes comes first, as 32 bits.
  public mutating func append(text: String) {
    append(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }
}

/// Reads what a `LittleEndianWriter` wrote. Past the end everything is zero and empty, and `isWhole` turns false. A value.
public struct LittleEndianReader: Sendable {
  private let all: [UInt8]
  private var position = 0
  public private(set) var isWhole = true

  public init(_ bytes: [UInt8]) { all = bytes }

  public mutating func next<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T {
    let part = bytes(MemoryLayout<T>.size)
    return part.withUnsafeBytes { $0.count == MemoryLayout<T>.size ? T(littleEndian: $0.loadUnaligned(as: T.self)) : 0 }
  }
  public mutating func bytes(_ count: Int) -> ArraySlice<UInt8> {
    guard isWhole, count <= all.count - position else {
      isWhole = false
      return []
    }
    defer { position += count }
    return all[position..<position + count]
  }
  public mutating func text() -> String { String(decoding: bytes(Int(next(UInt32.self))), as: UTF8.self) }
}
