import CSluice
import FrameModel
import Plan
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase

/// Makes the figures of a run from the parts that have them. Used from the supervisor's thread.
struct RunReport {
  let started: UInt64
  var limits = LimitTally()
  var memory: MemoryGauge
  /// Segments that were encoded.
  var segmentsWritten = 0
  private let prepared: RunPreparation
  /// Output frames a second in real time.
  private let rate: Double

  init(_ prepared: RunPreparation, rate: Double, started: UInt64) {
    self.prepared = prepared
    self.rate = rate
    self.started = started
    memory = MemoryGauge(started: started)
  }

  /// Output frames that are encoded; of sound alone those that it is as long as.
  private func encoded(_ scheduler: Scheduler) -> Int64 {
    prepared.hasPictures ? scheduler.counts.framesEncoded : scheduler.soundProgress
  }

  private func seconds(_ now: UInt64) -> Double { Double(now - started) / 1e9 }

  func progress(_ scheduler: Scheduler, _ sink: any FrameSink, now: UInt64, isFinal: Bool) -> RunProgress {
    var progress = RunProgress()
    let encoded = encoded(scheduler)
    progress.frames = encoded + sink.flow.reusedFrames + scheduler.counts.dropped
    progress.totalFrames = scheduler.plan.frameCount
    progress.wallSeconds = seconds(now)
    if progress.wallSeconds > 0 { progress.fps = Double(encoded) / progress.wallSeconds }
    if !isFinal, encoded > 10, progress.fps > 0 {
      progress.secondsLeft = Double(progress.totalFrames - progress.frames) / progress.fps
    }
    progress.limitedBy = isFinal ? limits.overall : limits.now
    progress.memoryBytes = memory.peak
    return progress
  }

  /// How the run is now.
  func figures(_ scheduler: Scheduler, _ pool: WorkerPool, _ sink: any FrameSink, now: UInt64) -> RunFigures {
    var figures = RunFigures(progress: progress(scheduler, sink, now: now, isFinal: false), rate: rate)
    figures.currentMemoryBytes = memory.current
    figures.lanes = scheduler.laneCount
    figures.statistics.peakMemoryBytes = memory.peak
    figures.statistics.memoryBudgetBytes = prepared.memory
    figures.statistics.restarts = pool.restarts + sink.restarts
    return figures
  }

  /// The same as `sluice ps` shows it.
  func state(
    _ scheduler: Scheduler, _ pool: WorkerPool, _ sink: any FrameSink, now: UInt64, facts: [JSONMember]
  ) -> JSONValue {
    let figures = figures(scheduler, pool, sink, now: now)
    let workers = pool.workers.map { worker in
      JSONValue.object(
        WorkerMetrics.all.members(.state, of: RunStatistics.Worker(worker), real: JSONValue.number(thousandths:)))
    }
    return .object(
      [JSONMember("ok", .bool(true))] + facts
        + RunMetrics.all.members(.state, of: figures, real: JSONValue.number(thousandths:))
        + [JSONMember("workers", .array(workers))])
  }

  /// How it was, when it is over.
  func statistics(_ scheduler: Scheduler, _ pool: WorkerPool, _ sink: any FrameSink, run: String, now: UInt64) -> RunStatistics {
    var result = RunStatistics()
    result.run = run
    result.frames = encoded(scheduler) + sink.flow.reusedFrames
    result.wallSeconds = seconds(now)
    result.supervisorCPUSeconds = Double(sluice_cpu_self()) / 1e9
    result.cpuSeconds = result.supervisorCPUSeconds + Double(sluice_cpu_children()) / 1e9
    result.peakMemoryBytes = memory.peak
    result.memoryBudgetBytes = prepared.memory
    result.slots.total = scheduler.ledger.activeCount
    result.slots.peakInUse = scheduler.ledger.peakInUse
    result.slots.leaked = scheduler.ledger.inUse
    result.stages.decode = pool.counters.stage(.decoder)
    result.stages.render = pool.counters.stage(.renderer)
    result.stages.filter = pool.counters.stage(.filter)
    result.stages.encode = pool.counters.stage(.encoder, .soundEncoder)
    result.stages.audio = pool.counters.stage(.audio)
    result.counts = scheduler.counts
    result.audioProfile = pool.counters.audio
    result.soundReused = sink.flow.reusedSound
    result.segments.rendered = segmentsWritten
    result.segments.reused = sink.flow.reused.count
    result.restarts = pool.restarts + sink.restarts
    result.limitedBy = limits.overall
    result.outputBytes = sink.bytes
    result.workers = pool.retired
    return result
  }
}

extension JSONValue {
  /// A measured figure, to a thousandth.
  static func number(thousandths value: Double) -> JSONValue {
    value.isFinite ? .number((value * 1000).rounded() / 1000) : .null
  }
}
