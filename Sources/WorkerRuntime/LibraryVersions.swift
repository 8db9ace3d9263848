import SluiceBase

/// The versions of the libraries that a worker program was linked with, for `--doctor`.
public struct LibraryVersions: Sendable {
  private var members: [JSONMember] = []

  public init() {}

  public mutating func add(_ name: String, _ version: String) { members.append(JSONMember(name, .string(version))) }

  /// A version of FFmpeg's libraries, as their `*_version()` functions return it.
  public mutating func add(_ name: String, ffmpeg version: UInt32) {
    add(name, "\(version >> 16).\(version >> 8 & 255).\(version & 255)")
  }

  /// One line of JSON.
  public var line: String { JSONValue.object(members).line }
}
