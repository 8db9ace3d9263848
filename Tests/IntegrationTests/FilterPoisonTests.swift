import CSluice
import Foundation
import Testing

/// Pictures that end whoever filters them: named, and with `--on-error hold` got over as a frame that cannot be drawn.
struct FilterPoisonTests {
  private static let project = """
    { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.bframes)" },
      tracks: [ { kind: "video", clips: [
        { source: "a", at: 0, duration: 2, opacity: 0.75, effects: [ { worker: "invert", parameters: { planes: [1, 2] } } ] } ] } ],
      output: { effects: [ { worker: "invert", parameters: { planes: [0] } } ] } }
    """

  /// The example worker, with a fault at a frame of the clip's filter or the whole frame's.
  private static func launch(_ box: Sandbox, _ when: String, _ fault: String, _ more: String = "") throws -> [String] {
    let script = try box.write(
      "faulty.py",
      """
      import os, sys, time
      sys.path.insert(0, "\(FilterTests.examples)")
      import worker
      honest = worker.process
      def process(picture, out, parameters, frame):
          isWhole = parameters["planes"] == [0]
          if \(when):
              \(fault)
          honest(picture, out, parameters, frame)
      worker.process = process
      worker.main()
      """)
    return try FilterTests.launch(box, "[\"python3\", \"-B\", \"\(script)\"]", more)
  }

  private static func run(_ box: Sandbox, _ arguments: [String]) throws -> Sandbox.Result {
    try box.write("p.json5", project)
    return try box.sluice(["render", "p.json5", "--format", "y4m", "--progress", "none", "--stats", "stats.json"] + arguments)
  }

  private static let whole: [Data] = {
    do {
      let box = try Sandbox()
      let run = try run(box, ["-o", "out.y4m"] + FilterTests.launch(box, FilterTests.Language.c.command))
      return run.status == 0 ? Y4M(try box.data("out.y4m")).frames.map { Data($0) } : []
    } catch { return [] }
  }()

  @Test(arguments: [
    ("isWhole and frame == 30", "os._exit(3)", "output frame 30, at 00:00:01.250: filter \"invert\"", "3 times in a row"),
    (
      "not isWhole and frame == 30", "os.abort()", "bframes.mp4, at 00:00:01.250 (output frame 30): filter", "3 times in a row"
    ),
    (
      "isWhole and frame == 30", "raise ValueError('no model')", "output frame 30, at 00:00:01.250: filter",
      "ValueError: no model"
    ),
  ])
  func aPictureThatEndsItsFiltersIsNamedOrHeld(_ when: String, _ fault: String, _ place: String, _ reason: String) throws {
    let box = try Sandbox()
    let launch = try Self.launch(box, when, fault)
    let failed = try Self.run(box, ["-o", "not.y4m"] + launch)
    #expect(failed.status == 70, "\(failed.errors)")
    let last = failed.errors.split(separator: "\n").last ?? ""
    #expect(last.contains(place) && last.contains(reason), "\(failed.errors)")
    #expect(!box.exists("not.y4m"))
    // Frame 30 is the first of a segment where there are segments; here there are none.
    for output in ["out.y4m", "-"] {
      let run = try Self.run(box, ["-o", output, "--on-error", "hold", "--renderers", output == "-" ? "2" : "1"] + launch)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains(place) && run.errors.contains("the frame before is held"), "\(run.errors)")
      var wanted = Self.whole
      try #require(wanted.count == 48)
      wanted[30] = wanted[29]
      let frames = Y4M(output == "-" ? run.out : try box.data(output)).frames.map { Data($0) }
      let differing = zip(frames, wanted).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
      #expect(frames.count == 48 && differing == [])
      #expect(try Statistics(box.data("stats.json"))["slots", "leaked"] == 0)
      box.expectNothingLeft()
    }
  }

  /// Segments are encoded again from their start, so the bytes do not depend on who encodes them: also of the first frame of one.
  @Test func heldFramesAreTheSameWithAnyNumberOfWorkers() throws {
    let box = try Sandbox()
    try box.write("p.json5", Self.project)
    let launch = try Self.launch(box, "frame in (0, 17, 24, 25)", "os._exit(3)", "restarts: 1, count: 2")
    var reference: Data?
    for workers in [["--encoders", "1", "--renderers", "1"], ["--encoders", "2", "--renderers", "2"]] {
      let run = try box.sluice(
        ["render", "p.json5", "-o", "out.mkv", "-y", "--codec", "libx264", "--preset", "ultrafast", "--on-error", "hold"]
          + ["--progress", "none", "--stats", "stats.json"] + workers + launch)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("bframes.mp4, at 00:00:00.000 (output frame 0)"), "\(run.errors)")
      let bytes = try box.data("out.mkv")
      let same = bytes == reference ?? bytes
      #expect(same)
      reference = bytes
      #expect(try Statistics(box.data("stats.json"))["slots", "leaked"] == 0)
    }
    box.expectNothingLeft()
  }

  /// Not one picture, but the filter.
  @Test func aFilterThatCanDoNothingEndsTheRun() throws {
    let box = try Sandbox()
    let run = try Self.run(
      box, ["-o", "out.y4m", "--on-error", "hold"] + Self.launch(box, "isWhole", "os._exit(3)", "restarts: 1"))
    #expect(run.status == 70, "\(run.errors)")
    #expect(run.errors.split(separator: "\n").last?.contains("10 pictures in a row") == true, "\(run.errors)")
    box.expectNothingLeft()
  }

  /// Limits of the launch file hold for other people's programs, too, and are named by who runs into them.
  @Test func aFilterIsHeldToItsLimits() throws {
    guard !sluice_is_sanitized() else { return }  // no limits of memory there
    let box = try Sandbox()
    let limits = "memoryLimit: \"600MiB\", cpus: 1, restarts: 0"
    let show = """
      open("\(box.path("limits"))", "w").write(open("/proc/self/limits").read() + str(os.sched_getaffinity(0)))
              bytearray(1 << 30)
      """
    let run = try Self.run(box, ["-o", "out.y4m"] + Self.launch(box, "frame == 3", show, limits))
    #expect(run.status == 70, "\(run.errors)")
    #expect(
      run.errors.contains("MemoryError") && run.errors.contains("limited to 600 MiB (workers.filters.invert.memoryLimit"),
      "\(run.errors)")
    let found = String(decoding: try box.data("limits"), as: UTF8.self)
    #expect(found.split(separator: "\n").contains { $0.hasPrefix("Max data size") && $0.contains("\(600 << 20)") }, "\(found)")
    #expect(found.split(separator: "\n").contains { $0.hasPrefix("Max core file size") && $0.contains(" 0 ") }, "\(found)")
    #expect(found.last == "}" && found.split(separator: "{").last?.contains(",") == false, "\(found)")
  }
}
