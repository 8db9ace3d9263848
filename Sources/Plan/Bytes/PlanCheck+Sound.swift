import CSchema
import FrameModel

/// The sound of a plan that another process wrote.
extension PlanCheck {
  /// A plan without sound is valid when it has pictures.
  var isSoundValid: Bool {
    guard header.sound_offset != 0 else { return header.codec.bytes > 0 }
    guard fits(header.sound_offset, 1, MemoryLayout<sluice_plan_sound>.stride) else { return false }
    let sound = base.loadUnaligned(fromByteOffset: Int(header.sound_offset), as: sluice_plan_sound.self)
    return SoundCheck(plan: self, sound: sound).isValid
  }
}

private struct SoundCheck {
  let plan: PlanCheck
  let sound: sluice_plan_sound

  var isValid: Bool {
    SoundLimits.sampleRates.contains(Int64(sound.sample_rate)) && SoundLimits.channels.contains(Int(sound.channels))
      && SoundLimits.frames.contains(sound.frame_count) && sound.start.isValid && plan.isText(sound.codec)
      && sound.bit_rate <= 1 << 40 && sound.loudness.magnitude <= 1000 && sound.flags <= SLUICE_SOUND_LOUDNESS
      && plan.all(sluice_plan_option.self, sound.option_offset, sound.option_count) {
        plan.isText($0.name) && plan.isText($0.value)
      }
      && plan.all(sluice_plan_sound_effect.self, sound.effect_offset, sound.effect_count, isEffect) && areClips && areTracks
  }

  private func isEffect(_ effect: sluice_plan_sound_effect) -> Bool {
    effect.kind <= SLUICE_EFFECT_AVFILTER.rawValue && effect.type <= SLUICE_BIQUAD_ALLPASS.rawValue && plan.isText(effect.text)
      && UInt64(effect.first_parameter) + UInt64(effect.parameter_count) <= UInt64(plan.header.parameter_count)
  }

  private func isChain(_ first: UInt32, _ count: UInt32) -> Bool { UInt64(first) + UInt64(count) <= UInt64(sound.effect_count) }

  /// A track may only go into a group on an earlier track, so that there are no circles. Call it after `areClips`.
  private var areTracks: Bool {
    var index: UInt32 = 0
    return plan.all(sluice_plan_sound_track.self, sound.track_offset, sound.track_count) { track in
      defer { index += 1 }
      guard plan.isValue(track.gain), plan.isValue(track.pan), isChain(track.first_effect, track.effect_count), track.into >= -1,
        Int64(track.into) < Int64(sound.clip_count)
      else { return false }
      guard track.into >= 0 else { return true }
      let clip = plan.base.loadUnaligned(
        fromByteOffset: Int(sound.clip_offset) + Int(track.into) * MemoryLayout<sluice_plan_sound_clip>.stride,
        as: sluice_plan_sound_clip.self)
      return clip.flags & SLUICE_CLIP_GROUP != 0 && clip.track < index
    }
  }

  private var areClips: Bool {
    var before: Int64 = 0
    return plan.all(sluice_plan_sound_clip.self, sound.clip_offset, sound.clip_count) { clip in
      defer { before = clip.first }
      return clip.first >= before && isClip(clip)
    }
  }

  private func isClip(_ clip: sluice_plan_sound_clip) -> Bool {
    let flags = SLUICE_CLIP_PRESERVES_PITCH | SLUICE_CLIP_LOOPS | SLUICE_CLIP_GROUP
    let isGroup = clip.flags & SLUICE_CLIP_GROUP != 0
    return (isGroup || clip.source < plan.header.source_count) && clip.track < sound.track_count
      && clip.first >= 0 && clip.first < clip.end && clip.end <= sound.frame_count
      && SoundLimits.frames.contains(clip.head) && SoundLimits.frames.contains(clip.tail)
      && clip.stream <= UInt32(SoundLimits.streams) && clip.flags & ~flags == 0 && clip.speed.num != 0 && clip.length.num >= 0
      && [clip.start, clip.speed, clip.zero, clip.length].allSatisfy(\.isValid)
      && SoundLimits.isTime(clip.zero.value) && SoundLimits.isTime(clip.length.value)
      && SoundLimits.playable(
        start: clip.start.value, speed: clip.speed.value, sampleRate: Int64(sound.sample_rate), frames: clip.end - clip.first)
      && [clip.fade_in, clip.fade_out, clip.cross_in, clip.cross_out].allSatisfy {
        SoundLimits.frames.contains($0.frames) && $0.curve <= SLUICE_FADE_S_CURVE.rawValue
      }
      && plan.isValue(clip.gain) && plan.isValue(clip.pan) && isChain(clip.first_effect, clip.effect_count)
  }
}

/// Bounds within which the arithmetic of sound cannot overflow.
package enum SoundLimits {
  static let sampleRates: ClosedRange<Int64> = 8000...384_000
  static let channels: Set<Int> = [1, 2, 6]
  /// Sample frames of an output, and of the part of a clip outside it.
  package static let frames: ClosedRange<Int64> = 0...1 << 43
  /// Highest number of an audio stream in a file.
  package static let streams = 1023

  /// Whether it is a time of a source, in seconds.
  static func isTime(_ time: Rational) -> Bool {
    time.num.magnitude <= 1 << 60 && time.double.magnitude <= 1e9 && time.den <= 1 << 40
  }

  /// Whether `start + n / sampleRate * speed` is exact in 64 bits for every n up to `frames`.
  package static func playable(start: Rational, speed: Rational, sampleRate: Int64, frames: Int64) -> Bool {
    guard isTime(start), speed.num.magnitude <= 1 << 40, speed.den <= 1 << 40,
      let step = Rational(reducing: Int128(speed.num), Int128(speed.den) * Int128(sampleRate)), step.den <= 1 << 56
    else { return false }
    // The least common denominator; every position in between has it.
    let common = Int128(step.den) * Int128(Rational(start.den, step.den).num)
    let way = Int128(step.num.magnitude) * Int128(frames) / Int128(step.den) + 1
    let farthest = Int128(start.num.magnitude) / Int128(start.den) + 1 + way
    return common <= 1 << 56 && farthest <= 1 << 40 && farthest * common <= 1 << 62
  }
}
