import CSluice
import Foundation
import SluiceBase
import SystemBase
import TestKit
import Testing

@testable import ContentStore

/// A directory that goes with the test.
final class StoreFolder {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-store-\(UUID())").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }
  deinit {
    chmod(path, 0o700)
    try? FileManager.default.removeItem(atPath: path)
  }

  var cache: String { path + "/cache" }
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: cache + "/segments")) ?? []).sorted()
  }

  func store(limit: UInt64 = 1 << 30, access: Store.Access = .readWrite) throws -> Store {
    try Store(directory: cache, limits: StoreLimits(total: limit), access: access)
  }

  /// A nameless file as an encoder has left it.
  func file(_ bytes: [UInt8], in folder: String? = nil) throws -> FileDescriptor {
    let fd = sluice_temporary_file(folder ?? path, 0o600)
    try #require(fd >= 0)
    let file = FileDescriptor(fd)
    try bytes.withUnsafeBytes { try System.writeAll(file.raw, $0) }
    return file
  }

  static func put(_ path: String, _ data: Data) throws { try data.write(to: URL(fileURLWithPath: path)) }
  static func key(_ number: Int) -> ContentKey { ContentKey(of: [Array("\(number)".utf8)]) }
  static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
    var random = TestRandom(UInt64(number) + 1)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }
}

extension Store {
  /// What it holds under a key, as a run finds it.
  func contents(_ key: ContentKey) throws -> [UInt8]? { contents(.segment, key, limit: 64 << 20) }

  @discardableResult
  func keep(_ file: FileDescriptor, as key: ContentKey) throws -> Kept { try keep(file, .segment, key) }
}

@Suite struct StoreTests {
  // MARK: Keeping

  @Test func whatIsKeptComesBack() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    for number in 0..<5 {
      #expect(try store.keep(folder.file(StoreFolder.bytes(number, 1000 * number)), as: StoreFolder.key(number)) == .kept)
    }
    let later = try folder.store()
    for number in 0..<5 { #expect(try later.contents(StoreFolder.key(number)) == StoreFolder.bytes(number, 1000 * number)) }
    #expect(try later.contents(StoreFolder.key(9)) == nil)
    #expect(folder.names.count == 5)
    let status = try FileManager.default.attributesOfItem(atPath: folder.cache)
    #expect(status[.posixPermissions] as? Int == 0o700)
    #expect(FileManager.default.fileExists(atPath: folder.cache + "/CACHEDIR.TAG"))
  }

