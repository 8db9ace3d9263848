import CSluice
import FrameModel
import SharedRing
import Timeline

/// A place in a decode stream, whichever lane and decoder it is opened for.
struct StreamPlace: Hashable, Sendable {
  var record: Int
  /// First frame that is not delivered.
  var frame: Int64

  init(_ use: StreamUse) {
    record = use.record
    frame = use.next
  }
}

/// Work that ends its worker again and again must not end the run's workers for ever. Deaths are counted for each piece of
/// work, from its last progress on. Of a decoder's streams those count that had a slot to fill: any other waits, and does
/// nothing. What was there at two deaths is tried alone, see Scheduler+Trials, and only what was alone is quarantined.
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
    let there = uses.values.filter { $0.worker == worker && !$0.ended }.map(\.handle).sorted()
    for handle in there {
      guard let use = uses[handle], !use.isClosed, use.next < end(of: use), hasSlotToFill(use) else { continue }
      let deaths = suspects[StreamPlace(use), default: 0] + 1
      suspects[StreamPlace(use)] = deaths
      if deaths >= setup.decoderDeaths, there.count == 1 { quarantine(handle, deaths: deaths) }
    }
  }

  /// A stream without a granted slot waits for us, and does nothing.
  func hasSlotToFill(_ use: StreamUse) -> Bool {
    ledger.slots.contains { $0.stream == use.handle && $0.state == .granted }
  }

  /// ", at last with signal 9 (Killed)".
  var atLast: String { ending.isEmpty ? "" : ", at last with \(ending)" }

  private mutating func quarantine(_ handle: UInt32, deaths: Int) {
    guard let use = uses[handle] else { return }
    let record = plan.stream(use.record)
    let time = record.start + record.step * Rational(use.next - record.firstFrame)
    let text =
      "\(plan.source(record.source).place), at \(Scheduler.seconds(time)): the decoder ended \(Scheduler.times(deaths))while it "
      + "decoded this (output frame \(use.next))" + atLast
    suspects[StreamPlace(use)] = nil
    quarantines += 1
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

  /// Where a stream ends: as its decoder was told, else at the picture that ends its decoders.
  func end(of use: StreamUse) -> Int64 {
    use.worker == nil ? min(use.frames.upperBound, poisoned[use.record] ?? .max) : use.end
  }

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
    quarantines += 1
    var shown: [String] = []
    for input in job.inputs {
      let text = plan.source(plan.stream(Int(input.stream)).source).place
      if !shown.contains(text) { shown.append(text) }
    }
    let time = Rational(job.frame) / canvas.rate
    let text =
      "output frame \(job.frame), at \(Scheduler.seconds(time)): the renderer ended \(Scheduler.times(deaths))while it drew this"
      + (shown.isEmpty ? "" : " of \(shown.joined(separator: ", "))") + atLast
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
    guard !rewindLater.isEmpty else { return }
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

  /// "3 times in a row ".
  static func times(_ deaths: Int) -> String { deaths > 1 ? "\(deaths) times in a row " : "" }

  /// "12.500 s".
  static func seconds(_ time: Rational) -> String {
    let milliseconds = Int64((time.double * 1000).rounded())
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: max(0, 3 - rest.count)))\(rest) s"
  }
}

extension Scheduler {
  /// Who is waited for, so that a worker that sends heartbeats but whose work stands still is found: with a mark that changes
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
      if use.isClosed || use.next >= end(of: use) {
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
