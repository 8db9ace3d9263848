import CSluice
import FrameModel
import SharedRing
import Timeline

/// What the sound of a run takes: its ring, its worker, its encoder.
struct SoundSizing {
  var setup: SoundSetup
  var slots: Int
  var slotBytes: Int
  /// Private memory of the processes, an upper estimate, bytes.
  var privateBytes: UInt64
  var bytes: UInt64 { privateBytes + UInt64(slots * slotBytes) }

  /// An open clip: demultiplexer, codec, resampler, blocks decoded ahead; one whose speed changes and whose pitch does not; one that
  /// plays backwards holds what it turns round.
  static let clipBytes: UInt64 = 3 << 20
  static let stretchBytes: UInt64 = 4 << 20
  static let backwardBytes: UInt64 = 4 << 20
  /// An encoder of sound with its muxer.
  static let encoderBytes: UInt64 = 2 << 20

  init(_ sound: SoundPlan, destination: SoundSetup.Destination, credit: Int) {
    setup = SoundSetup(destination, blocks: SoundBlock.blocks(of: sound.frames), sampleRate: sound.sampleRate)
    setup.encodeCredit = max(1, min(credit, 32))
    slots = setup.encodeCredit * 2 + 2
    slotBytes = SoundBlock.slotBytes(channels: sound.channels)
    let programs: UInt64 = destination == .lane ? 1 : 2
    privateBytes = programs * MemoryPlan.programBytes + Self.encoderBytes + Self.peak(sound) + Self.delays(sound)
  }

  /// Of the clips that sound at the same time, opened a second before.
  private static func peak(_ sound: SoundPlan) -> UInt64 {
    var events: [(at: Int64, bytes: Int64)] = []
    events.reserveCapacity(sound.clips.count * 2)
    for clip in sound.clips {
      var bytes = Int64(clipBytes)
      if clip.speed.num < 0 { bytes += Int64(backwardBytes) }
      if clip.preservesPitch, clip.speed != .one { bytes += Int64(stretchBytes) }
      events.append((clip.first - Int64(sound.sampleRate), bytes))
      events.append((clip.end, -bytes))
    }
    events.sort { ($0.at, $0.bytes) < ($1.at, $1.bytes) }
    var now: Int64 = 0, most: Int64 = 0
    for event in events {
      now += event.bytes
      most = max(most, now)
    }
    return UInt64(most)
  }

  /// A second of float samples for every delay on a track.
  private static func delays(_ sound: SoundPlan) -> UInt64 {
    let count = sound.tracks.reduce(0) { $0 + $1.effects.count { $0.kind == .delay } }
    return UInt64(count * sound.sampleRate * sound.channels * 4)
  }
}

extension MemoryPlan {
  /// The same with a ring for the sound behind the others.
  func adding(_ sound: SoundSizing) -> MemoryPlan {
    var plan = self
    plan.rings.append(
      RingDescription(
        fillRole: SLUICE_ROLE_AUDIO.rawValue, firstSlot: slotCount, slotCount: sound.slots, slotBytes: sound.slotBytes))
    for index in plan.sizes.indices {
      plan.sizes[index].slots.append(sound.slots)
      plan.sizes[index].reserve.append(0)
      plan.sizes[index].bytes += sound.bytes
    }
    var setup = sound.setup
    setup.ring = rings.count
    plan.sound = setup
    return plan
  }
}
