import CSchema
import FrameModel

/// The records of a plan's sound.
extension PlanBytes {
  struct SoundRecords {
    private var head = sluice_plan_sound()
    private var tracks: [sluice_plan_sound_track] = []
    private var clips: [sluice_plan_sound_clip] = []
    private var effects: [sluice_plan_sound_effect] = []
    private var options: [sluice_plan_option] = []
    /// The first effect of every chain. Equal chains are stored once.
    private var chains: [[SoundPlan.Effect]: UInt32] = [:]

    init(
      _ sound: SoundPlan, _ settings: SoundSettings, _ texts: inout TextArea, _ values: inout ValueTable,
      _ parameters: inout [sluice_plan_parameter]
    ) {
      head.sample_rate = UInt32(clamping: sound.sampleRate)
      head.channels = UInt32(clamping: sound.channels)
      head.frame_count = sound.frames
      head.start = sluice_plan_rational(sound.start)
      head.codec = texts.add(settings.codec)
      head.bit_rate = UInt64(clamping: settings.bitRate)
      head.loudness = sound.loudness ?? 0
      head.flags = sound.loudness == nil ? 0 : SLUICE_SOUND_LOUDNESS
      options = settings.options.map { texts.add($0) }
      tracks = sound.tracks.map { track in
        sluice_plan_sound_track(
          gain: values.add(track.gain), pan: values.add(track.pan),
          first_effect: add(track.effects, &texts, &values, &parameters),
          effect_count: UInt32(track.effects.count), into: Int32(track.into ?? -1), reserved: 0)
      }
      clips = sound.clips.map { record($0, &texts, &values, &parameters) }
    }

    /// Returns the offset of the head.
    func append(to bytes: inout [UInt8]) -> UInt64 {
      var head = head
      head.track_count = UInt32(tracks.count)
      head.track_offset = PlanBytes.append(tracks, to: &bytes)
      head.clip_count = UInt32(clips.count)
      head.clip_offset = PlanBytes.append(clips, to: &bytes)
      head.effect_count = UInt32(effects.count)
      head.effect_offset = PlanBytes.append(effects, to: &bytes)
      head.option_count = UInt32(options.count)
      head.option_offset = PlanBytes.append(options, to: &bytes)
      return PlanBytes.append([head], to: &bytes)
    }

    private mutating func record(
      _ clip: SoundPlan.Clip, _ texts: inout TextArea, _ values: inout ValueTable, _ parameters: inout [sluice_plan_parameter]
    ) -> sluice_plan_sound_clip {
      var out = sluice_plan_sound_clip()
      out.source = UInt32(clip.source)
      out.track = UInt32(clip.track)
      (out.first, out.end, out.head, out.tail) = (clip.first, clip.end, clip.head, clip.tail)
      out.start = sluice_plan_rational(clip.start)
      out.speed = sluice_plan_rational(clip.speed)
      out.zero = sluice_plan_rational(clip.zero)
      out.length = sluice_plan_rational(clip.length ?? .zero)
      out.stream = UInt32(clip.stream)
      if clip.preservesPitch { out.flags |= SLUICE_CLIP_PRESERVES_PITCH }
      if clip.loops { out.flags |= SLUICE_CLIP_LOOPS }
      if clip.isGroup { out.flags |= SLUICE_CLIP_GROUP }
      out.fade_in = Self.record(clip.fadeIn)
      out.fade_out = Self.record(clip.fadeOut)
      out.cross_in = Self.record(clip.crossIn)
      out.cross_out = Self.record(clip.crossOut)
      out.gain = values.add(clip.gain)
      out.pan = values.add(clip.pan)
      out.first_effect = add(clip.effects, &texts, &values, &parameters)
      out.effect_count = UInt32(clip.effects.count)
      return out
    }

    private static func record(_ fade: SoundPlan.Fade) -> sluice_plan_fade {
      sluice_plan_fade(frames: fade.frames, curve: fade.curve.rawValue, reserved: 0)
    }

    /// Returns the index of the chain's first effect.
    private mutating func add(
      _ chain: [SoundPlan.Effect], _ texts: inout TextArea, _ values: inout ValueTable,
      _ parameters: inout [sluice_plan_parameter]
    ) -> UInt32 {
      if chain.isEmpty { return 0 }
      if let first = chains[chain] { return first }
      let first = UInt32(effects.count)
      chains[chain] = first
      for effect in chain {
        var out = sluice_plan_sound_effect()
        switch effect.kind {
        case .biquad(let type): (out.kind, out.type) = (SLUICE_EFFECT_BIQUAD.rawValue, type.rawValue)
        case .delay: out.kind = SLUICE_EFFECT_DELAY.rawValue
        case .compressor: out.kind = SLUICE_EFFECT_COMPRESSOR.rawValue
        case .limiter: out.kind = SLUICE_EFFECT_LIMITER.rawValue
        case .avfilter(let chain): (out.kind, out.text) = (SLUICE_EFFECT_AVFILTER.rawValue, texts.add(chain))
        }
        out.first_parameter = UInt32(parameters.count)
        out.parameter_count = UInt32(effect.parameters.count)
        parameters += effect.parameters.map {
          sluice_plan_parameter(effect: 0, reserved: 0, name: texts.add($0.name), value: values.add($0.value))
        }
        effects.append(out)
      }
      return first
    }
  }
}
