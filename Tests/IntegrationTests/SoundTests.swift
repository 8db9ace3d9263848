import Foundation
import Testing

/// Sound in whole runs: in step with the pictures, in every place that it can go, whoever dies.
struct SoundTests {
  /// Delay lines are memory like any other: too many are refused before anything begins, and what is allowed is not exceeded.
  @Test func theBudgetHoldsForSound() throws {
    let box = try Sandbox()
    func project(_ tracks: Int, _ seconds: Int) throws {
      let delay = "{ delay: { delayTime: \(seconds), feedback: 0.5, mix: 0.5 } }"
      let track = "{ kind: 'audio', clips: [{ source: 's', duration: 1 }], effects: [\(delay)] }"
      try box.write(
        "p.json5",
        "{ sources: { s: { lavfi: 'sine=220:d=1' } }, tracks: [\(Array(repeating: track, count: tracks).joined(separator: ", "))] }"
      )
    }
    try project(20, 180)
    let arguments = ["render", "p.json5", "--progress", "none", "--no-cache", "-o"]
    let refused = try box.sluice(arguments + ["a.wav"])
    #expect(refused.status == 69)
    box.expectOneLine(refused.errors, ["--memory", "delays of up to 180.0 s", "the budget is 1024 MiB"])
    try project(8, 60)
    for (budget, fits) in [("100MiB", false), ("350MiB", true)] {
      let run = try box.sluice(arguments + ["b.wav", "--memory", budget, "--stats", "stats.json"])
      #expect(run.status == (fits ? 0 : 69), "\(run.errors)")
    }
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["peakMemoryBytes"] < 350 * 1_048_576)
    box.expectNothingLeft()
  }

  /// Times, in seconds, at which something begins.
  struct Onsets {
    var flashes: [Double]
    var beeps: [Double]
  }

  /// Of a file as players see it: each stream from its start time on.
  static func onsets(_ path: String, rate: Double) throws -> Onsets {
    let picture = try Clips.ffmpeg([
      "-i", path, "-map", "0:v", "-vf", "scale=8:8", "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-",
    ])
    let pictureStart = try start(path, "v"), soundStart = try start(path, "a")
    var flashes: [Double] = []
    var wasLight = false
    for (index, at) in stride(from: 0, to: picture.count, by: 64).enumerated() {
      let mean = picture[at..<at + 64].reduce(0) { $0 + Int($1) } / 64
      if mean > 120, !wasLight { flashes.append(pictureStart + Double(index) / rate) }
      wasLight = mean > 120
    }
    let samples = try samples(path)
    var beeps: [Double] = []
    var quiet = Int.max >> 1
    for (index, sample) in samples.enumerated() {
      if abs(sample) > 0.25 {
        if quiet > 4800 { beeps.append(soundStart + Double(index) / 48000) }
        quiet = 0
      } else {
        quiet += 1
      }
    }
    return Onsets(flashes: flashes, beeps: beeps)
  }

  /// The first channel.
  static func samples(_ path: String) throws -> [Float] {
    let sound = try Clips.ffmpeg(["-i", path, "-map", "0:a", "-af", "pan=mono|c0=c0", "-f", "f32le", "-"])
    return sound.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// When the first frame is shown that a decoder gives out: packets of Opus begin earlier.
  private static func start(_ path: String, _ stream: String) throws -> Double {
    let text = try Clips.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", stream, "-read_intervals", "%+#2", "-show_entries", "frame=pts_time", "-of", "csv=p=0",
        path,
      ])
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
    return Double(line.trimmingCharacters(in: .whitespaces.union(.init(charactersIn: ",")))) ?? .nan
  }

  /// A cut, other speeds, and a dissolve; every flash comes with its beep.
  static func flashes(_ source: String, pitch: Bool) -> String {
    """
    { canvas: { width: 320, height: 180, fps: 25 }, sources: { f: "\(source)" },
      tracks: [ { kind: "video", clips: [
        { source: "f", at: 0, in: 0.2, duration: 2 },
        { source: "f", at: 2, in: 0, speed: 2, duration: 0.6, sound: { preservesPitch: \(pitch) } },
        { source: "f", at: 2.6, in: 0.2, speed: 0.5, duration: 1.4, sound: { preservesPitch: \(pitch) } },
        { source: "f", at: 4, in: 1, duration: 2 },
        { source: "f", at: 6, in: 2, duration: 2, transition: { kind: "dissolve", duration: 0.3 } } ] } ] }
    """
  }
  /// Where the timeline above has them.
  static let expected = [0.2, 1.2, 2.2, 3.0, 4.4, 5.4, 6.4, 7.4]

  @Test(arguments: ["mp4", "mkv", "mov"])
  func picturesAndSoundAreInStep(_ ending: String) throws {
    let box = try Sandbox()
    for (index, source) in [Clips.flashMKV, Clips.flashMP4].enumerated() {
      try box.write("p.json5", Self.flashes(source, pitch: false))
      try box.render(["render", "p.json5", "-o", "o\(index).\(ending)", "--preset", "ultrafast"])
      let onsets = try Self.onsets(box.path("o\(index).\(ending)"), rate: 25)
      #expect(onsets.flashes.count == Self.expected.count && onsets.beeps.count == Self.expected.count, "\(onsets)")
      for (time, (flash, beep)) in zip(Self.expected, zip(onsets.flashes, onsets.beeps)) {
        #expect(abs(flash - time) < 0.001, "a flash at \(flash), not at \(time)")
        #expect(abs(beep - flash) < 0.001, "a beep at \(beep), its flash at \(flash)")
      }
    }
  }

  @Test func soundAloneAndIntoPipes() throws {
    let box = try Sandbox()
    try box.write("p.json5", Self.flashes(Clips.flashMKV, pitch: true))
    let statistics = try box.render(["render", "p.json5", "-o", "a.wav"])
    // Nothing of the pictures was opened.
    #expect(statistics["streamsOpened"] == 0)
    #expect((statistics.value(["workers"]) as? [[String: Any]])?.allSatisfy { $0["role"] as? String != "decoder" } == true)
    let alone = try Self.samples(box.path("a.wav"))
    #expect(alone.count == 8 * 48000)
    for ending in ["flac", "m4a", "mp3", "opus", "mka"] {
      try box.render(["render", "p.json5", "-o", "a.\(ending)"])
      let others = try Self.samples(box.path("a.\(ending)"))
      // ffmpeg 5 gives out an MP4's last packet whole, against its edit list.
      let behind = ending == "m4a" ? 1023 : 0
      #expect((0...behind).contains(others.count - alone.count), "\(ending): \(others.count) samples")
    }
    // 24 bits against 16.
    let fine = try Self.samples(box.path("a.flac"))
    #expect(zip(fine, alone).allSatisfy { abs($0 - $1) <= 1.01 / 32768 })
    for channels in [1, 6] {
      try box.render(["render", "p.json5", "-o", "c\(channels).wav", "--channels", "\(channels)"])
      let probed = try Clips.run(
        "ffprobe", ["-v", "error", "-show_entries", "stream=channels", "-of", "csv=p=0", box.path("c\(channels).wav")])
      #expect(String(decoding: probed, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) == "\(channels)")
    }
    let piped = try box.sluice(["render", "p.json5", "-o", "-", "--format", "wav", "--progress", "none"])
    #expect(piped.status == 0 && piped.errors == "", "\(piped.errors)")
    try piped.out.write(to: URL(fileURLWithPath: box.path("piped.wav")))
    #expect(try Self.samples(box.path("piped.wav")) == alone)
    // Both, in one pipe.
    let both = try box.sluice(["render", "p.json5", "-o", "-", "--format", "nut", "--progress", "none"])
    #expect(both.status == 0 && both.errors == "", "\(both.errors)")
    try both.out.write(to: URL(fileURLWithPath: box.path("both.nut")))
    #expect(try Self.samples(box.path("both.nut")) == alone)
    let onsets = try Self.onsets(box.path("both.nut"), rate: 25)
    #expect(zip(onsets.flashes, Self.expected).allSatisfy { abs($0 - $1) < 0.001 })
    box.expectNothingLeft()
  }

  /// Deaths of the one that mixes and of the one that encodes, where there are segments and where there are none.
  @Test(arguments: ["mp4", "flac", "nut"])
  func deathsLeaveTheSameBytes(_ ending: String) throws {
    let box = try Sandbox()
    try box.write("p.json5", Self.flashes(Clips.flashMP4, pitch: true))
    try box.write("launch.json5", KillPointTests.patient)
    let arguments = ["render", "p.json5", "--launch", "launch.json5"] + (ending == "mp4" ? ["--preset", "ultrafast"] : [])
    try box.render(arguments + ["-o", "whole.\(ending)"])
    var random = SeededRandom(state: 5)
    var kills = 0
    for round in 0..<2 {
      let run = try box.start(arguments + ["-o", "hurt\(round).\(ending)", "--stats", "stats.json", "--progress", "none"])
      let end = DispatchTime.now().uptimeNanoseconds + 60_000_000_000
      var left = 4
      while left > 0, !run.hasEnded, DispatchTime.now().uptimeNanoseconds < end {
        poll(nil, 0, Int32.random(in: 5...60, using: &random))
        let victims =
          Processes.children(of: run.pid, named: "sluice-audio") + Processes.children(of: run.pid, named: "sluice-encoder")
        guard let victim = victims.randomElement(using: &random) else { continue }
        kill(victim, SIGKILL)
        kills += 1
        left -= 1
      }
      #expect(run.wait(within: 120) == 0, "\(run.errors)")
      let same = try box.data("hurt\(round).\(ending)") == box.data("whole.\(ending)")
      #expect(same, "the bytes differ: \(run.errors)")
      #expect(try Statistics(box.data("stats.json"))["slots", "leaked"] == 0)
    }
    #expect(kills > 0)
    box.expectNothingLeft()
  }

  /// What was mixed before is found again; an edit of the sound makes it anew and keeps the pictures.
  @Test func soundIsKeptAndFound() throws {
    let box = try Sandbox()
    box.keepsSegments = true
    try box.write("p.json5", Self.flashes(Clips.flashMKV, pitch: true))
    let arguments = ["render", "p.json5", "--preset", "ultrafast"]
    let first = try box.render(arguments + ["-o", "a.mp4"])
    #expect(first.value(["stages", "audio", "reused"]) as? Bool == false)
    let again = try box.render(arguments + ["-o", "b.mp4"])
    #expect(again.value(["stages", "audio", "reused"]) as? Bool == true)
    #expect((again.value(["workers"]) as? [Any])?.isEmpty == true)
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
    try box.write("p.json5", Self.flashes(Clips.flashMKV, pitch: false))
    let edited = try box.render(arguments + ["-o", "c.mp4"])
    #expect(edited.value(["stages", "audio", "reused"]) as? Bool == false)
    #expect(edited["segments", "rendered"] == 0 && edited["segments", "reused"] > 0)
    #expect(try box.data("a.mp4") != box.data("c.mp4"))
    try box.render(arguments + ["-o", "d.mp4", "--no-cache"])
    #expect(try box.data("d.mp4") == box.data("c.mp4"))
  }

  @Test func theProfileIsInTheStatistics() throws {
    let box = try Sandbox()
    try box.write("p.json5", Self.flashes(Clips.flashMKV, pitch: true))
    let statistics = try box.render(["render", "p.json5", "-o", "a.wav", "--loudness", "-20"])
    #expect(statistics["stages", "audio", "quanta"] >= 3000)
    #expect(statistics["stages", "audio", "averageLoad"] > 0)
    #expect(statistics["stages", "audio", "peakLoad"] >= statistics["stages", "audio", "averageLoad"])
    #expect(statistics["stages", "audio", "underrunEvents"] == 0)
    #expect(statistics["stages", "audio", "loudness"] < 0)
    #expect(["low", "medium", "high"].contains(statistics.value(["stages", "audio", "poolPressure"]) as? String ?? ""))
  }
}
