import Foundation
import Testing

/// Finished segments are kept and used again: for the same bytes with less work.
@Suite struct StoreTests {
  /// Clips of 24 frames a second, one after the other: (source, its time, frames, opacity).
  private typealias Piece = (source: String, from: Double, frames: Int, opacity: Double)

  private static func project(_ pieces: [Piece]) -> String {
    var at = 0
    let clips = pieces.map { piece in
      defer { at += piece.frames }
      return
        "{ source: \"\(piece.source)\", at: \"\(at)f\", in: \(piece.from), duration: \"\(piece.frames)f\", opacity: \(piece.opacity) }"
    }
    return """
      { canvas: { width: 160, height: 90, fps: 24 }, sources: { long: "\(Clips.long)", b: "\(Clips.bframes)" },
        tracks: [ { kind: "video", clips: [ \(clips.joined(separator: ",\n")) ] } ] }
      """
  }

  /// Four segments of 150 frames.
  private static let four: [Piece] = [("long", 0, 150, 0.5), ("long", 3, 150, 0.6), ("long", 6, 150, 0.7), ("long", 9, 150, 0.8)]

  private static func sandbox(_ pieces: [Piece] = four) throws -> Sandbox {
    let box = try Sandbox()
    box.keepsSegments = true
    try box.write("p.json5", project(pieces))
    return box
  }

  private static let quick = ["--preset", "ultrafast"]

  private func segments(_ statistics: Statistics) -> [Int] {
    ["rendered", "reused"].map { Int(statistics["segments", $0]) }
  }

