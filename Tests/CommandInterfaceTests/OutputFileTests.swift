import Foundation
import SluiceBase
import Testing

@testable import CommandInterface

/// What may be written, told before any work, and small files that are written whole.
@Suite struct OutputFileTests {
  private final class Folder {
    let path: String
    init() throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-outputs-\(UUID())").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func put(_ name: String, _ text: String = "text") throws -> String {
      try text.write(toFile: path + "/" + name, atomically: false, encoding: .utf8)
      return path + "/" + name
    }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
  }

  private func refusal(_ path: String, overwrite: Bool = false, inputs: [String] = []) -> String {
    do throws(SluiceError) {
      try OutputFile.check(path, overwrite: overwrite, inputs: inputs)
      return ""
    } catch {
      return "\(error.code.rawValue) \(error.what); \(error.advice)"
    }
  }

  @Test func aNewFileInADirectoryIsFine() throws {
    let folder = try Folder()
    #expect(refusal(folder.path + "/new.mp4") == "")
    #expect(refusal(folder.path + "/new.mp4", inputs: [folder.path + "/none.mp4"]) == "")
    #expect(folder.names == [], "a check leaves nothing")
  }

  @Test func anExistingFileNeedsConsent() throws {
    let folder = try Folder()
    let path = try folder.put("old.mp4")
    #expect(refusal(path) == "73 exists already; add -y to replace it")
    #expect(refusal(path, overwrite: true) == "")
    symlink(path, folder.path + "/link.mp4")
    #expect(refusal(folder.path + "/link.mp4") == "73 exists already; add -y to replace it")
  }

  @Test func whatIsReadIsNotWritten() throws {
    let folder = try Folder()
    let path = try folder.put("in.mp4")
    let other = try folder.put("other.mp4")
    link(path, folder.path + "/hard.mp4")
    symlink(path, folder.path + "/soft.mp4")
    let words = "2 is read by this very run; write to another file"
    for name in ["in.mp4", "hard.mp4", "soft.mp4", "../\(URL(fileURLWithPath: folder.path).lastPathComponent)/in.mp4"] {
      #expect(refusal(folder.path + "/" + name, overwrite: true, inputs: [other, path]) == words, "\(name)")
    }
    #expect(refusal(other, overwrite: true, inputs: [path]) == "")
  }

  @Test func directoriesAndPlacesThatAreNotThere() throws {
    let folder = try Folder()
    #expect(refusal(folder.path) == "73 is a directory; name a file in it")
    #expect(refusal(folder.path + "/none/") == "73 names a directory; name a file in it")
    let missing = "73 cannot be written: \(folder.path)/none: No such file or directory; make the directory first"
    #expect(refusal(folder.path + "/none/a.mp4") == missing)
    // The place behind a link that leads nowhere yet.
    symlink(folder.path + "/none/a.mp4", folder.path + "/link.mp4")
    #expect(refusal(folder.path + "/link.mp4") == missing)
    #expect(
      refusal("/proc/self/a.mp4").hasPrefix("73 cannot be written: /proc/self: ") || refusal("/proc/self/a.mp4") == "",
      "the kernel decides")
  }

  @Test func devicesAndPipesAreWrittenAsTheyAre() throws {
    let folder = try Folder()
    mkfifo(folder.path + "/pipe", 0o600)
    #expect(refusal(folder.path + "/pipe") == "")
    #expect(refusal("/dev/null", inputs: ["/dev/null"]) == "")
  }

  @Test func aSmallFileIsWrittenWhole() throws {
    let folder = try Folder()
    let path = folder.path + "/stats.json"
    try OutputFile.write("one", to: path)
    try OutputFile.write("two", to: path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "two" && folder.names == ["stats.json"])
    try OutputFile.write("away", to: "/dev/null")
    let error = #expect(throws: SluiceError.self) { try OutputFile.write("x", to: folder.path + "/none/stats.json") }
    #expect(error?.code == .cannotCreate && error?.place == folder.path + "/none/stats.json")
    #expect(folder.names == ["stats.json"])
  }
}
