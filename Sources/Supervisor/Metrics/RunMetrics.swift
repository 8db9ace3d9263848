import SharedRing

/// Everything that a run tells about itself in figures. A new counter is one line here; names are a contract: more may be added.
public enum RunMetrics {
  private typealias M = Metric<RunFigures>

  public static let all: [Metric<RunFigures>] = progress + outcome + stages + ending

  private static let progress: [M] = [
    M("run", .none, .fact, .statistics, "Name of the run") { .text($0.statistics.run) },
    M("frames", .frames, .gauge, [.progress, .state], "Output frames that are encoded, found in the store or given up") {
      .whole($0.progress.frames)
    },
    M("totalFrames", .frames, .fact, [.progress, .state], "Frames of the whole output") { .whole($0.progress.totalFrames) },
    M("wallSeconds", .seconds, .counter, [.progress, .state], "Time since the start") { .real($0.progress.wallSeconds) },
    M("fps", .framesPerSecond, .gauge, [.progress, .state], "Rendered frames a second since the start") {
      .real($0.progress.fps)
    },
    M("speed", .none, .gauge, [.progress, .state], "The same as a multiple of real time") {
      .real($0.rate > 0 ? $0.progress.fps / $0.rate : 0)
    },
    M("secondsLeft", .seconds, .gauge, [.progress, .state], "Time until the end at this speed") {
      $0.progress.secondsLeft.map(MetricValue.real) ?? .unknown
    },
    M("limitedBy", .none, .gauge, [.progress, .state], "Stage that the output waits for most, in the last two seconds") {
      .text($0.progress.limitedBy)
    },
    M("memoryBytes", .bytes, .gauge, .progress, "Most memory of all processes so far") { .natural($0.progress.memoryBytes) },
    M("memoryBytes", .bytes, .gauge, .state, "Memory of all processes now") { .natural($0.currentMemoryBytes) },
  ]

  private static let outcome: [M] = [
    M("frames", .frames, .counter, .statistics, "Output frames that are encoded or found in the store") {
      .whole($0.statistics.frames)
    },
    M("wallSeconds", .seconds, .counter, .statistics, "Time from start to end") { .real($0.statistics.wallSeconds) },
    M("cpuSeconds", .seconds, .counter, .statistics, "Processor time of all processes") { .real($0.statistics.cpuSeconds) },
    M("supervisorCPUSeconds", .seconds, .counter, .statistics, "Processor time of the supervisor") {
      .real($0.statistics.supervisorCPUSeconds)
    },
    M("fps", .framesPerSecond, .gauge, .statistics, "Output frames a second") {
      .real($0.statistics.wallSeconds > 0 ? Double($0.statistics.frames) / $0.statistics.wallSeconds : 0)
    },
    M("peakMemoryBytes", .bytes, .counter, [.statistics, .state], "Most memory of all processes so far, shared memory once") {
      .natural($0.statistics.peakMemoryBytes)
    },
    M("memoryBudgetBytes", .bytes, .fact, [.statistics, .state], "Bound on the memory of all processes") {
      .natural($0.statistics.memoryBudgetBytes)
    },
    M("bytesCopiedPerFrame", .bytesPerFrame, .gauge, .statistics, "Bytes of pictures that were moved without computing anything")
    {
      .real($0.statistics.frames > 0 ? Double($0.statistics.stages.sum(.copiedBytes)) / Double($0.statistics.frames) : 0)
    },
    M("droppedFrames", .frames, .counter, .statistics, "Finished frames that a live preview gave up") {
      .whole($0.statistics.counts.dropped)
    },
    M("outputBytes", .bytes, .counter, .statistics, "Bytes of the output") { .natural($0.statistics.outputBytes) },
    M("buffersCreated", .none, .counter, .statistics, "Picture buffers that stages allocated") {
      .natural($0.statistics.stages.sum(.buffersCreated))
    },
    M("streamsOpened", .none, .counter, .statistics, "Decode streams that were opened") {
      .whole($0.statistics.counts.streamsOpened)
    },
    M("slots.total", .none, .fact, .statistics, "Slots of all rings") { .whole($0.statistics.slots.total) },
    M("slots.peakInUse", .none, .counter, .statistics, "Most slots in use at a time") { .whole($0.statistics.slots.peakInUse) },
    M("slots.leaked", .none, .gauge, .statistics, "Slots that were still in use at the end") {
      .whole($0.statistics.slots.leaked)
    },
  ]

  private static let stages: [M] =
    stage("decode", \.decode)
    + stage(
      "render", \.render, frames: { $0.counts.rendered }, bypassed: { $0.counts.bypassed }, reused: { $0.counts.reused })
    + stage("filter", \.filter, frames: { $0.counts.filtered }, reused: { $0.counts.filterReused })
    + stage("encode", \.encode) + stage("audio", \.audio) + audio

  private typealias Count = @Sendable (RunStatistics) -> UInt64

