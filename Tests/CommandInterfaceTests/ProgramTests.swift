import Foundation
import Testing

@testable import CommandInterface

/// The built program, run as a user runs it: what it says, where, and with which exit code.
struct ProgramTests {
  private let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  private func sluice(_ arguments: String..., environment: [String: String] = [:]) throws -> Child {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let program = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("sluice").path
    var variables = ["HOME": directory.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
    variables.merge(environment) { $1 }
    return try Child.run(program, arguments, environment: variables, directory: directory.path)
  }

  private func refused(_ child: Child, _ status: Int32, _ line: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(child.status == status, "\(child.err)", sourceLocation: sourceLocation)
    #expect(child.err == "sluice: \(line)\n", sourceLocation: sourceLocation)
    #expect(child.out.isEmpty, sourceLocation: sourceLocation)
  }

  @Test func versionAndHelpGoToStandardOutput() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    #expect(try sluice("--version").out == "sluice \(Command.programVersion)\n")
    #expect(try sluice("version").out.hasPrefix("sluice \(Command.programVersion)\nipc-schema 1."))
    for words in [["--help"], ["-h"], ["help"]] {
      let child = try sluice(words[0])
      #expect(child.status == 0 && child.out == HelpText.overview() && child.err.isEmpty)
    }
    for command in Command.all {
      let child = try sluice(command.name.rawValue, "--help")
      #expect(child.status == 0 && child.out == HelpText.of(command) && child.err.isEmpty)
      #expect(try sluice("help", command.name.rawValue).out == child.out)
    }
    #expect(try sluice("--man-page").out == ManPage.text())
    for shell in ["bash", "zsh", "fish"] {
      #expect(try sluice("--completion", shell).out == Completion.script(for: shell))
    }
  }

