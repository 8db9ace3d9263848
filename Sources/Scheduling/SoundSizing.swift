import CSchema
import FrameModel
import Plan
import SlotLedger
import SluiceBase

/// What the sound of a run takes: its ring, its worker, its encoder.
public struct SoundSizing: Sendable {
  var setup: SoundSetup
  var slots: Int
  var slotBytes: Int
  /// Private memory of the processes, an upper estimate, bytes.
  var privateBytes: UInt64
  let delays: SoundDelays
  public var bytes: UInt64 { privateBytes + UInt64(slots * slotBytes) }

  /// An open clip: demultiplexer, codec, resampler, blocks decoded ahead; one whose speed changes and whose pitch does not; one that
  /// plays backwards holds what it turns round. Measured: 0.4 (Opus) to 1.5 MiB (AAC in MP4).
  static let clipBytes: UInt64 = 2 << 20
  static let stretchBytes: UInt64 = 4 << 20
  static let backwardBytes: UInt64 = 4 << 20
  /// An encoder of sound with its muxer.
  static let encoderBytes: UInt64 = 2 << 20

  public init(_ sound: SoundPlan, destination: SoundSetup.Destination, credit: Int) {
    setup = SoundSetup(destination, blocks: SoundBlock.blocks(of: sound.frames), sampleRate: sound.sampleRate)
    setup.encodeCredit = max(1, min(credit, 32))
    slots = setup.encodeCredit * 2 + 2
    slotBytes = SoundBlock.slotBytes(channels: sound.channels)
    delays = SoundDelays(sound)
    // Its worker, its encoder, and without pictures the supervisor, which these count otherwise.
    let programs: UInt64 =
      switch destination {
      case .lane: 1
      case .segment: 2
      case .output: 3
      }
    privateBytes = programs * MemoryPlan.programBytes + Self.encoderBytes + Self.peak(sound) + delays.bytes
  }

  /// - Throws: `.unavailable` when the sound alone does not fit, with the memory that would be needed.
  public func check(budget: UInt64, isAll: Bool) throws(SluiceError) {
    // With pictures the figure of both is told, unless delays are the reason.
    guard bytes > budget, isAll || delays.bytes > bytes / 2 else { return }
    let need = (bytes >> 20) + 1
    let most = delays.bytes > bytes / 2 ? ", most of it the lines of its delays of up to \(delays.seconds) s" : ""
    throw SluiceError(
      .unavailable, "the sound needs about \(need) MiB\(most), the budget is \(budget >> 20) MiB", at: "--memory",
      advice: "give --memory \(need)MiB or more, or fewer clips\(most.isEmpty ? "" : " and shorter delays") at the same time")
  }

  /// Of the clips that sound at the same time, opened a second before.
  private static func peak(_ sound: SoundPlan) -> UInt64 {
    var changes: [(at: Int64, by: Int64)] = []
    changes.reserveCapacity(sound.clips.count * 2)
    for clip in sound.clips {
      var bytes = Int64(clipBytes)
      if clip.speed.num < 0 { bytes += Int64(backwardBytes) }
      if clip.preservesPitch, clip.speed != .one { bytes += Int64(stretchBytes) }
      changes.append((clip.first - Int64(sound.sampleRate), bytes))
      changes.append((clip.end, -bytes))
    }
    return UInt64(Overlap.peak(changes))
  }
}

/// What comes and goes.
enum Overlap {
  /// The most that is there at a time; what ends where something else begins is gone by then.
  static func peak(_ changes: [(at: Int64, by: Int64)]) -> Int64 {
    var now: Int64 = 0, most: Int64 = 0
    for change in changes.sorted(by: { ($0.at, $0.by) < ($1.at, $1.by) }) {
      now += change.by
      most = max(most, now)
    }
    return most
  }
}

extension MemoryPlan {
  /// The same with a ring for the sound behind the others.
  public func adding(_ sound: SoundSizing) -> MemoryPlan {
    var plan = self
    plan.rings.append(
      RingDescription(
        fillRole: .audio, firstSlot: slotCount, slotCount: sound.slots, slotBytes: sound.slotBytes))
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
