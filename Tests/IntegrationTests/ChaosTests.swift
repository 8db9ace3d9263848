import CSluice
import Foundation
import Testing

/// Random kills, stops, attaches, detaches and lost messages over mixed timelines: always the same bytes, nothing left.
/// `make chaos KILLS=200 SEED=…` runs more of it. The choices follow from the seed; what they hit depends on the machine's
/// speed, so that a seed repeats a run nearly, not exactly.
@Suite(.serialized) struct ChaosTests {
  private struct Tally: CustomStringConvertible {
    var kills = 0, stops = 0, attaches = 0, detaches = 0, runs = 0
    var roles: [String: Int] = [:]
    var description: String {
      "\(kills) kills (\(roles.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))), "
        + "\(stops) stops, \(attaches) attaches, \(detaches) detaches in \(runs) runs"
    }
  }

  private static func setting(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }

  @Test(.timeLimit(.minutes(60))) func everyDisturbedRunHasTheSameBytes() throws {
    let seed = Self.setting("SLUICE_CHAOS_SEED") ?? UInt64.random(in: 1...999_999)
    let wanted = Int(Self.setting("SLUICE_CHAOS_KILLS") ?? 20)
    print("chaos: SEED=\(seed) KILLS=\(wanted)")
    var random = SeededRandom(state: seed)
    var tally = Tally()
    let box = try Sandbox()
    try box.write("launch.json5", Self.launch)
    let timelines = try MixedTimeline.all(box)
    var references: [Int: Data] = [:]
    var order = timelines.indices.shuffled(using: &random)
    while tally.kills < wanted {
      if order.isEmpty { order = timelines.indices.shuffled(using: &random) }
      let index = order.removeFirst()
      let timeline = timelines[index]
      if references[index] == nil {
        let (arguments, file) = timeline.command("whole")
        let run = try box.start(arguments + ["-y", "--progress", "none"])
        try #require(run.wait(within: 120) == 0, "\(timeline.name): \(run.errors)")
        references[index] = try timeline.bytes(box, file, run)
        try #require(references[index]?.isEmpty == false)
      }
      try disturb(timeline, references[index] ?? Data(), box, &random, &tally, kills: min(8, wanted - tally.kills), seed)
    }
    print("chaos: \(tally)")
  }

  private static let launch = """
    { workers: { decoder: { restarts: 1000, deadlineSeconds: 1 }, renderer: { restarts: 1000, deadlineSeconds: 1 },
      encoder: { restarts: 1000, deadlineSeconds: 1 }, audio: { restarts: 1000, deadlineSeconds: 1 } } }
    """

  private func disturb(
    _ timeline: MixedTimeline, _ reference: Data, _ box: Sandbox, _ random: inout SeededRandom, _ tally: inout Tally, kills: Int,
    _ seed: UInt64
  ) throws {
    tally.runs += 1
    let workers = [
      "--decoders", "\(Int.random(in: 1...2, using: &random))", "--renderers", "\(Int.random(in: 1...2, using: &random))",
    ]
    let (arguments, file) = timeline.command("hurt")
    var environment: [String: String] = [:]
    if Bool.random(using: &random) { environment["SLUICE_LOSE_MESSAGES"] = "\(Int.random(in: 2...9, using: &random))" }
    let run = try box.start(
      arguments + workers + ["-y", "--launch", "launch.json5", "--stats", "stats.json", "--progress", "none"],
      environment: environment)
    var left = kills
    // A source that ends its probe three times counts as the culprit.
    var probes = 0
    let end = DispatchTime.now().uptimeNanoseconds + 120_000_000_000
    while left > 0, !run.hasEnded, DispatchTime.now().uptimeNanoseconds < end {
      poll(nil, 0, Int32.random(in: 15...250, using: &random))
      let choice = Int.random(in: 0..<10, using: &random)
      let victims = Self.victims(of: run.pid)
      guard let victim = victims.randomElement(using: &random) else { continue }
      switch choice {
      case 0 where victim.isWorker:
        kill(victim.pid, SIGSTOP)
        tally.stops += 1
      case 1:
        let role = ["decoder", "renderer", "encoder"].randomElement(using: &random) ?? "decoder"
        if try box.sluice(["attach", "\(run.pid)", "--role", role]).status == 0 { tally.attaches += 1 }
      case 2 where victim.isWorker:
        if try box.sluice(["detach", "\(run.pid)", "\(victim.pid)"]).status == 0 { tally.detaches += 1 }
      default:
        if victim.role == "probe" { probes += 1 }
        guard victim.role != "probe" || probes < 3 else { continue }
        kill(victim.pid, SIGKILL)
        tally.kills += 1
        tally.roles[victim.role, default: 0] += 1
        left -= 1
      }
    }
    let place = "\(timeline.name), SEED=\(seed), run \(tally.runs)"
    #expect(run.wait(within: 120) == 0, "\(place): \(run.errors)")
    let same = try timeline.bytes(box, file, run) == reference
    #expect(same, "\(place): the bytes differ: \(run.errors)")
    #expect(try Statistics(box.data("stats.json"))["slots", "leaked"] == 0, "\(place)")
    box.expectNothingLeft()
  }

  private struct Victim {
    var pid: pid_t
    /// "decoder", …, "probe", "assemble".
    var role: String
    var isWorker: Bool
  }

  private static func victims(of parent: pid_t) -> [Victim] {
    ["sluice-decoder", "sluice-renderer", "sluice-encoder", "sluice-audio"].flatMap { name in
      Processes.children(of: parent, named: name).compactMap { pid -> Victim? in
        guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let mode = words.dropFirst().first else { return Victim(pid: pid, role: String(name.dropFirst(7)), isWorker: true) }
        return mode == "--probe" ? Victim(pid: pid, role: "probe", isWorker: false) : nil
      }
    }
  }
}

/// The same bytes with every number of workers, and while they come and go.
struct MatrixTests {
  @Test func bytesDoNotDependOnTheWorkers() throws {
    let box = try Sandbox()
    for timeline in try MixedTimeline.all(box) {
      var reference: Data?
      for (renderers, decoders, encoders) in [(1, 1, 1), (2, 3, 2), (4, 1, 2), (1, 3, 1), (4, 3, 1)] {
        let (arguments, file) = timeline.command("out")
        var workers = ["--renderers", "\(renderers)", "--decoders", "\(decoders)", "-y", "--progress", "none"]
        if case .file = timeline.output { workers += ["--encoders", "\(encoders)"] }
        let run = try box.start(arguments + workers)
        try #require(run.wait(within: 120) == 0, "\(timeline.name): \(run.errors)")
        let bytes = try timeline.bytes(box, file, run)
        #expect(!bytes.isEmpty)
        if reference == nil { reference = bytes }
        let same = bytes == reference
        #expect(same, "\(timeline.name) with \(renderers) renderers, \(decoders) decoders, \(encoders) encoders")
      }
    }
    box.expectNothingLeft()
  }
}
