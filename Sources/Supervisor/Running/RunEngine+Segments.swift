import CSluice
import FrameModel
import SluiceBase
import Timeline

/// Finished segments of a run: from the store or from an encoder, to the program that joins them.
struct SegmentFlow {
  /// All of the output, in order.
  var all: [Segment] = []
  /// What was found in the store, by index.
  var reused: [Int: FileDescriptor] = [:]
  /// The sound that is joined with them, as far as there is one: from the store, or from its encoder.
  var sound: FileDescriptor? = nil
  var reusedSound = false
  /// nil: nothing is kept.
  var store: RunStore?
  /// Finished, by index; kept until the output is whole, because the program that joins them may have to begin again.
  var finished: [Int: FileDescriptor] = [:]
  /// Times that the program was started again.
  var restarts = 0

  /// Contiguous runs of what is still to be rendered.
  var missing: [[Segment]] {
    var runs: [[Segment]] = []
    for segment in all where reused[segment.index] == nil {
      if let last = runs.last?.last, last.index + 1 == segment.index {
        runs[runs.count - 1].append(segment)
      } else {
        runs.append([segment])
      }
    }
    return runs
  }
  var reusedFrames: Int64 { all.reduce(0) { reused[$1.index] == nil ? $0 : $0 + Int64($1.frames.count) } }
}

extension RunEngine {
  /// What there is to do, and what of it is done already.
  static func flow(
    _ prepared: RunPreparation, _ configuration: RunConfiguration, frames: Int64, _ observer: any RunObserver
  ) -> SegmentFlow {
    var flow = SegmentFlow()
    guard !prepared.direct else {
      flow.all =
        !prepared.hasPictures ? [] : prepared.isContinuable ? Segment.cut(frames) : [Segment(index: 0, frames: 0..<frames)]
      return flow
    }
    flow.all = Segment.cut(frames)
    guard let cache = configuration.cache else { return flow }
    flow.store = RunStore(
      cache, plan: prepared.plan, media: prepared.media, workerDirectory: configuration.workerDirectory,
      warning: observer.warning)
    let parts = prepared.hasSound ? flow.all + [.sound] : flow.all
    flow.reused = flow.store?.reusable(parts, warning: observer.warning) ?? [:]
    flow.sound = flow.reused.removeValue(forKey: Segment.sound.index)
    flow.reusedSound = flow.sound != nil
    return flow
  }

  /// What the store had is finished from the start.
  func beginJoining() throws(SluiceError) {
    flow.finished = flow.reused
    try joinSegments()
  }

  func segmentFinished(_ segment: Segment, _ file: FileDescriptor) throws(SluiceError) {
    flow.finished[segment.index] = file
    flow.store?.keep(segment, file)
    if let assembler {
      assembler.add(segment: segment.index, frames: segment.frames, file: file)
    } else {
      try joinSegments()
    }
  }

  /// What a third party's encoder wrote counts when it has been checked, and is out of its reach from then on.
  func checkSegment(_ index: Int, of worker: WorkerHandle, bytes: UInt64) {
    guard let file = segmentFiles[index], let segment = flow.all.first(where: { $0.index == index }),
      !segmentChecks.contains(where: { $0.worker === worker && $0.segment == index })
    else { return }
    do throws(SluiceError) {
      let program = SegmentCheck.Program(
        path: try WorkerPrograms.find("sluice-encoder", directory: configuration.workerDirectory),
        environment: prepared.launch.encoder.limits.environment(budget: prepared.memory), limits: prepared.launch.encoder.limits,
        memoryLimit: memoryLimit(SLUICE_ROLE_ENCODER))
      // No codec makes more of a picture than 16 bits for each of three samples and as much again.
      let most = UInt64(segment.frames.count) * UInt64(scheduler.canvas.width * scheduler.canvas.height) * 12 + 64 << 20
      let check = SegmentCheck(of: file, segment, to: try output.segmentFile(), most: most, program: program)
      segmentChecks.append((worker, index, bytes, check))
    } catch {
      failure = failure ?? error
    }
  }