  @Test func aWrongCommandLineIsCodeTwoAndOneLine() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    refused(try sluice(), 2, "a command is missing; see sluice --help")
    refused(try sluice("rendre"), 2, "rendre: no such command; did you mean render?")
    refused(try sluice("render", "--memroy", "1G"), 2, "--memroy: no such option; did you mean --memory?")
    refused(try sluice("render", "p.json", "--crf", "x", "-o", "a.mp4"), 2, "--crf: 'x' is not a number")
    refused(try sluice("--memory", "1G", "render"), 2, "--memory: stands before the command; write sluice render --memory SIZE")
    refused(try sluice("render", "-o", "a.mp4"), 2, "render: an operand is missing; write sluice render PROJECT -o OUT")
    refused(try sluice("clean", "all"), 2, "clean: too many operands; write sluice clean without any")
    refused(try sluice("render", "p.json"), 2, "no output is named; add -o OUT")
    refused(try sluice("--completion", "tcsh"), 2, "--completion: 'tcsh' is not bash, zsh or fish")
    refused(try sluice("bench", "handof"), 2, "handof: no such benchmark; did you mean handoff?")
    refused(try sluice("help", "gird"), 2, "gird: no such command; did you mean grid?")
    refused(try sluice("frame", "a.mp4", "-o", "f.png"), 2, "no frame is named; add --at T or --number N")
    refused(
      try sluice("frame", "a.mp4", "--at", "1", "--number", "2", "-o", "f.png"), 2,
      "--at and --number exclude each other; add --at T or --number N")
    refused(
      try sluice("frame", "a.mp4", "--at", "1", "-o", "f.gif"), 2,
      "f.gif: is no picture's name; let it end in png, jpg, webp, bmp, tiff, ppm, or yuv for the samples as they are")
    refused(
      try sluice("render", "p.json", "-o", "-"), 2,
      "-o -: standard output needs a format; add --format y4m, nut, rawvideo, mkv or wav")
    refused(
      try sluice("render", "p.json", "-o", "a.mp4", "--from", "5", "--to", "3"), 2, "--to 3: is not after --from 5")
  }

  @Test func anOutputThatCannotBeWrittenIsRefusedBeforeWorkStarts() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data("old".utf8).write(to: directory.appendingPathComponent("a.mp4"))
    refused(try sluice("render", "none.json", "-o", "a.mp4"), 73, "a.mp4: exists already; add -y to replace it")
    refused(try sluice("grid", "none.mp4", "-o", "a.mp4"), 73, "a.mp4: exists already; add -y to replace it")
    refused(
      try sluice("render", "none.json", "-o", "no/a.mp4"), 73,
      "no/a.mp4: cannot be written: no: No such file or directory; make the directory first")
    refused(try sluice("render", "none.json", "-o", "."), 73, ".: is a directory; name a file in it")
    refused(
      try sluice("render", "none.json", "-o", "b.mp4", "--stats", "no/s.json"), 73,
      "no/s.json: cannot be written: no: No such file or directory; make the directory first")
    try Data("{}".utf8).write(to: directory.appendingPathComponent("p.json"))
    refused(
      try sluice("render", "p.json", "-y", "-o", "./p.json"), 2, "./p.json: is read by this very run; write to another file")
    #expect(try String(contentsOf: directory.appendingPathComponent("a.mp4"), encoding: .utf8) == "old")
  }

  @Test func aProjectThatIsNotThereIsCode66() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    for child in [try sluice("render", "none.json", "-o", "b.mp4"), try sluice("validate", "none.json")] {
      #expect(child.status == 66, "\(child.err)")
      #expect(child.err.hasPrefix("sluice: ") && child.err.contains("none.json") && child.out.isEmpty)
      #expect(child.err.filter { $0 == "\n" }.count == 1)
    }
    #expect(!FileManager.default.fileExists(atPath: directory.appendingPathComponent("b.mp4").path))
  }

  @Test func environmentAndConfigurationFileAreRead() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let folder = directory.appendingPathComponent("xdg/sluice")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent("config")
    let xdg = ["XDG_CONFIG_HOME": directory.appendingPathComponent("xdg").path]
    try Data("# mine\nmemory = lots\n".utf8).write(to: file)
    refused(
      try sluice("render", "p.json", "-o", "a.mp4", environment: xdg), 2,
      "\(file.path):2: memory: 'lots' is not a size; write 512MiB or 1.5GB")
    refused(
      try sluice("render", "p.json", "-o", "a.mp4", environment: xdg.merging(["SLUICE_MEMORY": "few"]) { $1 }), 2,
      "SLUICE_MEMORY: 'few' is not a size; write 512MiB or 1.5GB")
    // The stronger place hides the wrong value.
    #expect(try sluice("render", "none.json", "-o", "a.mp4", "--memory", "1G", environment: xdg).status == 66)
    try Data("memroy = 1G\n".utf8).write(to: file)
    refused(
      try sluice("render", "p.json", "-o", "a.mp4", environment: xdg), 2,
      "\(file.path):1: no such key 'memroy'; did you mean memory?")
    #expect(try sluice("render", "--help", environment: xdg).status == 0)
  }

  @Test func theEglBackendSaysThatItIsNotThere() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    refused(
      try sluice("render", "p.json", "-o", "a.mp4", "--backend", "egl"), 69,
      "--backend: this build has no EGL backend yet; use cpu or auto")
  }

  @Test func withProgressAsJSONErrorsAreJSONToo() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let child = try sluice("render", "none.json", "-o", "b.mp4", "--progress", "json")
    #expect(child.status == 66)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(child.err.utf8)) as? [String: Any])
    #expect(object["event"] as? String == "error")
    #expect(object["code"] as? Int == 66)
  }

  @Test func theDoctorNamesWhatItChecked() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let child = try sluice("doctor", "--json")
    #expect(child.status == 0 || child.status == 69)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(child.out.utf8)) as? [String: Any])
    let names = (object["checks"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    #expect(
      Set(names).isSuperset(of: [
        "sluice-decoder", "sluice-renderer", "sluice-encoder", "sluice-audio", "shared memory", "memory", "cores", "kernel",
        "pidfd", "landlock",
        "descriptors",
      ]))
    let broken = try sluice("doctor", "--worker-directory", directory.path)
    #expect(broken.status == 69)
    #expect(broken.out.contains("fail  sluice-decoder") && broken.err.hasPrefix("sluice: sluice-decoder, "))
  }

  @Test func cleaningLeavesStandardOutputAlone() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let child = try sluice("clean")
    #expect(child.status == 0 && child.out.isEmpty)
  }
}
