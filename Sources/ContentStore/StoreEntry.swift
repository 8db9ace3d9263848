/// What an entry of the store is. Each kind has a folder and may have a limit of its own.
public enum ContentKind: String, CaseIterable, Sendable {
  /// A finished piece of an output's pictures, as its encoder wrote it.
  case segment
  /// The whole sound of an output, as its encoder wrote it.
  case sound
  /// A smaller stand-in for a source.
  case proxy
  /// One finished picture.
  case frame
  /// What was found out about a file: its hash, what a program is made of.
  case analysis

  var folder: String {
    switch self {
    case .segment: "segments"
    case .sound: "sounds"
    case .proxy: "proxies"
    case .frame: "frames"
    case .analysis: "analysis"
    }
  }
}

/// One file of the store, as its name and the file system tell it.
public struct StoreEntry: Hashable, Sendable {
  public var kind: ContentKind
  public var key: ContentKey
  var checksum: Checksum
  public var bytes: UInt64
  /// Last use, nanoseconds since 1970.
  public var used: Int64

  /// Raised when what an entry holds, or what its checksum is made of, changes. Entries of version 1 had no number in their
  /// names, and checksums without the key.
  private static let version = "2"

  /// `KEY.CHECKSUM.VERSION`.
  var name: String { "\(key).\(checksum.hex).\(Self.version)" }

  init(kind: ContentKind, key: ContentKey, checksum: Checksum, bytes: UInt64, used: Int64) {
    self.kind = kind
    self.key = key
    self.checksum = checksum
    self.bytes = bytes
    self.used = used
  }

  /// nil for a name that is none of this version.
  init?(kind: ContentKind, name: String, bytes: UInt64, used: Int64) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == Self.version, let key = ContentKey(hex: parts[0]),
      let checksum = Checksum(hex: parts[1])
    else { return nil }
    self.init(kind: kind, key: key, checksum: checksum, bytes: bytes, used: used)
  }

  /// Whether the name is that of an entry of version 1, which is never read.
  static func isOutdated(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && ContentKey(hex: parts[0]) != nil && Checksum(hex: parts[1]) != nil
  }
}