  /// - Parameter frames: nil: what the stage's workers counted.
  private static func stage(
    _ name: String, _ path: any KeyPath<RunStatistics.Stages, RunStatistics.Stage> & Sendable, frames: Count? = nil,
    bypassed: @escaping Count = { _ in 0 }, reused: @escaping Count = { _ in 0 }
  ) -> [M] {
    func figure(_ figure: String, _ unit: M.Unit, _ help: String, _ read: @escaping @Sendable (RunStatistics) -> MetricValue) -> M
    {
      M("stages.\(name).\(figure)", unit, .counter, .statistics, help) { read($0.statistics) }
    }
    func count(_ name: String, _ help: String, _ counter: StageCounter) -> M {
      figure(name, .frames, help) { .natural($0.stages[keyPath: path][counter]) }
    }
    func time(_ name: String, _ help: String, _ counter: StageCounter) -> M {
      figure(name, .seconds, help) { .real($0.stages[keyPath: path].seconds(counter)) }
    }
    return [
      figure("frames", .frames, "Frames that the stage finished") { .natural(frames?($0) ?? $0.stages[keyPath: path][.frames]) },
      time("busySeconds", "Time that its workers computed", .busyNanoseconds),
      time("blockedSeconds", "Time that its workers waited for room", .blockedNanoseconds),
      count("directFrames", "Frames that a codec wrote into, or read from, a slot itself", .directFrames),
      count("fallbackFrames", "Frames that had to be copied or converted", .fallbackFrames),
      figure("bypassedFrames", .frames, "Frames that needed no work of the stage") { .natural(bypassed($0)) },
      figure("reusedFrames", .frames, "Frames that equal the one before and took its picture") { .natural(reused($0)) },
      count("damagedFrames", "Frames whose media were damaged", .damagedFrames),
    ]
  }

  /// The profile of the audio engine, where there was one.
  private static let audio: [M] = [
    M("stages.audio.reused", .none, .fact, .statistics, "The sound was found in the store") { .flag($0.statistics.soundReused) },
    engine("quanta", .none, "Quanta of 128 frames that were computed") { .natural($0.quanta) },
    engine("averageLoad", .none, "Part of the time of a quantum that computing it took") { .real($0.averageLoad) },
    engine("peakLoad", .none, "The largest such part") { .real($0.peakLoad) },
    engine("underrunEvents", .none, "Quanta that came too late") { .natural($0.underruns) },
    engine("underrunDuration", .seconds, "Time by which they were late") { .real($0.underrunSeconds) },
    engine("averageLatency", .seconds, "Time that sound stayed in the engine") { .real($0.latencySeconds) },
    engine("allocations", .none, "Allocations in the middle of a quantum") { .natural($0.allocations) },
    engine("poolPressure", .none, "How much of the node pools was in use") {
      .text(["low", "medium", "high"][min(max($0.poolPressure, 0), 2)])
    },
    engine("loudness", .lufs, "Integrated loudness of the mix") { $0.truePeak == nil ? nil : $0.loudness.map(MetricValue.real) },
    engine("truePeak", .dBTP, "True peak of the mix") { $0.loudness == nil ? nil : $0.truePeak.map(MetricValue.real) },
  ]

  private static func engine(
    _ name: String, _ unit: M.Unit, _ help: String, _ read: @escaping @Sendable (AudioProfile) -> MetricValue?
  ) -> M {
    M("stages.audio.\(name)", unit, .gauge, .statistics, help) { $0.statistics.audioProfile.flatMap(read) ?? .absent }
  }

  private static let ending: [M] = [
    M("segments.rendered", .none, .counter, .statistics, "Segments that were encoded") {
      .whole($0.statistics.segments.rendered)
    },
    M("segments.reused", .none, .counter, .statistics, "Segments that were found in the store") {
      .whole($0.statistics.segments.reused)
    },
    M("lanes", .none, .gauge, .state, "Segments that may be in progress at the same time") { .whole($0.lanes) },
    M("restarts", .none, .counter, [.statistics, .state], "Workers that were started again") { .whole($0.statistics.restarts) },
    M("limitedBy", .none, .gauge, .statistics, "Stage that the output waited for most") { .text($0.statistics.limitedBy) },
  ]
}

/// What is told of each worker.
public enum WorkerMetrics {
  private typealias M = Metric<RunStatistics.Worker>

  public static let all: [Metric<RunStatistics.Worker>] = [
    M("name", .none, .fact, [.statistics, .state], "Name, which nobody else in the run has had") { .text($0.name) },
    M("role", .none, .fact, [.statistics, .state], "Its role") { .text($0.role) },
    M("pid", .none, .fact, [.statistics, .state], "Its process") { .whole($0.pid) },
    M("origin", .none, .fact, [.statistics, .state], "Started by the run, or attached by itself") {
      .text($0.isOurs ? "ours" : "attached")
    },
    M("state", .none, .gauge, .state, "starting, ready, leaving or ending") { .text($0.state) },
    M("frames", .frames, .counter, .state, "Frames that it finished") { .natural($0.frames) },
    M("restarts", .none, .counter, [.statistics, .state], "Predecessors that it has had") { .whole($0.restarts) },
    M("privateBytes", .bytes, .gauge, .state, "Its private memory now") { .natural($0.privateBytes) },
    M("peakPrivateBytes", .bytes, .counter, [.statistics, .state], "Most private memory so far") {
      .natural($0.peakPrivateBytes)
    },
  ]
}
