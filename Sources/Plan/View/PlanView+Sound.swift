import CSchema
import FrameModel

extension PlanView {
  private var soundHead: sluice_plan_sound? {
    header.sound_offset == 0 ? nil : record(sluice_plan_sound.self, header.sound_offset, 0)
  }

  /// nil when the plan has no sound.
  var soundSettings: SoundSettings? {
    guard let head = soundHead else { return nil }
    var settings = SoundSettings()
    settings.codec = text(head.codec)
    settings.bitRate = Int64(clamping: head.bit_rate)
    settings.options = options(head.option_offset, head.option_count)
    settings.sampleRate = Int(head.sample_rate)
    settings.channels = Int(head.channels)
    return settings
  }

  /// Sample frames of the sound; nil when there is none. Unlike `sound` it reads no tables.
  public var soundFrames: Int64? { soundHead?.frame_count }

  /// The sound with all its tracks and clips; nil when there is none. O(clips), so keep the result.
  public var sound: SoundPlan? {
    guard let head = soundHead else { return nil }
    var sound = SoundPlan()
    sound.sampleRate = Int(head.sample_rate)
    sound.channels = Int(head.channels)
    sound.frames = head.frame_count
    sound.start = head.start.value
    sound.loudness = head.flags & SLUICE_SOUND_LOUDNESS == 0 ? nil : head.loudness
    sound.tracks = (0..<Int(head.track_count)).map { index in
      let record = record(sluice_plan_sound_track.self, head.track_offset, index)
      var track = SoundPlan.Track()
      track.gain = animatable(record.gain)
      track.pan = animatable(record.pan)
      track.effects = effects(head, record.first_effect, record.effect_count)
      track.into = record.into < 0 ? nil : Int(record.into)
      return track
    }
    sound.clips = (0..<Int(head.clip_count)).map { index in
      clip(head, record(sluice_plan_sound_clip.self, head.clip_offset, index))
    }
    return sound
  }

  private func clip(_ head: sluice_plan_sound, _ record: sluice_plan_sound_clip) -> SoundPlan.Clip {
    var clip = SoundPlan.Clip(source: Int(record.source), track: Int(record.track), first: record.first, end: record.end)
    (clip.head, clip.tail) = (record.head, record.tail)
    clip.start = record.start.value
    clip.speed = record.speed.value
    clip.zero = record.zero.value
    clip.length = record.length.num == 0 ? nil : record.length.value
    clip.stream = Int(record.stream)
    clip.preservesPitch = record.flags & SLUICE_CLIP_PRESERVES_PITCH != 0
    clip.loops = record.flags & SLUICE_CLIP_LOOPS != 0
    clip.isGroup = record.flags & SLUICE_CLIP_GROUP != 0
    (clip.fadeIn, clip.fadeOut) = (SoundPlan.Fade(record.fade_in), SoundPlan.Fade(record.fade_out))
    (clip.crossIn, clip.crossOut) = (SoundPlan.Fade(record.cross_in), SoundPlan.Fade(record.cross_out))
    clip.gain = animatable(record.gain)
    clip.pan = animatable(record.pan)
    clip.effects = effects(head, record.first_effect, record.effect_count)
    return clip
  }

  private func effects(_ head: sluice_plan_sound, _ first: UInt32, _ count: UInt32) -> [SoundPlan.Effect] {
    (0..<Int(count)).map { offset in
      let record = record(sluice_plan_sound_effect.self, head.effect_offset, Int(first) + offset)
      let parameters = (0..<Int(record.parameter_count)).map { index in
        let parameter = self.record(sluice_plan_parameter.self, header.parameter_offset, Int(record.first_parameter) + index)
        return EffectParameter(text(parameter.name), animatable(parameter.value))
      }
      return SoundPlan.Effect(kind(record), parameters: parameters)
    }
  }

  private func kind(_ record: sluice_plan_sound_effect) -> SoundPlan.Effect.Kind {
    switch record.kind {
    case SLUICE_EFFECT_DELAY.rawValue: .delay
    case SLUICE_EFFECT_COMPRESSOR.rawValue: .compressor
    case SLUICE_EFFECT_LIMITER.rawValue: .limiter
    case SLUICE_EFFECT_AVFILTER.rawValue: .avfilter(text(record.text))
    default: .biquad(SoundPlan.Biquad(rawValue: record.type) ?? .lowpass)
    }
  }
}

extension SoundPlan.Fade {
  fileprivate init(_ record: sluice_plan_fade) {
    self.init(frames: record.frames, curve: SoundPlan.Curve(rawValue: record.curve) ?? .linear)
  }
}
