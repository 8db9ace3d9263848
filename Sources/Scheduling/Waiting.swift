extension Scheduler {
  /// Who is waited for, so that a worker that sends heartbeats but whose work stands still is found: with a mark that changes
  /// with any progress. Streams and encoders count only while nobody but they is the reason.
  public struct Waiting: Sendable {
    public enum Key: Hashable, Sendable { case stream(UInt32), jobs(Int), encoder(Int), sound }
    public var key: Key
    public var worker: Int
    public var mark: Int64

    public init(key: Key, worker: Int, mark: Int64) {
      self.key = key
      self.worker = worker
      self.mark = mark
    }
  }

  public var waiting: [Waiting] { waitingForSound + waitingForStreams + waitingForRenderers + waitingForEncoders }

  private var waitingForStreams: [Waiting] {
    run.slots.uses.values.compactMap { use in
      guard let worker = use.worker, !use.ended else { return nil }
      // To close, or at its end, a stream has only to say so.
      if use.isClosed || use.next >= decoding.end(of: use) {
        return Waiting(key: .stream(use.handle), worker: worker, mark: -1)
      }
      // Else it is waited for when a lane lacks its picture, holds nothing that could give it a slot, and it has a slot to fill.
      let isIdle = run.lanes.indices.contains { index in
        let lane = run.lanes[index]
        return (use.lane ?? index) == index && lane.window.isEmpty && lane.encoding <= run.setup.encoderKeeps
      }
      guard isIdle, run.lanes.isMissing(use), run.slots.hasSlotToFill(use) else { return nil }
      return Waiting(key: .stream(use.handle), worker: worker, mark: use.next)
    }
  }

  private var waitingForRenderers: [Waiting] {
    run.roster.renderers.compactMap { worker in
      composing.current(of: worker).map { Waiting(key: .jobs(worker), worker: worker, mark: Int64($0.sequence)) }
    }
  }

  private var waitingForEncoders: [Waiting] {
    run.lanes.indices.compactMap { index in
      let lane = run.lanes[index]
      guard let encoder = lane.encoder, lane.encoding > run.setup.encoderKeeps || !lane.writing.isEmpty else { return nil }
      let mark = lane.nextEncode &* 4096 + Int64(lane.encoding * 64 + lane.writing.count)
      return Waiting(key: .encoder(encoder), worker: encoder, mark: mark)
    }
  }

  private var waitingForSound: [Waiting] {
    guard let sound, !sound.isWritten else { return [] }
    var list: [Waiting] = []
    if let worker = sound.worker, let block = sound.nextToFill {
      list.append(Waiting(key: .sound, worker: worker, mark: block))
    }
    if let encoder = sound.encoder, sound.encoding > 0 || sound.finishing {
      list.append(Waiting(key: .encoder(encoder), worker: encoder, mark: sound.nextEncode &* 64 + Int64(sound.encoding)))
    }
    return list
  }
}
