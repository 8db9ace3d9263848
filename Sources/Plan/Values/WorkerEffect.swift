/// A filter in a worker of the role `filter` (ipc-schema/SPEC.md), which may be another author's program. Pictures go through it
/// one by one and keep their size and format. The result depends on the picture and the parameters alone, so that it may be used
/// again for the same picture; with `everyFrame` it depends on the frame's number too.
public struct WorkerEffect: Hashable, Sendable {
  /// Letters, digits, `-` and `_`; up to 63 bytes.
  public var name: String
  /// JSON on one line.
  public var parameters: String
  /// Version of what the worker computes. Empty: it is not known whether another run gives the same picture, so that nothing that
  /// went through the filter is kept for another run.
  public var version: String
  /// Every output frame is a job of its own, and the job's frame number counts.
  public var everyFrame: Bool

  public init(_ name: String, parameters: String = "{}", version: String = "", everyFrame: Bool = false) {
    self.name = name
    self.parameters = parameters
    self.version = version
    self.everyFrame = everyFrame
  }

  public static let maximumNameBytes = 63

  public static func isName(_ text: String) -> Bool {
    (1...maximumNameBytes).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// FNV-1a of a filter's name, 64 bits. A worker names its filter by this in its HELLO.
  public static func key(of name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
  public var key: UInt64 { Self.key(of: name) }

  /// Whether every run gives the same result for the same picture, so that results may be stored.
  public var isReproducible: Bool { !version.isEmpty }
}
