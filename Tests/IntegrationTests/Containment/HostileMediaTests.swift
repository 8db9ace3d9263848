import Foundation
import Testing

/// Claims of headers, limits of workers, and what media may refer to.
struct HostileMediaTests {
  /// Tiny files that claim 65,000 x 65,000 pixels. Refused by size, with 200 MB to live on: decoding one takes 12 GB.
  @Test func aPictureThatClaimsToBeHugeIsRefusedBySize() throws {
    let box = try Sandbox()
    let generator = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("huge.py").path
    try Clips.ffmpeg(["-f", "lavfi", "-i", "testsrc2=s=32x32", "-frames:v", "1", box.path("small.jpg")])
    try Clips.run("python3", [generator, box.directory])
    let names = try FileManager.default.contentsOfDirectory(atPath: box.directory).filter { $0.hasPrefix("huge.") }.sorted()
    #expect(names.count == 9)
    for name in names {
      let child = try Spawned(
        "prlimit", ["--data=200000000", Sandbox.program, "probe", name], environment: box.environment, directory: box.directory)
      #expect(child.wait() == 65, "\(name): \(child.errors)")
      box.expectOneLine(child.errors, [name, "a picture of 650", "is too large"])
    }
  }

  /// Not too large for everybody, but for this budget.
  @Test func aPictureIsHeldAgainstTheBudget() throws {
    let box = try Sandbox()
    try Clips.ffmpeg([
      "-f", "lavfi", "-i", "color=s=8000x6000:c=gray", "-frames:v", "1", "-pix_fmt", "rgb24", box.path("large.png"),
    ])
    try box.refuses(
      ["grid", "large.png", "-o", "out.mp4", "--memory", "100MiB", "--canvas", "320x240", "--progress", "none"], 65, "large.png",
      "8000x6000 takes 137 MiB", "100 MiB", "--memory")
    let result = try box.sluice(
      ["grid", "large.png", "-o", "out.y4m", "--canvas", "320x240", "--duration", "0.1", "--progress", "none"])
    #expect(result.status == 0, "\(result.errors)")
  }

  /// In the middle of a stream, where no probe has looked.
  @Test func aStreamThatGrowsIsRefusedBySize() throws {
    let box = try Sandbox()
    for (name, size) in [("a", "64x64"), ("b", "10000x10000")] {
      try Clips.ffmpeg([
        "-f", "lavfi", "-i", "color=s=\(size):r=25:c=gray", "-frames:v", name == "a" ? "25" : "1", "-c:v", "mjpeg", "-f", "mjpeg",
        box.path(name),
      ])
    }
    try (box.data("a") + box.data("b")).write(to: URL(fileURLWithPath: box.path("grows.mjpeg")))
    try box.write("p.json5", CutListTests.project([.init(source: "grows.mjpeg", at: 0, from: 0, duration: 2)]))
    try box.refuses(
      ["render", "p.json5", "-o", "out.y4m", "--memory", "80MiB", "--progress", "none"], 65, "grows.mjpeg", "10000x10000",
      "80 MiB")
  }

