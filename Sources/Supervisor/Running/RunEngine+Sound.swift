import CSluice
import ControlBus
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// The sound of a run: its worker, its encoder, and what comes of them.
extension RunEngine {
  /// What the sound takes; nil: there is none, or the store has it.
  static func sound(_ prepared: RunPreparation, _ plan: PlanView, _ flow: SegmentFlow) -> SoundSizing? {
    guard prepared.hasSound, flow.sound == nil, let sound = plan.sound else { return nil }
    let destination: SoundSetup.Destination =
      !prepared.hasPictures ? .output : prepared.direct ? .lane : .segment
    return SoundSizing(sound, destination: destination, credit: prepared.launch.audio.credit)
  }

  /// Sample frames of the whole sound.
  var soundFrames: Int64 { scheduler.plan.soundFrames ?? 0 }

  /// Output frames' worth of sound that its encoder has.
  var soundProgress: Int64 {
    guard let sound = scheduler.sound, sound.setup.blocks > 0 else { return 0 }
    return scheduler.plan.frameCount * sound.nextEncode / sound.setup.blocks
  }

  func startSound() throws(SluiceError) {
    guard let sound = memory.sound else { return }
    try spawn(SLUICE_ROLE_AUDIO, 0)
    if sound.destination != .lane { try spawn(SLUICE_ROLE_ENCODER, 0, forSound: true) }
  }

  func takeSound(_ slot: Int, _ generation: UInt32, _ worker: Int) {
    scheduler.handle(.soundFilled(worker: worker, slot: slot, generation: generation, header: soundBlock(slot)))
  }

  /// The header of a slot of the sound's ring; nil when it does not hold.
  private func soundBlock(_ slot: Int) -> SoundBlock? {
    guard let index = memory.sound?.ring else { return nil }
    let ring = memory.rings[index]
    guard ring.firstSlot <= slot, slot < ring.firstSlot + ring.slotCount else { return nil }
    let memory = UnsafeRawPointer(ringRegions[index].base + (slot - ring.firstSlot) * ring.slotBytes)
    return SoundBlock(reading: memory, slotBytes: ring.slotBytes)
  }

  /// Blocks that are filled although nobody said so.
  func rescanSound(_ worker: Int, _ lease: LeaseReader) {
    for grant in scheduler.soundGrants(of: worker) where lease.done(grant.slot) == grant.generation {
      takeSound(grant.slot, grant.generation, worker)
    }
  }

  func beginSound(_ index: Int, alone: Bool) throws(SluiceError) {
    let file = alone ? try directDescriptor() : try output.segmentFile()
    if !alone { soundFile = file }
    hand(file, of: UInt32(SLUICE_JOB_SOUND), to: index)
    let kind = alone ? SLUICE_BEGIN_OUTPUT : SLUICE_BEGIN_SOUND
    queue(Message(.begin, job: UInt32(SLUICE_JOB_SOUND), arg: UInt64(kind.rawValue)), index)
  }

  func soundDone(_ bytes: UInt64) throws(SluiceError) {
    guard let file = soundFile else {
      return try directPartDone(0, bytes)
    }
    soundFile = nil
    flow.sound = file
    flow.store?.keep(.sound, file)
    // Their work is done; the memory is for others.
    for worker in workers where worker.isOfSound {
      worker.isLeaving = true
      worker.dismissedAt = sluice_now_ns()
      if let index = worker.index { queue(Message(.quit), index) }
    }
    try joinSegments()
  }

  /// Whether the encoder of the sound came further than any before it.
  func soundCameFurther() -> Bool {
    let reach = scheduler.soundReach
    defer { furthestSound = max(furthestSound, reach) }
    return reach > furthestSound
  }
}
