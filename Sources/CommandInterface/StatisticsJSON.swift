import SluiceBase
import Supervisor

/// `--stats`: the names are a contract; more may be added.
public enum StatisticsJSON {
  public static func of(_ s: RunStatistics) -> JSONValue {
    .object([
      "schema": .number(1),
      "run": .string(s.run),
      "frames": .number(s.frames),
      "wallSeconds": number(s.wallSeconds),
      "cpuSeconds": number(s.cpuSeconds),
      "supervisorCPUSeconds": number(s.supervisorCPUSeconds),
      "fps": number(s.wallSeconds > 0 ? Double(s.frames) / s.wallSeconds : 0),
      "peakMemoryBytes": .number(s.peakMemoryBytes),
      "memoryBudgetBytes": .number(s.memoryBudgetBytes),
      "bytesCopiedPerFrame": number(s.frames > 0 ? Double(s.bytesCopied) / Double(s.frames) : 0),
      "droppedFrames": .number(s.droppedFrames),
      "outputBytes": .number(s.outputBytes),
      "buffersCreated": .number(s.buffersCreated),
      "streamsOpened": .number(s.streamsOpened),
      "slots": .object([
        "total": .number(s.slotsTotal), "peakInUse": .number(s.slotsPeakInUse), "leaked": .number(s.slotsLeaked),
      ]),
      "stages": .object([
        "decode": stage(s.decode), "render": stage(s.render), "filter": stage(s.filter), "encode": stage(s.encode),
        "audio": audio(s),
      ]),
      "segments": .object(["rendered": .number(s.segmentsRendered), "reused": .number(s.segmentsReused)]),
      "restarts": .number(s.restarts),
      "limitedBy": .string(s.limitedBy),
      "workers": .array(s.workers.map(worker)),
    ])
  }

  private static func stage(_ stage: RunStatistics.Stage) -> JSONValue {
    .object([
      "frames": .number(stage.frames),
      "busySeconds": number(stage.busySeconds),
      "blockedSeconds": number(stage.blockedSeconds),
      "directFrames": .number(stage.directFrames),
      "fallbackFrames": .number(stage.fallbackFrames),
      "bypassedFrames": .number(stage.bypassedFrames),
      "reusedFrames": .number(stage.reusedFrames),
      "damagedFrames": .number(stage.damagedFrames),
    ])
  }

  /// The stage, and the profile of its engine where there was one.
  private static func audio(_ s: RunStatistics) -> JSONValue {
    guard case .object(var members) = stage(s.audio).content else { return .null }
    members.append(JSONMember("reused", .bool(s.soundReused)))
    guard let profile = s.audioProfile else { return .object(members) }
    members += [
      JSONMember("quanta", .number(profile.quanta)), JSONMember("averageLoad", number(profile.averageLoad)),
      JSONMember("peakLoad", number(profile.peakLoad)), JSONMember("underrunEvents", .number(profile.underruns)),
      JSONMember("underrunDuration", number(profile.underrunSeconds)),
      JSONMember("averageLatency", number(profile.latencySeconds)),
      JSONMember("allocations", .number(profile.allocations)),
      JSONMember("poolPressure", .string(["low", "medium", "high"][min(max(profile.poolPressure, 0), 2)])),
    ]
    if let loudness = profile.loudness, let peak = profile.truePeak {
      members += [JSONMember("loudness", number(loudness)), JSONMember("truePeak", number(peak))]
    }
    return .object(members)
  }

  private static func worker(_ worker: RunStatistics.Worker) -> JSONValue {
    .object([
      "name": .string(worker.name), "role": .string(worker.role), "pid": .number(worker.pid),
      "origin": .string(worker.isOurs ? "ours" : "attached"), "restarts": .number(worker.restarts),
      "peakPrivateBytes": .number(worker.peakPrivateBytes),
    ])
  }

  /// Seconds and rates to the microsecond; a member is a number even where a division went wrong.
  static func number(_ value: Double) -> JSONValue {
    let text = Values.fixed(value, 6)
    let end = text.lastIndex { $0 != "0" } ?? text.startIndex
    return .number(text: String(text[end] == "." ? text[..<end] : text[...end]))
  }
}
