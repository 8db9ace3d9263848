import Supervisor

/// `--stats`: the names are a contract; more may be added.
public enum StatisticsJSON {
  public static func of(_ statistics: RunStatistics) -> JSONText {
    let s = statistics
    return .object([
      ("schema", .integer(1)),
      ("run", .string(s.run)),
      ("frames", .integer(s.frames)),
      ("wallSeconds", .number(s.wallSeconds)),
      ("cpuSeconds", .number(s.cpuSeconds)),
      ("supervisorCPUSeconds", .number(s.supervisorCPUSeconds)),
      ("fps", .number(s.wallSeconds > 0 ? Double(s.frames) / s.wallSeconds : 0)),
      ("peakMemoryBytes", .unsigned(s.peakMemoryBytes)),
      ("memoryBudgetBytes", .unsigned(s.memoryBudgetBytes)),
      ("bytesCopiedPerFrame", .number(s.frames > 0 ? Double(s.bytesCopied) / Double(s.frames) : 0)),
      ("outputBytes", .unsigned(s.outputBytes)),
      ("buffersCreated", .unsigned(s.buffersCreated)),
      ("streamsOpened", .integer(Int64(s.streamsOpened))),
      (
        "slots",
        .object([
          ("total", .integer(Int64(s.slotsTotal))), ("peakInUse", .integer(Int64(s.slotsPeakInUse))),
          ("leaked", .integer(Int64(s.slotsLeaked))),
        ])
      ),
      (
        "stages",
        .object([
          ("decode", stage(s.decode)), ("render", stage(s.render)), ("encode", stage(s.encode)), ("audio", stage(s.audio)),
        ])
      ),
      (
        "segments",
        .object([("rendered", .integer(Int64(s.segmentsRendered))), ("reused", .integer(Int64(s.segmentsReused)))])
      ),
      ("restarts", .integer(Int64(s.restarts))),
      ("limitedBy", .string(s.limitedBy)),
      ("workers", .array(s.workers.map(worker))),
    ])
  }

  private static func stage(_ stage: RunStatistics.Stage) -> JSONText {
    .object([
      ("frames", .unsigned(stage.frames)),
      ("busySeconds", .number(stage.busySeconds)),
      ("blockedSeconds", .number(stage.blockedSeconds)),
      ("directFrames", .unsigned(stage.directFrames)),
      ("fallbackFrames", .unsigned(stage.fallbackFrames)),
      ("bypassedFrames", .unsigned(stage.bypassedFrames)),
      ("reusedFrames", .unsigned(stage.reusedFrames)),
      ("damagedFrames", .unsigned(stage.damagedFrames)),
    ])
  }

  private static func worker(_ worker: RunStatistics.Worker) -> JSONText {
    .object([
      ("name", .string(worker.name)), ("role", .string(worker.role)), ("pid", .integer(Int64(worker.pid))),
      ("restarts", .integer(Int64(worker.restarts))), ("peakPrivateBytes", .unsigned(worker.peakPrivateBytes)),
    ])
  }
}
