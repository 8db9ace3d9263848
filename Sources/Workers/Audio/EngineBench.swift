import AudioEngine
import CAllocationCounter
import SluiceBase
import SystemBase

/// `sluice-audio --bench TRACKS SECONDS`: the engine in real time, then as fast as it goes; prints a line of JSON.
enum EngineBench {
  static func run(_ arguments: [String]) throws(SluiceError) {
    guard arguments.count == 2, let tracks = Int(arguments[0]), let seconds = Double(arguments[1]), 1...1024 ~= tracks,
      1...86400 ~= seconds
    else { throw SluiceError(.usage, "--bench wants a number of tracks (1 to 1024) and of seconds (1 to 86400)") }
    var bench = AudioBench()
    bench.tracks = tracks
    bench.seconds = seconds
    bench.offlineSeconds = seconds
    if sluice_allocations_are_counted() { bench.allocations = AllocationProbe { sluice_allocation_count() } }
    let report = try bench.run()
    _ = try? System.writeAll(1, line(report, bench) + "\n")
  }

  private static func line(_ report: AudioBench.Report, _ bench: AudioBench) -> String {
    let realtime = report.realtime, playback = realtime.playback
    let scheduling: String
    switch report.scheduling {
    case .fifo(let priority): scheduling = "SCHED_FIFO \(priority)"
    case .normal(let reason): scheduling = reason
    }
    let pools = report.pools.filter { $0.created > 0 }.map { pool in
      JSONValue.object([
        JSONMember("name", .string(pool.name)), JSONMember("created", .number(pool.created)),
        JSONMember("inUse", .number(pool.inUse)), JSONMember("pooled", .number(pool.pooled)),
        JSONMember("peakInUse", .number(pool.peakInUse)), JSONMember("pressure", .string(pool.pressure.rawValue)),
        JSONMember("bytes", .number(pool.bytes)),
      ])
    }
    return JSONValue.object([
      JSONMember("tracks", .number(bench.tracks)), JSONMember("sampleRate", .number(Int(bench.sampleRate))),
      JSONMember("seconds", .number(bench.seconds)), JSONMember("quanta", .number(realtime.quanta)),
      JSONMember("averageLoad", .number(realtime.averageLoad)), JSONMember("peakLoad", .number(realtime.peakLoad)),
      JSONMember("underrunEvents", .number(playback.underrunEvents)),
      JSONMember("underrunDuration", .number(playback.underrunDuration)),
      JSONMember("averageLatency", .number(playback.averageLatency)),
      JSONMember("minimumLatency", .number(playback.minimumLatency)),
      JSONMember("maximumLatency", .number(playback.maximumLatency)),
      JSONMember("allocationsAfterFirstSecond", report.allocationsAfterFirstSecond.map { .number($0) } ?? .null),
      JSONMember("poolPressure", .string(realtime.poolPressure.rawValue)),
      JSONMember("peakResidentBytes", .number(report.peakResidentBytes)),
      JSONMember("secondsPerCPUSecond", .number(report.secondsPerCPUSecond)),
      JSONMember("secondsPerSecond", .number(report.secondsPerSecond)), JSONMember("scheduling", .string(scheduling)),
      JSONMember("pools", .array(pools)),
    ]).line
  }
}
