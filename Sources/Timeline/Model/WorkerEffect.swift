/// A filter of somebody else's: pictures go one by one through a worker of the role `filter` (ipc-schema/SPEC.md). It keeps
/// size and format. Its result depends on the picture and the parameters alone, so that it may be used again for the same
/// picture, unless it is said to depend on the frame's number.
public struct WorkerEffect: Hashable, Sendable {
  /// Letters, digits, `-` and `_`; up to 63 bytes.
  public var name: String
  /// JSON on one line.
  public var parameters: String
  /// Of what the worker computes; empty: nobody knows whether another run gives the same picture, so nothing that went
  /// through it is kept for another run.
  public var version: String
  /// Every output frame is a job, and the job's frame number counts.
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

  /// FNV-1a, 64 bits, of a filter's name: how a worker says in its HELLO which one it is.
  public static func key(of name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
  public var key: UInt64 { Self.key(of: name) }

  /// The same picture comes out for the same picture in, whoever runs it: a result may be stored.
  public var isReproducible: Bool { !version.isEmpty }
}

extension Project.Effect {
  var worker: WorkerEffect? { if case .worker(let worker) = self { worker } else { nil } }
}
