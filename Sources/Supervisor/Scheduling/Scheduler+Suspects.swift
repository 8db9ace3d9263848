import CSluice
import FrameModel
import SharedRing
import Timeline

/// Work that was in the hands of workers when they died.
struct Suspicion: Equatable, Sendable {
  /// First frame that it had not delivered.
  var frame: Int64
  /// Deaths of its worker since it last delivered one.
  var deaths: Int
}

/// Work that ends its worker again and again must not end the run's workers for ever. Deaths are counted for each piece of
/// work, from its last progress on. Of a decoder's streams only those count whose picture is missing: any other may wait for a
/// slot, and the guilty one's picture will be missing soon. Where several are missing, those that were there at two deaths are
/// then opened one at a time, so that only the guilty one reaches the limit.
extension Scheduler {
  /// Reason of a kill that only begins an encoder's segment again; nobody needs to be told.
  static let beginsAgain = "a frame before it is held"

  // MARK: streams

  /// A lane cannot go on without its next picture.
  func isMissing(_ use: StreamUse) -> Bool {
    lanes.indices.contains { index in
      (use.lane ?? index) == index && !lanes[index].isDone && use.frames.contains(lanes[index].nextCompose)
        && use.next <= lanes[index].nextCompose
    }
  }

  /// A decoder died: streams that it could have been at work on are suspects. Before their slots are taken back.
  mutating func suspectStreams(of worker: Int) {
    for handle in uses.keys.sorted() {
      guard let use = uses[handle], use.worker == worker, !use.ended, !use.closing, isMissing(use), hasSlotToFill(use)
      else { continue }
      var suspicion = suspects[use.record] ?? Suspicion(frame: use.next, deaths: 0)
      if suspicion.frame != use.next { suspicion = Suspicion(frame: use.next, deaths: 0) }
      suspicion.deaths += 1
      suspects[use.record] = suspicion
      if suspicion.deaths >= setup.decoderDeaths { convict(handle, deaths: suspicion.deaths) }
    }
  }

  /// A stream without a granted slot waits for us, and does nothing.
  func hasSlotToFill(_ use: StreamUse) -> Bool {
    ledger.slots.contains { $0.stream == use.handle && $0.state == .granted }
  }

  /// Seen at two deaths, and nothing came of it since.
  private func isSuspect(_ use: StreamUse) -> Bool {
    guard let suspicion = suspects[use.record], suspicion.frame == use.next else { return false }
    return suspicion.deaths >= min(2, setup.decoderDeaths - 1)
  }

  /// A suspect is opened alone: it comes to no decoder where another one has yet to prove itself, and nobody comes to it.
  func isOpen(_ decoder: Int, for use: StreamUse) -> Bool {
    guard !suspects.isEmpty else { return true }
    return !uses.values.contains {
      $0.worker == decoder && !$0.ended && $0.handle != use.handle && isSuspect($0) && isMissing($0)
    }
  }

  private mutating func convict(_ handle: UInt32, deaths: Int) {
    guard let use = uses[handle] else { return }
    let record = plan.stream(use.record)
    let time = record.start + record.step * Rational(use.next - record.firstFrame)
    let text =
      "\(plan.source(record.source).text), at \(Scheduler.seconds(time)): the decoder ended \(deaths) times in a row while it "
      + "decoded this (output frame \(use.next))"
    suspects[use.record] = nil
    convictions += 1
    guard setup.holdOnError else { return fail(text, code: 65) }
    actions.append(.warn("\(text); the last good picture is held"))
    poisoned[use.record] = use.next
    hold(handle)
  }

  /// From here on the stream's last picture stands for the rest; where there is none, the layer is left out.
  mutating func hold(_ handle: UInt32) {
    guard var use = uses[handle] else { return }
    use.ended = true
    use.failed = true
    if !use.deliveries.isEmpty {
      let last = use.deliveries[use.deliveries.count - 1]
      use.deliveries[use.deliveries.count - 1].goodEnd = last.frames.upperBound
      use.deliveries[use.deliveries.count - 1].frames = last.frames.lowerBound..<use.frames.upperBound
    }
    use.next = use.frames.upperBound
    uses[handle] = use
  }

  /// Frames that a stream may be asked for: up to the one that ends its decoders.
  func end(of use: StreamUse) -> Int64 { min(use.frames.upperBound, poisoned[use.record] ?? .max) }

  /// A stream that is to begin where it is poisoned is over at once.
  mutating func endIfPoisoned(_ handle: UInt32) -> Bool {
    guard let use = uses[handle], let last = poisoned[use.record], use.next >= last else { return false }
    hold(handle)
    retireIfIdle(handle)
    return true
  }

  // MARK: frames

  /// It waits for its lane to begin again.
  func isHeld(_ job: RenderJob?) -> Bool {
    job.map { heldFrames.contains($0.frame) && !$0.inputs.allSatisfy { $0.slot == UInt32(SLUICE_NO_SLOT) } } ?? false
  }