  /// Looks whether checks have come to an end.
  func takeVerdicts() {
    for (at, entry) in segmentChecks.enumerated().reversed() {
      guard let verdict = entry.check.verdict else { continue }
      segmentChecks.remove(at: at)
      // Of one that has gone meanwhile the segment has begun again.
      guard let index = entry.worker.index, workers.contains(where: { $0 === entry.worker }),
        scheduler.isWriting(entry.segment, index)
      else { continue }
      switch verdict {
      case .segment(let copy):
        segmentFiles[entry.segment] = copy
        scheduler.handle(.segmentWritten(worker: index, segment: entry.segment, bytes: entry.bytes))
      case .nothing: kill(entry.worker, "what it wrote is no segment of its frames")
      case .failed(let error): failure = failure ?? error
      }
    }
  }

  /// Starts the program that joins finished segments. In a short run when all are there, because it would only take memory; in
  /// a long one with the first.
  func joinSegments() throws(SluiceError) {
    guard assembler == nil, !flow.finished.isEmpty, flow.sound != nil || !prepared.hasSound,
      flow.all.count > 64 || flow.finished.count == flow.all.count
    else { return }
    guard let descriptor = output.descriptor else { throw SluiceError(.software, "the output is closed already") }
    let assembler = try Assembler(
      program: try WorkerPrograms.find("sluice-encoder", directory: configuration.workerDirectory), plan: planRegion,
      output: descriptor, segments: flow.all.count, sound: flow.sound.map { ($0, soundFrames) },
      environment: prepared.launch.encoder.limits.environment(budget: prepared.memory))
    prepared.launch.encoder.limits.apply(
      to: assembler.process.pid, number: 0, memoryLimit: memoryLimit(SLUICE_ROLE_ENCODER))
    self.assembler = assembler
    for segment in flow.all {
      if let file = flow.finished[segment.index] { assembler.add(segment: segment.index, frames: segment.frames, file: file) }
    }
  }

  /// Something came from the program that joins segments, or it takes more.
  func watchAssembler() throws(SluiceError) {
    guard let assembler else { return }
    assembler.pump()
    switch assembler.answer() {
    case nil: return
    case .written(let bytes):
      outputBytes = bytes
      self.assembler = nil
      isWritten = true
    case .failed(let error):
      // A segment that cannot be joined is not to be found again.
      if error.code == .software { flow.store?.disown() }
      throw located(error)
    case .died(let word):
      let ending = wantedMemory(assembler.process.status) ? shortOfMemory("workers.encoder", SLUICE_ROLE_ENCODER) : word
      self.assembler = nil
      flow.restarts += 1
      guard flow.restarts <= prepared.launch.encoder.restarts, output.rewind() else {
        throw SluiceError(
          .software, "the program that joins segments ended with \(ending)", at: outputName, advice: "run it again")
      }
      observer.warning("the program that joins segments ended with \(ending); it is started again")
      restarts += 1
      try joinSegments()
    }
  }

  /// The output is there: waits until what is new is kept, too, unless somebody wants the end at once.
  func finishStore() throws(SluiceError) {
    defer { showStoreNotes() }
    guard let store = flow.store else { return }
    let end = sluice_now_ns() + 10_000_000_000
    while !store.finish(milliseconds: 50) {
      if sluice_now_ns() > end { return store.giveUp() }
      do throws(SluiceError) {
        try takeSignal()
        try serveCommandsAlone()
      } catch {
        store.giveUp()
        throw SluiceError(error.code, "\(error.what), when the output was written already", at: error.place)
      }
    }
  }

  /// Lines of the store's for the user.
  func showStoreNotes() { for note in flow.store?.takeNotes() ?? [] { observer.warning(note) } }
}
