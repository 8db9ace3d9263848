import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// Which stage a run waits for, counted by samples.
struct LimitTally {
  private var counts: [String: Int] = [:]
  private var recent: [String] = []

  mutating func note(_ stage: String) {
    guard !stage.isEmpty else { return }
    counts[stage, default: 0] += 1
    recent.append(stage)
    if recent.count > 20 { recent.removeFirst() }
  }

  private static func most(_ counts: [String: Int]) -> String {
    counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
  }
  var overall: String { LimitTally.most(counts) }
  var now: String { LimitTally.most(Dictionary(recent.map { ($0, 1) }, uniquingKeysWith: +)) }
}

extension RunEngine {
  func report(final: Bool) { observer.progress(progress(final: final)) }

  func progress(final: Bool) -> RunProgress {
    var progress = RunProgress()
    // Of sound alone: the frames that it is as long as.
    let rendered = prepared.hasPictures ? scheduler.counts.framesEncoded : soundProgress
    progress.frames = rendered + flow.reusedFrames + scheduler.counts.dropped
    progress.totalFrames = scheduler.plan.frameCount
    progress.wallSeconds = Double(sluice_now_ns() - started) / 1e9
    if progress.wallSeconds > 0 { progress.fps = Double(rendered) / progress.wallSeconds }
    if !final, rendered > 10, progress.fps > 0 {
      progress.secondsLeft = Double(progress.totalFrames - progress.frames) / progress.fps
    }
    progress.limitedBy = final ? limits.overall : limits.now
    progress.memoryBytes = peakMemory
    return progress
  }

  func statistics() -> RunStatistics {
    var result = RunStatistics()
    let counts = scheduler.counts
    result.run = directory.name
    result.frames = (prepared.hasPictures ? counts.framesEncoded : soundProgress) + flow.reusedFrames
    result.wallSeconds = Double(sluice_now_ns() - started) / 1e9
    result.supervisorCPUSeconds = Double(sluice_cpu_self()) / 1e9
    result.cpuSeconds = result.supervisorCPUSeconds + Double(sluice_cpu_children()) / 1e9
    result.peakMemoryBytes = peakMemory
    result.memoryBudgetBytes = prepared.memory
    result.slotsTotal = scheduler.ledger.activeCount
    result.slotsPeakInUse = scheduler.ledger.peakInUse
    result.slotsLeaked = scheduler.ledger.inUse
    result.decode = stage(SLUICE_ROLE_DECODER)
    result.render = stage(SLUICE_ROLE_RENDERER)
    result.render.frames = counts.rendered
    result.render.bypassedFrames = counts.bypassed
    result.render.reusedFrames = counts.reused
    result.encode = stage(SLUICE_ROLE_ENCODER)
    result.audio = stage(SLUICE_ROLE_AUDIO)
    result.audioProfile = counters.audio
    result.soundReused = flow.reusedSound
    result.filter = stage(SLUICE_ROLE_FILTER)
    result.filter.frames = counts.filtered
    result.filter.reusedFrames = counts.filterReused
    for role in [SLUICE_ROLE_DECODER, SLUICE_ROLE_RENDERER, SLUICE_ROLE_FILTER, SLUICE_ROLE_ENCODER, SLUICE_ROLE_AUDIO] {
      result.bytesCopied &+= counters.value(.copiedBytes, role: role, live: [])
      result.buffersCreated &+= counters.value(.buffersCreated, role: role, live: [])
    }
    result.droppedFrames = counts.dropped
    result.segmentsRendered = segmentsWritten
    result.segmentsReused = flow.reused.count
    result.restarts = restarts
    result.limitedBy = limits.overall
    result.outputBytes = outputBytes
    result.streamsOpened = counts.streamsOpened
    result.workers = retired
    return result
  }

  private func stage(_ role: sluice_role) -> RunStatistics.Stage {
    var stage = RunStatistics.Stage()
    stage.frames = counters.value(.frames, role: role, live: [])
    stage.busySeconds = Double(counters.value(.busyNanoseconds, role: role, live: [])) / 1e9
    stage.blockedSeconds = Double(counters.value(.blockedNanoseconds, role: role, live: [])) / 1e9
    stage.directFrames = counters.value(.directFrames, role: role, live: [])
    stage.fallbackFrames = counters.value(.fallbackFrames, role: role, live: [])
    stage.damagedFrames = counters.value(.damagedFrames, role: role, live: [])
    return stage
  }
}
