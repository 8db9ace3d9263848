import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What stands in a key for the bytes of a file. Thread-safe.
public protocol SourceIdentity: Sendable {
  /// Keys hold the paths of files. Without them, a key means the same on another machine where the files lie elsewhere.
  var namesPaths: Bool { get }
  /// Of a file as it was found; equal texts mean equal bytes. nil: it cannot be told, or the file has changed since.
  func text(of path: String, _ file: FileIdentity) -> String?
}

/// By path, size, times and inode: nothing is read, and the same bytes in another place are something else.
public struct LocalIdentity: SourceIdentity {
  public init() {}
  public var namesPaths: Bool { true }
  public func text(of path: String, _ file: FileIdentity) -> String? { "\(path) \(file)" }
}

/// By SHA-256 of the bytes. A file is read once for as long as its local identity stays: the hash is remembered in the store.
public final class ContentIdentity: SourceIdentity {
  private let store: Store?
  private let known = Monitor([String: Hash]())

  private enum Hash {
    /// A thread reads the file.
    case coming
    case found(String?)
  }
  private enum Turn { case known(String?), ours }

  /// - Parameter store: where hashes are remembered; nil: for this object's life only.
  public init(store: Store?) { self.store = store }

  public var namesPaths: Bool { false }

  public func text(of path: String, _ file: FileIdentity) -> String? {
    let name = "\(path) \(file)"
    let before: Turn = known.wait { known in
      switch known[name] {
      case .coming: return nil
      case .found(let hash): return .known(hash)
      case nil:
        known[name] = .coming
        return .ours
      }
    }
    if case .known(let hash) = before { return hash }
    let hash =
      remembered(name)
      ?? read(path, file).map { hash in
        // Where the store cannot be written now the next run reads the file again.
        _ = try? store?.keep(Array(hash.utf8), .analysis, Self.key(name), while: { false })
        return hash
      }
    known.with { $0[name] = .found(hash) }
    return hash
  }

  private static func key(_ name: String) -> ContentKey { ContentKey(of: [Array("sluice contents 1".utf8), Array(name.utf8)]) }

  private func remembered(_ name: String) -> String? {
    guard let bytes = store?.contents(.analysis, Self.key(name)) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return ContentKey(hex: text[...]).map(\.description)
  }

  /// nil where it is not the file that it was, before or after.
  private func read(_ path: String, _ file: FileIdentity) -> String? {
    let fd = sluice_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0)
    guard fd >= 0 else { return nil }
    let descriptor = FileDescriptor(fd)
    guard FileIdentity(open: fd) == file, let hash = try? ContentKey(file: descriptor.raw), FileIdentity(open: fd) == file else {
      return nil
    }
    return hash.description
  }
}
