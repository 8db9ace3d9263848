import AudioEngine
import AudioStage
import CAllocationCounter
import CSluice
import ControlBus
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase
import WorkerRuntime

/// Fills the blocks of sound that the supervisor grants, in the order of its grants, on a thread of its own.
final class AudioWorker {
  private let worker: Worker
  private let plan: SoundPlan
  private let sources: [SourceKey]
  private let queue = WorkQueue<Message>()
  /// Threads that decode ahead of the one that mixes.
  private static let threads = 2
  private static let poison = Poison(role: "audio")

  init() throws(SluiceError) {
    KillPoint.arm(role: "audio")
    let attachment = try Attachment.open(role: .audio)
    guard let view = PlanView(UnsafeRawPointer(attachment.plan.base), count: attachment.plan.bytes), let sound = view.sound else {
      throw SluiceError(.software, "the plan is not valid, or has no sound")
    }
    plan = sound
    let keys = (0..<view.sourceCount).map { SourceKey(view.source($0)) }
    // A source whose key cannot be read fails when its clip is opened, with its name.
    sources = keys.enumerated().map { $0.element ?? .file(view.source($0.offset).text) }
    worker = try Worker(attachment, files: SoundFiles.of(sound, sources: keys))
  }

  /// Serves until QUIT; false when the supervisor is gone.
  func run() -> Bool {
    let worker = worker
    let plan = plan
    let sources = sources
    let queue = queue
    // libavcodec and libavfilter want more stack than a small thread has.
    let thread = WorkThread("audio", stackBytes: 4 << 20) {
      let probe =
        sluice_allocations_are_counted() ? AllocationProbe { sluice_allocation_count() } : nil
      let profiler = RenderProfiler(sampleRate: Double(plan.sampleRate), allocations: probe)
      let renderer = SoundRenderer(
        plan, sources: sources, profiler: profiler, threads: Self.threads, onBlock: { worker.lease.add(.frames, 1) },
        warn: { worker.send(Message(.warn, stream: SLUICE_STREAM_SOUND), text: $0) })
      var damaged: UInt64 = 0
      while let message = queue.next() {
        let start = sluice_now_ns()
        do throws(SluiceError) {
          try Self.fill(message, worker: worker, renderer: renderer)
        } catch {
          worker.fail(error, frame: message.frame, stream: SLUICE_STREAM_SOUND)
        }
        worker.lease.add(.damagedFrames, renderer.damaged - damaged)
        damaged = renderer.damaged
        worker.lease.add(.busyNanoseconds, sluice_now_ns() - start)
        worker.lease.set(Self.profile(profiler, renderer))
      }
    }
    let clean = worker.run { message in if message.kind == .grant { queue.push(message) } }
    if clean {
      queue.close()
      thread.join()
    }
    return clean
  }

  private static func fill(_ message: Message, worker: Worker, renderer: SoundRenderer) throws(SluiceError) {
    // The grant came late: the slot is not ours any more.
    guard let slot = worker.writable(message.slot, message.generation) else { return }
    guard message.frame >= 0, message.frame < renderer.blocks else {
      throw SluiceError(.software, "there is no block \(message.frame) of \(renderer.blocks) of sound")
    }
    let plan = renderer.plan
    guard slot.bytes >= SoundBlock.slotBytes(channels: plan.channels) else {
      throw SluiceError(.software, "a slot of \(slot.bytes) bytes is too small for a block of sound")
    }
    KillPoint.fillBefore.pass()
    var block = SoundBlock(number: message.frame, count: 0, channels: plan.channels, sampleRate: plan.sampleRate)
    let samples = (slot.memory + block.offset).assumingMemoryBound(to: Float.self)
    block.count = try renderer.render(block: message.frame, into: samples, stride: block.stride / MemoryLayout<Float>.size)
    block.write(to: slot.memory)
    KillPoint.fillAfter.pass()
    poison?.strike("", message.frame..<message.frame + 1)
    KillPoint.publishBeforeDone.pass()
    worker.lease.markDone(slot.index, slot.generation)
    KillPoint.publishAfterDone.pass()
    worker.send(
      Message(
        .done, slot: slot.index, generation: slot.generation, frame: message.frame, stream: SLUICE_STREAM_SOUND, count: 1))
  }

  private static func profile(_ profiler: RenderProfiler, _ renderer: SoundRenderer) -> AudioProfile {
    let now = profiler.current
    var profile = AudioProfile()
    profile.quanta = UInt64(now.quanta)
    profile.averageLoad = now.averageLoad
    profile.peakLoad = now.peakLoad
    profile.underruns = UInt64(now.playback.underrunEvents)
    profile.underrunSeconds = now.playback.underrunDuration
    profile.latencySeconds = now.playback.averageLatency
    profile.allocations = UInt64(now.allocations)
    profile.poolPressure = now.poolPressure == .low ? 0 : now.poolPressure == .medium ? 1 : 2
    profile.loudness = renderer.loudness?.integrated
    profile.truePeak = renderer.loudness?.truePeak
    return profile
  }
}
