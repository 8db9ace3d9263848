import CSluice
import SystemBase

/// The files that a worker may still read once it is contained. Nothing may be written, whatever is named here.
public struct FileAccess: Sendable, Equatable {
  /// Files, or folders with all that lies below them.
  public private(set) var readable: Set<String> = []
  /// Folders of which only the names in them may be read.
  public private(set) var listed: Set<String> = []

  public static let none = FileAccess()
  public init() {}
  public var isEmpty: Bool { readable.isEmpty && listed.isEmpty }

  public mutating func read(_ path: String) { if !path.isEmpty { readable.insert(path) } }
  public mutating func read(_ paths: some Sequence<String>) { for path in paths { read(path) } }
  public mutating func list(_ path: String) { if !path.isEmpty { listed.insert(path) } }

  /// What libraries ask of the machine: its processors and memory, noise, and nothing.
  public mutating func readMachine() {
    read([
      "/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", "/sys/devices/system/node",
    ])
    read(["/dev/null", "/dev/urandom"])
  }

  /// Files that a text of options or filters names, which the user wrote: `lut3d=file=a.cube`, `movie=/clips/a.mp4`,
  /// `qpfile=q.txt`. Every word of it that is the path of a file counts; a folder does not.
  public mutating func readNamed(in text: String) {
    read(NamedFiles.files(in: text))
  }
}