  /// A renderer died: of its jobs the first was in work.
  mutating func suspectJob(of worker: Int) {
    var first: RenderJob?
    for case let job? in jobs where job.worker == worker && job.sequence < first?.sequence ?? .max { first = job }
    guard let job = first else { return }
    let deaths = suspectFrames[job.frame, default: 0] + 1
    suspectFrames[job.frame] = deaths
    guard deaths >= setup.rendererDeaths else { return }
    suspectFrames[job.frame] = nil
    convictions += 1
    var shown: [String] = []
    for input in job.inputs {
      let text = plan.source(plan.stream(Int(input.stream)).source).text
      if !shown.contains(text) { shown.append(text) }
    }
    let time = Rational(job.frame) / canvas.rate
    let text =
      "output frame \(job.frame), at \(Scheduler.seconds(time)): the renderer ended \(deaths) times in a row while it drew this"
      + (shown.isEmpty ? "" : " of \(shown.joined(separator: ", "))")
    guard setup.holdOnError, heldFrames.insert(job.frame).inserted else { return fail(text, code: 70) }
    actions.append(.warn("\(text); the frame before is held"))
    // What was encoded of the segment had the frame still to come: it is begun again.
    if let encoder = lanes[job.lane].encoder {
      actions.append(.kill(worker: encoder, reason: Scheduler.beginsAgain))
    } else {
      rewindLater.insert(job.lane)
    }
  }

  /// After a renderer's jobs went back: lanes that have no encoder to be ended begin again at once.
  mutating func rewindHeld() {
    for lane in rewindLater.sorted() where !lanes[lane].isDone { rewind(lane) }
    rewindLater.removeAll()
  }

  /// A held frame shows what the one before it in its segment shows: that one's slot goes to the encoder once more.
  mutating func appendHeld(_ lane: Int) {
    while !heldFrames.isEmpty, heldFrames.contains(lanes[lane].nextCompose), let last = lanes[lane].window.last,
      last.number + 1 == lanes[lane].nextCompose,
      lanes[lane].segments.contains(where: { $0.frames.contains(last.number) && $0.frames.contains(last.number + 1) })
    {
      if last.ready { ledger.hold(last.slot.slot, by: Ledger.queue) }
      var held = last
      held.number += 1
      held.shown = last.filterFrame
      lanes[lane].window.append(held)
      counts.reused += 1
      lanes[lane].nextCompose += 1
    }
  }

  /// "12.500 s".
  static func seconds(_ time: Rational) -> String {
    let milliseconds = Int64((time.double * 1000).rounded())
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: max(0, 3 - rest.count)))\(rest) s"
  }
}

extension Scheduler {
  /// Who is waited for, so that a worker whose heart beats but whose work stands still is found: with a mark that changes
  /// with any progress. Streams and encoders count only while nobody but they is the reason.
  struct Waiting: Sendable {
    enum Key: Hashable, Sendable { case stream(UInt32), jobs(Int), encoder(Int), sound }
    var key: Key
    var worker: Int
    var mark: Int64
  }

  var waiting: [Waiting] {
    var list = soundWaiting
    for use in uses.values {
      guard let worker = use.worker, !use.ended else { continue }
      // To close, or at its end, a stream has only to say so; else it is waited for when a lane lacks its picture, holds
      // nothing that could give it a slot, and it has a slot to fill.
      if use.closing || use.next >= end(of: use) {
        list.append(Waiting(key: .stream(use.handle), worker: worker, mark: -1))
        continue
      }
      let isIdle = lanes.indices.contains { index in
        (use.lane ?? index) == index && lanes[index].window.isEmpty && lanes[index].encoding <= setup.encoderKeeps
      }
      if isIdle, isMissing(use), hasSlotToFill(use) {
        list.append(Waiting(key: .stream(use.handle), worker: worker, mark: use.next))
      }
    }
    for worker in renderers {
      var oldest = Int64.max
      for case let job? in jobs where job.worker == worker { oldest = min(oldest, Int64(job.sequence)) }
      if oldest < .max { list.append(Waiting(key: .jobs(worker), worker: worker, mark: oldest)) }
    }
    for lane in lanes {
      guard let encoder = lane.encoder, lane.encoding > setup.encoderKeeps || !lane.writing.isEmpty else { continue }
      let mark = lane.nextEncode &* 4096 + Int64(lane.encoding * 64 + lane.writing.count)
      list.append(Waiting(key: .encoder(encoder), worker: encoder, mark: mark))
    }
    return list
  }

  /// How far an encoder has come in its segment: frames that it let go of. nil when it has none.
  func reach(of encoder: Int) -> (segment: Int, frame: Int64)? {
    guard let lane = lanes.first(where: { $0.encoder == encoder && !$0.isDone }) else { return nil }
    let segment = lane.writing.first ?? lane.segments[lane.current]
    return (segment.index, lane.nextEncode - Int64(lane.encoding))
  }
}