  private func stored(_ box: Sandbox) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: box.runtime + "/c/sluice/segments")) ?? []).sorted()
  }

  private func render(_ box: Sandbox, _ name: String, _ more: [String] = quick) throws -> Statistics {
    try box.render(["render", "p.json5", "-o", name, "-y"] + more)
  }

  /// The bytes that a run without the store makes of the project.
  private func fresh(_ box: Sandbox, _ name: String, _ more: [String] = quick) throws -> Data {
    #expect(segments(try render(box, "fresh-" + name, more + ["--no-cache"]))[1] == 0)
    return try box.data("fresh-" + name)
  }

  @Test func aRunAgainOnlyJoins() throws {
    let box = try Self.sandbox()
    let first = try render(box, "a.mp4")
    #expect(segments(first) == [4, 0])
    #expect(stored(box).count == 4)
    let second = try render(box, "b.mp4")
    #expect(segments(second) == [0, 4])
    #expect((second.value(["workers"]) as? [Any])?.isEmpty == true, "a worker was started")
    #expect(second["frames"] == 600 && second["streamsOpened"] == 0 && second["slots", "total"] == 0)
    let a = try box.data("a.mp4")
    #expect(try a == box.data("b.mp4"))
    #expect(try a == fresh(box, "a.mp4"))
    #expect(stored(box).count == 4)
  }

  /// A run without an output fills the store for others; what it cannot keep is its failure.
  @Test func segmentsCanGoIntoTheStoreAlone() throws {
    let box = try Self.sandbox()
    try box.write("store.json5", "{ output: \"store\" }")
    let launch = ["--launch", "store.json5"]
    #expect(segments(try render(box, "a.mkv", Self.quick + launch)) == [4, 0])
    #expect(!box.exists("a.mkv") && stored(box).count == 4)
    #expect(segments(try render(box, "a.mkv", Self.quick + launch)) == [0, 4])
    let joined = try render(box, "b.mkv")
    #expect(segments(joined) == [0, 4] && !box.exists("a.mkv"))
    #expect(try box.data("b.mkv") == fresh(box, "b.mkv"))
    try box.refuses(["render", "p.json5", "-o", "c.mkv", "--no-cache"] + launch, 73, "there is no store")
    try box.refuses(["render", "p.json5", "-o", "c.y4m"] + launch, 65, "only formats with segments")
    let small = try box.sluice(["render", "p.json5", "-o", "c.mkv", "--cache-limit", "1KiB"] + Self.quick + launch)
    #expect(small.status == 73 && small.errors.contains("could not be kept"), "\(small.errors)")
  }

  @Test func afterAnEditOnlyWhatChangedIsRendered() throws {
    let box = try Self.sandbox()
    _ = try render(box, "a.mkv")
    var edited = Self.four
    edited[2].opacity = 0.3
    try box.write("p.json5", Self.project(edited))
    let again = try render(box, "b.mkv")
    #expect(segments(again) == [1, 3])
    #expect(again["stages", "encode", "frames"] == 150)
    #expect(try box.data("b.mkv") == fresh(box, "b.mkv"))
    // In another order, and cut in two where nothing is seen of it.
    try box.write(
      "p.json5",
      Self.project([Self.four[3], edited[2], ("long", 0, 72, 0.5), ("long", 3, 78, 0.5), Self.four[1]]))
    #expect(segments(try render(box, "c.mkv")) == [0, 4])
    #expect(try box.data("c.mkv") == fresh(box, "c.mkv"))
    // Other settings are another thing.
    #expect(segments(try render(box, "d.mkv", Self.quick + ["--crf", "30"])) == [4, 0])
  }

  @Test func noCacheNeitherReadsNorWrites() throws {
    let box = try Self.sandbox()
    _ = try render(box, "a.mp4", Self.quick + ["--no-cache"])
    #expect(!FileManager.default.fileExists(atPath: box.runtime + "/c"))
    _ = try render(box, "a.mp4")
    #expect(segments(try render(box, "a.mp4", Self.quick + ["--no-cache"])) == [4, 0])
    #expect(segments(try render(box, "p.y4m", [])) == [4, 0], "its parts are not kept")
    #expect(stored(box).count == 4)
  }

  /// A power cut, as far as a test can make one.
  @Test(arguments: [1, 2, 3]) func afterAKillOfEverythingFinishedSegmentsAreUsed(_ wanted: Int) throws {
    let box = try Self.sandbox()
    let run = try box.start(["render", "p.json5", "-o", "a.mp4", "--encoders", "1"])
    #expect(eventually(within: 60) { self.stored(box).count >= wanted })
    for pid in box.processes { kill(pid, SIGKILL) }
    #expect(run.wait() == 1009)
    #expect(eventually(within: 5) { box.processes.isEmpty })
    let there = stored(box).count
    let again = try render(box, "a.mp4", [])
    #expect(segments(again) == [4 - there, there])
    #expect(try box.data("a.mp4") == fresh(box, "a.mp4", []))
  }

  @Test func anInterruptedRunKeepsWhatIsFinished() throws {
    let box = try Self.sandbox()
    let run = try box.start(["render", "p.json5", "-o", "a.mp4", "--encoders", "1", "--progress", "none"])
    #expect(eventually(within: 60) { !self.stored(box).isEmpty })
    run.signal(SIGINT)
    #expect(run.wait() == 130)
    box.expectNothingLeft()
    let again = try render(box, "a.mp4", [])
    #expect(segments(again)[1] >= 1)
    #expect(try box.data("a.mp4") == fresh(box, "a.mp4", []))
  }

  @Test func damagedSegmentsAreRenderedAgain() throws {
    let box = try Self.sandbox()
    _ = try render(box, "a.mp4")
    let names = stored(box)
    let folder = box.runtime + "/c/sluice/segments/"
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder + names[0]))
    var spoiled = whole
    spoiled[whole.count / 2] ^= 1
    try spoiled.write(to: URL(fileURLWithPath: folder + names[0]))
    try whole.prefix(100).write(to: URL(fileURLWithPath: folder + names[1]))
    try Data().write(to: URL(fileURLWithPath: folder + names[2]))
    let run = try box.sluice(
      ["render", "p.json5", "-o", "b.mp4", "--stats", "stats.json", "--progress", "none"] + Self.quick)
    #expect(run.status == 0)
    box.expectOneLine(run.errors, ["3 damaged segments were removed"])
    #expect(segments(try Statistics(box.data("stats.json"))) == [3, 1])
    #expect(try box.data("b.mp4") == box.data("a.mp4"))
    #expect(stored(box) == names)
    #expect(segments(try render(box, "c.mp4")) == [0, 4])
  }

  /// Two files of the store that stand under each other's keys, or whose contents were exchanged: neither is used.
  @Test(arguments: [1, 0]) func exchangedSegmentsAreRenderedAgain(_ partsMoved: Int) throws {
    let box = try Self.sandbox()
    #expect(segments(try render(box, "a.mp4")) == [4, 0])
    let folder = box.runtime + "/c/sluice/segments/"
    let names = stored(box)
    // The key alone changes its owner, so that checksum and contents still fit each other; or the whole name does.
    let parts = names.map { $0.split(separator: ".") }
    let exchanged = [(1, 0), (0, 1)].map { key, rest in
      partsMoved == 1 ? ([parts[key][0]] + parts[rest].dropFirst()).joined(separator: ".") : names[key]
    }
    try #require(rename(folder + names[0], folder + "moved") == 0)
    try #require(rename(folder + names[1], folder + exchanged[1]) == 0)
    try #require(rename(folder + "moved", folder + exchanged[0]) == 0)
    let run = try box.sluice(
      ["render", "p.json5", "-o", "b.mp4", "--stats", "stats.json", "--progress", "none"] + Self.quick)
    #expect(run.status == 0)
    box.expectOneLine(run.errors, ["2 damaged segments were removed"])
    #expect(segments(try Statistics(box.data("stats.json"))) == [2, 2])
    #expect(try box.data("b.mp4") == box.data("a.mp4"))
    #expect(stored(box) == names)
  }

  @Test func aSourceThatChangedIsNoticed() throws {
    let box = try Self.sandbox()
    let clip = box.path("clip.mp4")
    try FileManager.default.copyItem(atPath: Clips.long, toPath: clip)
    let text = Self.project(Self.four).replacingOccurrences(of: Clips.long, with: clip)
    try box.write("p.json5", text)
    _ = try render(box, "a.mp4")
    #expect(segments(try render(box, "b.mp4")) == [0, 4])
    // The same name and length of time, another picture.
    try FileManager.default.removeItem(atPath: clip)
    try Clips.ffmpeg(["-i", Clips.long, "-vf", "hflip", "-c:v", "libx264", "-preset", "ultrafast", "-g", "24", clip])
    #expect(segments(try render(box, "b.mp4")) == [4, 0])
    #expect(try box.data("b.mp4") == fresh(box, "b.mp4"))
    #expect(try box.data("b.mp4") != box.data("a.mp4"))
    #expect(segments(try render(box, "b.mp4")) == [0, 4])
  }

  /// What was rendered while its source changed may be anything.
  @Test func aSourceThatChangesDuringTheRunIsNotKept() throws {
    let box = try Self.sandbox()
    let clip = box.path("clip.mp4")
    try FileManager.default.copyItem(atPath: Clips.long, toPath: clip)
    try box.write("p.json5", Self.project(Self.four).replacingOccurrences(of: Clips.long, with: clip))
    let run = try box.start(["render", "p.json5", "-o", "a.mp4", "--encoders", "1", "--progress", "none"])
    #expect(eventually(within: 60) { !self.stored(box).isEmpty })
    let before = stored(box).count
    try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: clip)
    #expect(run.wait() == 0, "\(run.errors)")
    // One more may have been on its way.
    #expect(stored(box).count <= before + 1)
    box.expectOneLine(run.errors, ["clip.mp4", "changed while it was used"])
    box.expectNothingLeft()
  }

  @Test func aStoreThatCannotBeUsedIsOneWarning() throws {
    let box = try Self.sandbox()
    try box.write("file", "no directory")
    for place in ["file", "file/below", "/proc/nowhere"] {
      let run = try box.sluice(
        ["render", "p.json5", "-o", "a.mp4", "-y", "--cache", place, "--progress", "none"] + Self.quick)
      #expect(run.status == 0)
      box.expectOneLine(run.errors, ["finished segments are not kept"])
      box.expectNothingLeft()
    }
    #expect(try box.data("a.mp4") == fresh(box, "a.mp4"))
  }

  @Test func theLimitIsKept() throws {
    let box = try Self.sandbox()
    _ = try render(box, "a.mp4")
    let folder = box.runtime + "/c/sluice/segments/"
    let sizes = try stored(box).map { try Data(contentsOf: URL(fileURLWithPath: folder + $0)).count }
    let limit = sizes.reduce(0, +) - 1
    try box.write("p.json5", Self.project(Self.four.map { ($0.source, $0.from, $0.frames, 0.25) }))
    _ = try render(box, "b.mp4", Self.quick + ["--cache-limit", "\(limit)"])
    let left = try stored(box).map { try Data(contentsOf: URL(fileURLWithPath: folder + $0)).count }
    #expect(left.count >= 3 && left.reduce(0, +) <= limit)
  }

  @Test func twoRunsAtTheSameTime() throws {
    let box = try Self.sandbox()
    let runs = try ["a.mp4", "b.mp4", "c.mp4"].map {
      try box.start(["render", "p.json5", "-o", $0, "--progress", "none"] + Self.quick)
    }
    for run in runs { #expect(run.wait() == 0, "\(run.errors)") }
    let wanted = try fresh(box, "a.mp4")
    for name in ["a.mp4", "b.mp4", "c.mp4"] { #expect(try box.data(name) == wanted) }
    #expect(stored(box).count == 4)
    #expect(segments(try render(box, "d.mp4")) == [0, 4])
  }

  @Test func cleanEmptiesItAndDoctorNamesIt() throws {
    let box = try Self.sandbox()
    _ = try render(box, "a.mp4")
    let doctor = try box.sluice(["doctor", "--cache-limit", "3GiB"])
    #expect(doctor.status == 0)
    let text = String(decoding: doctor.out, as: UTF8.self)
    #expect(text.contains(box.runtime + "/c/sluice: ") && text.contains("in 4 segments, at most 3.0 GiB"), "\(text)")
    #expect(try box.sluice(["clean"]).status == 0)
    #expect(stored(box).count == 4)
    let clean = try box.sluice(["clean", "--cache"])
    #expect(clean.status == 0 && clean.errors.contains("removed 4 segments"), "\(clean.errors)")
    #expect(stored(box).isEmpty)
    #expect(segments(try render(box, "b.mp4")) == [4, 0])
  }

  /// The program that joins is killed after it has written something: it writes the file anew.
  @Test func theProgramThatJoinsMayDie() throws {
    for (times, code) in [(2, Int32(0)), (99, 70)] {
      let box = try Self.sandbox()
      let programs = box.path("programs")
      try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
      for name in ["sluice-decoder", "sluice-renderer", "sluice-audio"] {
        symlink(Sandbox.programs + "/" + name, programs + "/" + name)
      }
      let script = """
        #!/bin/sh
        if [ "$1" = --assemble ] && [ "$(cat \(box.directory)/deaths 2>/dev/null | wc -l)" -lt \(times) ]; then
          echo >> \(box.directory)/deaths
          head -c 100000 /dev/zero >&5
          kill -9 $$
        fi
        exec \(Sandbox.programs)/sluice-encoder "$@"

        """
      try script.write(toFile: programs + "/sluice-encoder", atomically: false, encoding: .utf8)
      chmod(programs + "/sluice-encoder", 0o700)
      let run = try box.sluice(
        ["render", "p.json5", "-o", "a.mp4", "--worker-directory", programs, "--stats", "stats.json", "--progress", "none"]
          + Self.quick)
      #expect(run.status == code, "\(run.errors)")
      box.expectNothingLeft()
      guard code == 0 else {
        #expect(!box.exists("a.mp4"))
        #expect(run.errors.split(separator: "\n").last?.contains("the program that joins segments ended with signal 9") == true)
        continue
      }
      #expect(run.errors.split(separator: "\n").count == 2, "\(run.errors)")
      #expect(try Statistics(box.data("stats.json"))["restarts"] == 2)
      #expect(try box.data("a.mp4") == fresh(box, "a.mp4"))
    }
  }

  /// The program that joins segments is there, but does nothing.
  @Test func aStoppedJoinerIsStartedAgain() throws {
    let box = try Self.sandbox()
    let programs = box.path("bin")
    try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
    for name in ["sluice-decoder", "sluice-renderer", "sluice-audio"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(programs)/\(name)", withDestinationPath: "\(Sandbox.programs)/\(name)")
    }
    let script = """
      #!/bin/sh
      if [ "$1" = --assemble ] && mkdir \(box.directory)/stopped 2>/dev/null; then kill -STOP $$; fi
      exec \(Sandbox.programs)/sluice-encoder "$@"

      """
    try script.write(toFile: programs + "/sluice-encoder", atomically: false, encoding: .utf8)
    chmod(programs + "/sluice-encoder", 0o700)
    try box.write("launch.json5", "{ workers: { encoder: { deadlineSeconds: 1 } } }")
    let run = try box.sluice(
      ["render", "p.json5", "-o", "a.mp4", "--worker-directory", programs, "--stats", "stats.json", "--progress", "none"]
        + ["--launch", "launch.json5"] + Self.quick)
    #expect(run.status == 0, "\(run.errors)")
    box.expectOneLine(run.errors, ["the program that joins segments ended with no heartbeat for 1 s"])
    #expect(try box.data("a.mp4") == fresh(box, "a.mp4"))
    box.expectNothingLeft()
  }

  /// Segments with B-frames, fresh ones between those of the store: every frame has its own time, each is decoded, and what
  /// is decoded first comes first.
  @Test(arguments: ["mp4", "mkv", "mov", "ts"]) func timesAtTheJoins(_ ending: String) throws {
    let options = ["--preset", "fast", "--encoder-option", "bf=3"]
    let box = try Self.sandbox()
    _ = try render(box, "a." + ending, options)
    var edited = Self.four
    edited[1].opacity = 0.3
    try box.write("p.json5", Self.project(edited))
    let again = try render(box, "b." + ending, options)
    #expect(segments(again) == [1, 3])
    #expect(try box.data("b." + ending) == fresh(box, "b." + ending, options))
    let text = try Clips.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-count_frames", "-show_entries",
        "stream=time_base,nb_read_frames:packet=pts,dts:frame=pts", "-of", "json", box.path("b." + ending),
      ])
    let json = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
    let stream = try #require((json["streams"] as? [[String: Any]])?.first)
    #expect(stream["nb_read_frames"] as? String == "600")
    let base = ((stream["time_base"] as? String) ?? "").split(separator: "/").compactMap { Double($0) }
    try #require(base.count == 2)
    let parts = (json["packets_and_frames"] as? [[String: Any]]) ?? []
    let packets = parts.filter { $0["type"] as? String == "packet" }
    let decoding = packets.compactMap { $0["dts"] as? Int }
    #expect(packets.count == 600 && zip(decoding, decoding.dropFirst()).allSatisfy { $0 < $1 })
    #expect(packets.allSatisfy { ($0["dts"] as? Int ?? 0) <= ($0["pts"] as? Int ?? -1) })
    let times = parts.filter { $0["type"] as? String == "frame" }.compactMap { $0["pts"] as? Int }
    try #require(times.count == 600)
    let worst = times.enumerated().map { index, time in
      abs(Double(time - times[0]) * base[0] / base[1] - Double(index) / 24)
    }.max()
    #expect((worst ?? 1) <= base[0] / base[1] / 2 + 1e-9)
  }
}
