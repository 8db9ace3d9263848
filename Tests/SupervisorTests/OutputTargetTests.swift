import Foundation
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

@Suite struct OutputTargetTests {
  /// A directory that goes with the test.
  private final class Folder {
    let path: String
    init() throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-output-\(UUID())").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
    func text(_ name: String) -> String? { try? String(contentsOfFile: path + "/" + name, encoding: .utf8) }
    func put(_ name: String, _ text: String) throws {
      try text.write(toFile: path + "/" + name, atomically: false, encoding: .utf8)
    }
  }

  private func write(_ text: String, to output: OutputTarget) throws {
    try System.writeAll(try #require(output.descriptor).raw, text)
  }

  @Test func aFileGetsItsNameWhenItIsWhole() throws {
    let folder = try Folder()
    let output = try OutputTarget(path: folder.path + "/a.mp4", overwrite: false, command: nil)
    try write("whole", to: output)
    #expect(folder.names.allSatisfy { $0 != "a.mp4" })
    try output.finish()
    #expect(folder.names == ["a.mp4"])
    #expect(folder.text("a.mp4") == "whole")
  }

  @Test func nothingIsLeftOfAFileThatWasNotFinished() throws {
    let folder = try Folder()
    do {
      let output = try OutputTarget(path: folder.path + "/a.mp4", overwrite: true, command: nil)
      try write("half", to: output)
      let segment = try output.segmentFile()
      try System.writeAll(segment.raw, "part")
      output.abandon()
    }
    #expect(folder.names.isEmpty)
  }

  @Test func anExistingFileStaysUntilTheNewOneIsWhole() throws {
    let folder = try Folder()
    try folder.put("a.mp4", "old")
    do {
      let output = try OutputTarget(path: folder.path + "/a.mp4", overwrite: true, command: nil)
      try write("half", to: output)
    }
    #expect(folder.text("a.mp4") == "old")
    let output = try OutputTarget(path: folder.path + "/a.mp4", overwrite: true, command: nil)
    try write("new", to: output)
    #expect(folder.text("a.mp4") == "old")
    try output.finish()
    #expect(folder.text("a.mp4") == "new")
    #expect(folder.names == ["a.mp4"])
  }

  @Test func withoutOverwriteAFileThatCameMeanwhileIsKept() throws {
    let folder = try Folder()
    let output = try OutputTarget(path: folder.path + "/a.mp4", overwrite: false, command: nil)
    try write("ours", to: output)
    try folder.put("a.mp4", "theirs")
    let error = #expect(throws: SluiceError.self) { try output.finish() }
    #expect(error?.code == .cannotCreate)
    #expect(folder.text("a.mp4") == "theirs")
    #expect(folder.names == ["a.mp4"])
  }

  @Test func aFolderThatIsNotThereIsSaid() throws {
    let folder = try Folder()
    #expect(throws: SluiceError.self) {
      try OutputTarget(path: folder.path + "/none/b.mp4", overwrite: true, command: nil)
    }
    #expect(OutputTarget.directory(of: "/a") == "/")
    #expect(OutputTarget.directory(of: "a") == ".")
    #expect(OutputTarget.directory(of: "/x/y/a") == "/x/y")
  }

  @Test func aDeviceIsWrittenAsItIs() throws {
    let output = try OutputTarget(path: "/dev/null", overwrite: false, command: nil)
    try write("x", to: output)
    try output.finish()
    #expect(FileManager.default.fileExists(atPath: "/dev/null"))
  }

  @Test func aCommandGetsTheBytesAndItsFailureIsAnError() throws {
    let folder = try Folder()
    let output = try OutputTarget(path: "ignored", overwrite: false, command: "cat > '\(folder.path)/c'")
    try write("through", to: output)
    try output.finish()
    #expect(folder.text("c") == "through")
    let failing = try OutputTarget(path: "ignored", overwrite: false, command: "cat > /dev/null; exit 3")
    let error = #expect(throws: SluiceError.self) { try failing.finish() }
    #expect(error?.what.contains("exit status 3") == true)
    do {
      let hanging = try OutputTarget(path: "ignored", overwrite: false, command: "exec sleep 1000")
      hanging.abandon()
    }
  }
}
