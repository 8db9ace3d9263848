import CSluice
import Foundation
import SluiceBase
import SystemBase
import Testing

@testable import ContentStore

/// What stands in keys for files.
@Suite struct SourceIdentityTests {
  private func file(_ path: String) throws -> FileIdentity { try #require(FileIdentity(path)) }

  @Test func theHashIsSHA256() throws {
    let folder = try StoreFolder()
    try StoreFolder.put(folder.path + "/a", Data("abc".utf8))
    let names = ContentIdentity(store: nil)
    // FIPS 180-2, appendix B.1.
    #expect(
      try names.text(of: folder.path + "/a", file(folder.path + "/a"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func contentsDecideWhereverTheyLie() throws {
    let folder = try StoreFolder()
    let data = Data(StoreFolder.bytes(1, 3_000_000))
    for name in ["a", "b"] { try StoreFolder.put(folder.path + "/" + name, data) }
    try StoreFolder.put(folder.path + "/c", data + Data([0]))
    let content = ContentIdentity(store: nil), local = LocalIdentity()
    func texts(_ names: any SourceIdentity) throws -> [String?] {
      try ["a", "b", "c"].map { names.text(of: folder.path + "/" + $0, try file(folder.path + "/" + $0)) }
    }
    let hashes = try texts(content)
    #expect(hashes[0] != nil && hashes[0] == hashes[1] && hashes[0] != hashes[2])
    #expect(Set(try texts(local)).count == 3)
    #expect(local.namesPaths && !content.namesPaths)
  }

  /// What is remembered is believed as long as the file is the same; so it is seen that nothing was read.
  @Test func aFileIsReadOnce() throws {
    let folder = try StoreFolder()
    let path = folder.path + "/a"
    try StoreFolder.put(path, Data("one".utf8))
    let store = try folder.store()
    let identity = try file(path)
    let first = try #require(ContentIdentity(store: store).text(of: path, identity))
    let entry = try #require(store.entries().first)
    #expect(store.entries().count == 1 && entry.kind == .analysis)
    let other = String(repeating: "0", count: 64)
    store.remove(.analysis, entry.key)
    _ = try store.keep(Array(other.utf8), .analysis, entry.key)
    #expect(ContentIdentity(store: store).text(of: path, identity) == other)
    // Nonsense is not believed.
    store.remove(.analysis, entry.key)
    _ = try store.keep(Array("nonsense".utf8), .analysis, entry.key)
    #expect(ContentIdentity(store: store).text(of: path, identity) == first)
    // Another file under the name is read.
    try StoreFolder.put(path, Data("two".utf8))
    let second = ContentIdentity(store: store).text(of: path, try file(path))
    #expect(second != nil && second != first)
  }

  @Test func aFileThatIsAnotherOneHasNoIdentity() throws {
    let folder = try StoreFolder()
    let path = folder.path + "/a"
    try StoreFolder.put(path, Data("one".utf8))
    let before = try file(path)
    try StoreFolder.put(path, Data("longer".utf8))
    let names = ContentIdentity(store: nil)
    #expect(names.text(of: path, before) == nil)
    #expect(try names.text(of: path, file(path)) != nil)
    unlink(path)
    #expect(names.text(of: path, before) == nil)
  }

  @Test func severalThreadsAskAtOnce() throws {
    let folder = try StoreFolder()
    let paths = (0..<4).map { folder.path + "/\($0)" }
    for (number, path) in paths.enumerated() { try StoreFolder.put(path, Data(StoreFolder.bytes(number, 400_000))) }
    let names = ContentIdentity(store: try folder.store())
    let asked = (0..<40).map { paths[$0 % 4] }
    let texts = Parallel.map(asked, threads: 8) { path in FileIdentity(path).flatMap { names.text(of: path, $0) } }
    for (path, text) in zip(asked, texts) { #expect(try text == ContentIdentity(store: nil).text(of: path, file(path))) }
  }

  @Test func aFileThatChangesDuringTheRunIsNoticed() throws {
    let folder = try StoreFolder()
    let path = folder.path + "/a.mp4"
    try StoreFolder.put(path, Data(count: 100))
    let watch = FileWatch()
    _ = watch.identity(path)
    #expect(watch.isUnchanged(path))
    // Not even within a tick of the kernel's clock, and with the same length, does a change pass.
    for _ in 0..<20 {
      let watch = FileWatch()
      let handle = FileDescriptor(sluice_open(path, O_WRONLY, 0))
      try System.writeAll(handle.raw, "a")
      _ = watch.identity(path)
      try System.writeAll(handle.raw, "b")
      #expect(!watch.isUnchanged(path))
    }
    let missing = FileWatch()
    #expect(missing.identity(folder.path + "/later") == nil)
    try StoreFolder.put(folder.path + "/later", Data())
    #expect(!missing.isUnchanged(folder.path + "/later"))
  }
}
