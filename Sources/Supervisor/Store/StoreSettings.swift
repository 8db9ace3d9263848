import ContentStore

/// How a run uses the store.
public struct StoreSettings: Sendable {
  /// What keys know files by.
  public enum Identity: String, Sendable {
    /// Path, size, times and inode: costs nothing, and means something on this machine alone.
    case local
    /// A hash of the bytes: each file is read once, and keys mean the same on every machine.
    case content

    func names(remembering store: Store) -> any SourceIdentity {
      switch self {
      case .local: LocalIdentity()
      case .content: ContentIdentity(store: store)
      }
    }
  }

  /// nil: `Store.standardDirectory`.
  public var directory: String? = nil
  public var limits = StoreLimits()
  /// A directory that cannot be written is read all the same.
  public var access = Store.Access.readWrite
  public var identity = Identity.local

  public init() {}
}
