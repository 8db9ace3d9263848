import CSluice
import Foundation
import Testing

/// What a run does before it renders is done once: one look at the launch file, one probe of each source; and whoever ends the
/// programs that probe does not bring a file into disrepute.
@Suite struct PreparationTests {
  /// A directory with the worker programs, but with another decoder.
  private static func programs(_ box: Sandbox, decoder script: String) throws -> String {
    let programs = box.path("programs")
    try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
    for name in ["sluice-renderer", "sluice-encoder", "sluice-audio"] {
      symlink(Sandbox.programs + "/" + name, programs + "/" + name)
    }
    let text = "#!/bin/sh\n\(script)\nexec \(Sandbox.programs)/sluice-decoder \"$@\"\n"
    try text.write(toFile: programs + "/sluice-decoder", atomically: false, encoding: .utf8)
    chmod(programs + "/sluice-decoder", 0o700)
    return programs
  }

  private static func project(_ box: Sandbox) throws {
    try box.write(
      "inner.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 }, sources: { a: "\(Clips.long)", b: "\(Clips.bframes)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 1 }, { source: "b", at: 1, duration: 1 } ] } ] }
      """)
    try box.write(
      "p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 },
        sources: { a: "\(Clips.long)", same: "\(Clips.long)", n: { timeline: "inner.json5" }, s: "\(Clips.flashMP4)" },
        tracks: [
          { kind: "video", clips: [
            { source: "a", at: 0, duration: 1 }, { source: "same", at: 1, in: 3, duration: 1 }, { source: "n", at: 2 } ] },
          { kind: "video", clips: [ { source: "n", at: 0, opacity: 0.5 }, { source: "s", at: 2, duration: 1, opacity: 0.5 } ] },
          { kind: "audio", clips: [ { source: "s", at: 0, duration: 1 }, { source: "s", at: 2, duration: 1 } ] },
        ] }
      """)
  }

  private static let logging = """
    if [ "$1" = --probe ]; then
      cat > DIR/keys.$$
      tr '\\000' '\\n' < DIR/keys.$$ >> DIR/log
      echo >> DIR/log
      exec REAL --probe < DIR/keys.$$
    fi
    """

  private func probed(_ box: Sandbox) throws -> [String] {
    let text = String(decoding: try box.data("log"), as: UTF8.self)
    unlink(box.path("log"))
    return text.split(separator: "\n").map(String.init).sorted()
  }

  @Test func everySourceIsProbedOnce() throws {
    let box = try Sandbox()
    let script = Self.logging.replacingOccurrences(of: "DIR", with: box.directory)
      .replacingOccurrences(of: "REAL", with: Sandbox.programs + "/sluice-decoder")
    let programs = try Self.programs(box, decoder: script)
    try Self.project(box)
    let more = ["--worker-directory", programs]
    let wanted = [Clips.bframes, Clips.flashMP4, Clips.long].sorted()
    try box.render(["render", "p.json5", "-o", "a.mp4", "--preset", "ultrafast"] + more)
    #expect(try probed(box) == wanted)
    #expect(try box.sluice(["frame", "p.json5", "--at", "1", "-o", "f.png"] + more).status == 0)
    #expect(try probed(box) == wanted)
    #expect(try box.sluice(["validate", "p.json5"] + more).status == 0)
    #expect(try probed(box) == wanted)
    try box.render(["grid", Clips.long, Clips.bframes, Clips.long, "-o", "g.mp4", "--duration", "1"] + more)
    #expect(try probed(box) == [Clips.bframes, Clips.long].sorted())
    let probe = try box.sluice(["probe", Clips.long, Clips.bframes, Clips.long, "--json"] + more)
    #expect(try probed(box) == [Clips.bframes, Clips.long].sorted())
    #expect((try JSONSerialization.jsonObject(with: probe.out) as? [Any])?.count == 3, "an answer for each operand")
  }

  /// A pipe as a launch file can be read once.
  @Test func theLaunchFileIsReadOnce() throws {
    let box = try Sandbox()
    try Self.project(box)
    mkfifo(box.path("launch"), 0o600)
    let commands = [
      ["render", "p.json5", "-o", "a.mp4", "--preset", "ultrafast", "--launch", "launch"],
      ["launch", "launch", "p.json5", "-o", "b.mp4", "--preset", "ultrafast"],
      ["grid", Clips.long, "-o", "g.mp4", "--duration", "1", "--launch", "launch"],
      ["frame", "p.json5", "--at", "1", "-o", "f.png", "--launch", "launch"],
    ]
    for command in commands {
      let run = try box.start(command)
      // Opening it waits for the reader; what is written is there once.
      let writer = FileHandle(forWritingAtPath: box.path("launch"))
      try writer?.write(contentsOf: Data("{ workers: { decoder: { threads: 1 } } }".utf8))
      try writer?.close()
      #expect(run.wait(within: 60) == 0, "\(command): \(run.errors)")
    }
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
  }

  /// The first 30 programs are ended from outside, before they have read anything.
  @Test(arguments: ["KILL", "TERM"]) func whoEndsAProbeNamesNoFile(_ signal: String) throws {
    let box = try Sandbox()
    let script = """
      if [ "$1" = --probe ] && [ "$(cat \(box.directory)/ends 2>/dev/null | wc -l)" -lt 30 ]; then
        echo >> \(box.directory)/ends
        kill -\(signal) $$
      fi
      """
    let programs = try Self.programs(box, decoder: script)
    let result = try box.sluice(["probe", Clips.long, "--worker-directory", programs])
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    #expect(try box.data("ends").count == 30)
  }

  @Test func threeCrashesNameTheFile() throws {
    let box = try Sandbox()
    let programs = try Self.programs(
      box, decoder: "if [ \"$1\" = --probe ]; then echo >> \(box.directory)/ends; kill -SEGV $$; fi")
    let result = try box.sluice(["probe", Clips.long, "--worker-directory", programs])
    #expect(result.status == 65)
    box.expectOneLine(result.errors, [Clips.long, "the decoder crashed while it read this file"])
    #expect(try box.data("ends").count == 3)
  }
}