  @Test func aFileOnAnotherFileSystemIsCopied() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    let memory = FileDescriptor(sluice_memfd("segment"))
    try System.writeAll(memory.raw, String(repeating: "segment ", count: 400_000))
    #expect(try store.keep(memory, as: StoreFolder.key(1)) == .kept)
    #expect(try store.contents(StoreFolder.key(1)) == Array(String(repeating: "segment ", count: 400_000).utf8))
    #expect(folder.names.count == 1)
  }

  @Test func theSameKeyAgainReplaces() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    for _ in 0..<3 { _ = try store.keep(folder.file(StoreFolder.bytes(1, 500)), as: StoreFolder.key(1)) }
    #expect(folder.names.count == 1)
    let name = try #require(folder.names.first)
    try Data("damaged".utf8).write(to: URL(fileURLWithPath: folder.cache + "/segments/" + name))
    _ = try store.keep(folder.file(StoreFolder.bytes(1, 500)), as: StoreFolder.key(1))
    #expect(try store.contents(StoreFolder.key(1)) == StoreFolder.bytes(1, 500))
  }

  @Test func whatWasNotUsedForLongestGoesFirst() throws {
    let folder = try StoreFolder()
    let store = try folder.store(limit: 10_000)
    for number in 0..<10 { _ = try store.keep(folder.file(StoreFolder.bytes(number, 1000)), as: StoreFolder.key(number)) }
    #expect(folder.names.count == 10)
    for number in 0..<10 { try age(folder, StoreFolder.key(number), by: 100 - number) }
    // The oldest two are used: they stay.
    #expect(try store.contents(StoreFolder.key(0)) != nil)
    #expect(try store.contents(StoreFolder.key(1)) != nil)
    _ = try store.keep(folder.file(StoreFolder.bytes(20, 2500)), as: StoreFolder.key(20))
    let left = try (0..<10).filter { try store.contents(StoreFolder.key($0)) != nil }
    #expect(left == [0, 1, 5, 6, 7, 8, 9])
    #expect(store.entries().reduce(0) { $0 + $1.bytes } <= 10_000)
  }

  private func age(_ folder: StoreFolder, _ key: ContentKey, by seconds: Int) throws {
    let name = try #require(folder.names.first { $0.hasPrefix("\(key)") })
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -Double(seconds))], ofItemAtPath: folder.cache + "/segments/" + name)
  }

  @Test func whatIsLargerThanTheStoreIsNotKept() throws {
    let folder = try StoreFolder()
    let store = try folder.store(limit: 999)
    _ = try store.keep(folder.file(StoreFolder.bytes(1, 900)), as: StoreFolder.key(1))
    #expect(try store.keep(folder.file(StoreFolder.bytes(2, 1000)), as: StoreFolder.key(2)) == .tooLarge)
    #expect(try store.contents(StoreFolder.key(1)) != nil)
  }

  @Test func whatAKilledWriterLeftIsSwept() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    try StoreFolder.put(folder.cache + "/segments/.part-1234", Data(count: 100))
    _ = try store.keep(folder.file([1, 2, 3]), as: StoreFolder.key(1))
    #expect(folder.names.count == 1)
  }

  /// A descriptor that was found stays good when another run removes the file.
  @Test func aFileInUseMayBeRemoved() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    _ = try store.keep(folder.file(StoreFolder.bytes(1, 5000)), as: StoreFolder.key(1))
    let entry = try #require(store.index(of: .segment)[StoreFolder.key(1)]?.first)
    guard case .file(let file) = store.open(entry) else {
      Issue.record("is not found")
      return
    }
    _ = try folder.store().clear()
    lseek(file.raw, 0, SEEK_SET)
    #expect(try System.readAll(file.raw) == StoreFolder.bytes(1, 5000))
  }

  @Test func clearRemovesSegmentsAndNothingElse() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    for number in 0..<3 { _ = try store.keep(folder.file(StoreFolder.bytes(number, 100)), as: StoreFolder.key(number)) }
    for name in ["/notes.txt", "/segments/notes.txt"] {
      try StoreFolder.put(folder.cache + name, Data("mine".utf8))
    }
    let removed = try store.clear()
    #expect(removed.count == 3 && removed.reduce(0) { $0 + $1.bytes } == 300)
    #expect(folder.names == ["notes.txt"])
    #expect(FileManager.default.fileExists(atPath: folder.cache + "/notes.txt"))
  }

  @Test func aDirectoryThatOthersMayWriteIsRefused() throws {
    let folder = try StoreFolder()
    try FileManager.default.createDirectory(atPath: folder.cache, withIntermediateDirectories: false)
    chmod(folder.cache, 0o777)
    let error = #expect(throws: SluiceError.self) { try folder.store() }
    #expect(error?.code == .cannotCreate && error?.place == folder.cache)
    try StoreFolder.put(folder.path + "/file", Data())
    #expect(throws: SluiceError.self) { try Store(directory: folder.path + "/file") }
    #expect(throws: SluiceError.self) { try Store(directory: folder.path + "/file/below") }
  }

  @Test func itsPlaceIsTheUsersCacheDirectory() {
    #expect(Store.standardDirectory { ["XDG_CACHE_HOME": "/x"][$0] } == "/x/sluice")
    #expect(Store.standardDirectory { ["XDG_CACHE_HOME": "x", "HOME": "/h"][$0] } == "/h/.cache/sluice")
    #expect(Store.standardDirectory { ["HOME": "/h"][$0] } == "/h/.cache/sluice")
    #expect(Store.standardDirectory { _ in nil } == nil)
  }

  /// Many writers at once, each as a run of its own: the limit holds, and nothing half is ever seen.
  @Test func writersAtTheSameTime() throws {
    let folder = try StoreFolder()
    let failures = Monitor([String]())
    let cache = folder.cache
    let limit: UInt64 = 40_000
    let contents = (0..<25).map { StoreFolder.bytes($0, 2000 + 100 * $0) }
    _ = try folder.store()
    let threads = (0..<6).map { part in
      WorkThread("writer-\(part)") {
        do {
          let store = try Store(directory: cache, limits: StoreLimits(total: limit))
          for round in 0..<20 {
            let number = (part * 7 + round * 3) % 25
            let fd = FileDescriptor(sluice_memfd("s"))
            try contents[number].withUnsafeBytes { try System.writeAll(fd.raw, $0) }
            _ = try store.keep(fd, as: StoreFolder.key(number))
            let total = store.entries().reduce(0) { $0 + $1.bytes }
            if total > limit { failures.with { $0.append("\(total) bytes") } }
            for other in [number, (number + 5) % 25] {
              guard let found = try store.contents(StoreFolder.key(other)) else { continue }
              if found != contents[other] { failures.with { $0.append("other bytes of \(other)") } }
            }
          }
        } catch { failures.with { $0.append("\(error)") } }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.with { $0 } == [])
  }

  /// Files whose keys were exchanged are damaged, whatever their contents; each alone is what was stored.
  @Test func anEntryUnderAnothersKeyIsDamaged() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    for number in 0..<2 { try store.keep(folder.file(StoreFolder.bytes(number, 700)), as: StoreFolder.key(number)) }
    let names = folder.names
    let parts = names.map { $0.split(separator: ".") }
    let segments = folder.cache + "/segments/"
    rename(segments + names[0], segments + "x")
    rename(segments + names[1], segments + "\(parts[0][0]).\(parts[1][1]).2")
    rename(segments + "x", segments + "\(parts[1][0]).\(parts[0][1]).2")
    #expect(folder.names.count == 2)
    for number in 0..<2 {
      let entry = try #require(store.index(of: .segment)[StoreFolder.key(number)]?.first)
      guard case .damaged = store.open(entry) else {
        Issue.record("another's contents are handed out")
        continue
      }
    }
    #expect(folder.names == [])
  }

  /// The same contents and key as something else are something else.
  @Test func kindsAreApart() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    for kind in ContentKind.allCases {
      #expect(try store.keep(Array(kind.rawValue.utf8), kind, StoreFolder.key(1)) == .kept)
    }
    for kind in ContentKind.allCases { #expect(store.contents(kind, StoreFolder.key(1)) == Array(kind.rawValue.utf8)) }
    let name = try #require(folder.names.first)
    rename(folder.cache + "/segments/" + name, folder.cache + "/proxies/" + name)
    #expect(store.contents(.segment, StoreFolder.key(1)) == nil)
    #expect(store.contents(.proxy, StoreFolder.key(1)) == Array("proxy".utf8))
    #expect(store.entries().count == 4)
    store.remove(.frame, StoreFolder.key(1))
    #expect(store.contents(.frame, StoreFolder.key(1)) == nil && store.contents(.sound, StoreFolder.key(1)) != nil)
  }

  @Test func aKindHasALimitOfItsOwn() throws {
    let folder = try StoreFolder()
    let limits = StoreLimits(total: 10_000, kinds: [.analysis: 1000])
    let store = try Store(directory: folder.cache, limits: limits)
    for number in 0..<4 { try store.keep(folder.file(StoreFolder.bytes(number, 2000)), as: StoreFolder.key(number)) }
    for number in 0..<30 { _ = try store.keep(StoreFolder.bytes(number, 100), .analysis, StoreFolder.key(number)) }
    let index = StoreIndex(store.entries())
    #expect(index.bytes(of: .analysis) == 1000 && index.bytes(of: .segment) == 8000)
    #expect(try store.keep(StoreFolder.bytes(1, 1001), .analysis, StoreFolder.key(99)) == .tooLarge)
  }

  @Test func readOnlyLeavesEverythingAsItIs() throws {
    let folder = try StoreFolder()
    #expect(throws: SluiceError.self) { try folder.store(access: .readOnly) }
    let writer = try folder.store()
    for number in 0..<2 { try writer.keep(folder.file(StoreFolder.bytes(number, 500)), as: StoreFolder.key(number)) }
    try age(folder, StoreFolder.key(0), by: 1000)
    let spoiled = try #require(folder.names.first { $0.hasPrefix("\(StoreFolder.key(1))") })
    try StoreFolder.put(folder.cache + "/segments/" + spoiled, Data(count: 500))
    try StoreFolder.put(folder.cache + "/segments/.part-1", Data(count: 5))
    func listing() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: folder.cache).sorted().map {
        "\($0) \(FileIdentity(folder.cache + "/" + $0)?.description ?? "")"
      }
    }
    let before = try listing()
    let reader = try folder.store(limit: 10, access: .readOnly)
    #expect(try reader.contents(StoreFolder.key(0)) == StoreFolder.bytes(0, 500))
    #expect(try reader.contents(StoreFolder.key(1)) == nil)
    #expect(try reader.keep(folder.file([1]), as: StoreFolder.key(2)) == .notWritten)
    reader.remove(.segment, StoreFolder.key(0))
    try reader.trim { true }
    #expect(try listing() == before)
  }

  /// A store of version 1 had segments without the key in their checksums, and a file about programs.
  @Test func whatVersionOneLeftIsRemovedUnread() throws {
    let folder = try StoreFolder()
    _ = try folder.store()
    let file = try folder.file([1, 2, 3])
    let checksum = try Checksum(.segment, StoreFolder.key(1), file: file.raw)
    try StoreFolder.put(folder.cache + "/segments/\(StoreFolder.key(1)).\(checksum.hex)", Data([1, 2, 3]))
    try StoreFolder.put(folder.cache + "/segments/\(StoreFolder.key(1)).\(checksum.hex).3", Data([1, 2, 3]))
    try StoreFolder.put(folder.cache + "/programs", Data())
    let store = try folder.store()
    #expect(try store.contents(StoreFolder.key(1)) == nil)
    #expect(folder.names == ["\(StoreFolder.key(1)).\(checksum.hex).3"], "a later version's stays")
    #expect(!FileManager.default.fileExists(atPath: folder.cache + "/programs"))
  }

  /// Whoever holds the lock holds up nobody who reads, and a writer only as long as it is willing to wait.
  @Test func aHeldLockHoldsUpNobody() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    try store.keep(folder.file([1, 2, 3]), as: StoreFolder.key(1))
    let lock = try StoreDirectory.lock(folder.cache, while: { false })
    defer { withExtendedLifetime(lock) {} }
    let other = try folder.store(limit: 1)
    #expect(try other.contents(StoreFolder.key(1)) == [1, 2, 3])
    var asked = 0
    let error = #expect(throws: SystemError.self) {
      _ = try other.keep([1], .segment, StoreFolder.key(2)) {
        asked += 1
        return asked < 3
      }
    }
    #expect(error?.errno == EWOULDBLOCK && asked == 3)
    #expect(throws: SystemError.self) { try other.trim { false } }
  }

  /// Whatever is done to its files: never other bytes than those that were stored.
  @Test func damageIsNeverHandedOut() throws {
    let folder = try StoreFolder()
    let store = try folder.store()
    var random = TestRandom(9)
    var kept: [Int: [UInt8]] = [:]
    var survived = 0, dropped = 0
    let rounds = System.environment("SLUICE_FUZZ_ROUNDS").flatMap(Int.init) ?? 500
    for round in 0..<rounds {
      let number = Int.random(in: 0..<6, using: &random)
      if kept[number] == nil || round % 50 == 0 {
        kept[number] = StoreFolder.bytes(number, 200 + 50 * number)
        _ = try store.keep(folder.file(kept[number] ?? []), as: StoreFolder.key(number))
      }
      if let name = folder.names.randomElement(using: &random) { try Self.harm(folder.cache + "/segments/" + name, &random) }
      for (number, bytes) in kept {
        guard let found = try store.contents(StoreFolder.key(number)) else {
          dropped += 1
          kept[number] = nil
          continue
        }
        survived += 1
        if found != bytes { Issue.record("round \(round): other bytes of segment \(number)") }
      }
    }
    #expect(survived > 100 && dropped > 100)
    _ = try store.keep(folder.file([1]), as: StoreFolder.key(77))
    #expect(try store.contents(StoreFolder.key(77)) == [1])
  }

  /// One change to a file, its name, or what the name stands for.
  private static func harm(_ path: String, _ random: inout TestRandom) throws {
    func pick(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &random) }
    func spoiled(_ path: String) -> String {
      var name = Array(path.utf8)
      let at = name.count - 1 - pick(99)
      name[at] = Array("0123456789abcdefgG.\u{7f}".utf8)[pick(19)]
      return String(decoding: name, as: UTF8.self)
    }
    var data = FileManager.default.contents(atPath: path) ?? Data()
    switch pick(9) {
    case 0 where !data.isEmpty: data[pick(data.count)] ^= UInt8(1 << pick(8))
    case 1: data = data.prefix(pick(data.count))
    case 2: data.append(UInt8(pick(256)))
    case 3:
      data = Data()
    case 4:
      let other = spoiled(path)
      rename(path, other)
      return
    case 5:
      unlink(path)
      symlink("/etc/passwd", path)
      return
    case 6:
      unlink(path)
      mkfifo(path, 0o600)
      return
    case 7:
      unlink(path)
      link("/proc/self/exe", path)
      return
    default: for _ in 0..<3 where !data.isEmpty { data[pick(data.count)] = UInt8(pick(256)) }
    }
    let handle = FileDescriptor(sluice_open(path, O_WRONLY | O_TRUNC | O_NONBLOCK, 0))
    if handle.raw >= 0 { try data.withUnsafeBytes { try System.writeAll(handle.raw, $0) } }
  }
}