  @Test func aWorkerDoesNotGetBeyondItsMemoryLimit() throws {
    let box = try Sandbox()
    try Clips.ffmpeg([
      "-f", "lavfi", "-i", "testsrc2=s=2560x1440:r=24", "-t", "0.5", "-c:v", "libx264", "-preset", "ultrafast",
      box.path("big.mkv"),
    ])
    try box.write(
      "p.json5",
      """
      { canvas: { width: 2560, height: 1440, fps: 24 }, sources: { a: "big.mkv" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 0.5, effects: [ { avfilter: "gblur=sigma=20" } ] } ] } ] }
      """)
    let arguments = ["render", "p.json5", "-o", "out.mp4", "-y", "--codec", "libx264", "--preset", "slow", "--progress", "none"]
    try box.render(arguments)
    let whole = try box.data("out.mp4")
    try FileManager.default.removeItem(atPath: box.path("out.mp4"))
    // What a library makes of memory that it did not get is its own: an error, a crash, or a picture that is damaged.
    var refused: Set<String> = []
    for (role, limit) in [("decoder", 64), ("decoder", 80), ("decoder", 96), ("encoder", 64), ("encoder", 112), ("encoder", 160)]
    {
      try box.write("launch.json5", "{ workers: { \(role): { memoryLimit: \"\(limit)MiB\", restarts: 1 } } }")
      let result = try box.sluice(arguments + ["--launch", "launch.json5"])
      let place = "\(role) with \(limit) MiB: \(result.errors)"
      if result.status == 0 {
        #expect(try box.data("out.mp4") == whole, "\(place)")
        try FileManager.default.removeItem(atPath: box.path("out.mp4"))
      } else {
        refused.insert(role)
        let last = result.errors.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("sluice: ") && last.contains("\(limit) MiB") && last.contains("\(role).memoryLimit"), "\(place)")
        #expect(!box.exists("out.mp4"))
      }
      box.expectNothingLeft()
    }
    #expect(refused == ["decoder", "encoder"])
  }

  @Test func aWorkerKeepsToItsProcessors() throws {
    let box = try Sandbox()
    let launch = try box.write("launch.json5", "{ workers: { decoder: { cpus: 1 }, renderer: { memoryLimit: \"700MiB\" } } }")
    let run = try EndingTests.start(box, ["--launch", launch])
    let decoder = try #require(Processes.children(of: run.pid, named: "sluice-decoder").first)
    for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(decoder)/task") {
      let status = try String(contentsOfFile: "/proc/\(decoder)/task/\(task)/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
      #expect(line.flatMap { Int($0.split(separator: "\t").last ?? "") } != nil, "one number: \(String(describing: line))")
    }
    let renderer = try #require(Processes.children(of: run.pid, named: "sluice-renderer").first)
    let limits = try String(contentsOfFile: "/proc/\(renderer)/limits", encoding: .utf8)
    #expect(limits.split(separator: "\n").contains { $0.hasPrefix("Max data size") && $0.contains("\(700 << 20)") })
    run.signal(SIGTERM)
    #expect(run.wait(within: 1) == 130)
  }

  /// Media that point to other files, by a list, a reference or a protocol, get nothing: the one with the secret is a good
  /// film, so that it would play if it could be reached.
  @Test func mediaCannotReachOtherFiles() throws {
    let box = try Sandbox()
    let secret = box.path("secret.ts")
    try Clips.ffmpeg(["-i", Clips.bframes, "-c", "copy", secret])
    try box.write("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n\(secret)\n#EXT-X-ENDLIST\n")
    try box.write("near.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.ts\n#EXT-X-ENDLIST\n")
    try box.write("web.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n")
    try box.write("list.ffconcat", "ffconcat version 1.0\nfile secret.ts\n")
    try box.write("list.txt", "file '\(secret)'\n")
    try box.write(
      "call.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n")
    try box.write(
      "list.mpd",
      "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><AdaptationSet><Representation id=\"0\"><BaseURL>\(secret)</BaseURL></Representation></AdaptationSet></Period></MPD>\n"
    )
    // A QuickTime film whose samples lie in another file: every data reference says so.
    try Clips.ffmpeg(["-i", Clips.bframes, "-c", "copy", "-movflags", "+faststart", box.path("whole.mov")])
    var film = try box.data("whole.mov")
    if let entry = film.range(of: Data([0, 0, 0, 12] + Array("url ".utf8) + [0, 0, 0, 1])) { film[entry.upperBound - 1] = 0 }
    try film.write(to: URL(fileURLWithPath: box.path("reference.mov")))
    for (name, format) in [
      ("list.m3u8", "hls"), ("near.m3u8", "hls"), ("web.m3u8", "hls"), ("list.ffconcat", "concat"), ("call.sdp", "sdp"),
    ] {
      // Refused by its kind, before anything in it is read; a list by another name, too.
      try box.refuses(["probe", name], 65, name, "the format \(format) ", "name the media itself")
      try FileManager.default.copyItem(atPath: box.path(name), toPath: box.path("film.mp4"))
      try box.refuses(["probe", "film.mp4"], 65, "film.mp4", "the format \(format) ")
      try FileManager.default.removeItem(atPath: box.path("film.mp4"))
    }
    for name in ["list.txt", "list.mpd"] { try box.refuses(["probe", name], 65, name) }
    // Its own samples at most.
    let reference = try box.sluice(["probe", "reference.mov"])
    #expect([0, 65].contains(reference.status ?? -1), "\(reference.errors)")
  }

  /// The graph is the user's, so what it names is the user's wish; what the file that it names names is not.
  @Test func aFilterGraphReadsWhatItNamesAndNoMore() throws {
    let box = try Sandbox()
    try FileManager.default.copyItem(atPath: Clips.bframes, toPath: box.path("named.mp4"))
    try box.write("list.ffconcat", "ffconcat version 1.0\nfile named.mp4\n")
    func project(_ graph: String) throws {
      try box.write(
        "p.json5",
        """
        { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: { lavfi: "\(graph)" } },
          tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 0.5 } ] } ] }
        """)
    }
    try project("movie=\(box.path("named.mp4"))")
    try box.render(["render", "p.json5", "-o", "out.y4m"])
    try project("movie=\(box.path("list.ffconcat"))")
    try box.refuses(["render", "p.json5", "-o", "not.y4m", "--progress", "none"], 65, "list.ffconcat")
    try project("movie=http\\\\\\\\://127.0.0.1\\\\\\\\:9/x.mp4")
    try box.refuses(["render", "p.json5", "-o", "not.y4m", "--progress", "none"], 65, "127.0.0.1")
  }
}
