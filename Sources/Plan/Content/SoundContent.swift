import FrameModel

/// Everything in a plan that decides the bytes of the whole sound, in a canonical form, as `SegmentContent` is for pictures. The
/// contents of the files are not in the plan; `uses` tells which files count.
public struct SoundContent: Sendable {
  public var bytes: [UInt8]
  /// Sources in order of first appearance.
  public var uses: [SegmentContent.Use]
  /// Whether another run gives the same samples. false when a filter is not known to be repeatable. A source that is a graph is
  /// not looked at here; the caller does that.
  public var isReproducible: Bool
}

extension PlanView {
  /// nil when the plan has no sound. Pure.
  public var soundContent: SoundContent? {
    guard let sound, let settings = output.sound else { return nil }
    var writer = SoundContentWriter(plan: self)
    return writer.write(sound, settings)
  }
}

private struct SoundContentWriter {
  let plan: PlanView
  private var out = CanonicalBytes()
  private var order: [Int] = []
  private var isReproducible = true

  init(plan: PlanView) { self.plan = plan }

  mutating func write(_ sound: SoundPlan, _ settings: SoundSettings) -> SoundContent {
    out.add(settings.codec)
    out.add(plan.output.format)
    for number in [Int(settings.bitRate), settings.sampleRate, settings.channels, settings.options.count] { out.add(number) }
    for option in settings.options {
      out.add(option.name)
      out.add(option.value)
    }
    out.add(Int(sound.frames))
    out.add(sound.loudness != nil)
    out.add(sound.loudness ?? 0)
    out.add(sound.tracks.count)
    for track in sound.tracks {
      out.add(track.into ?? -1)
      // The times of a track's keys are seconds of the timeline.
      add(track.gain, from: sound.start)
      add(track.pan, from: sound.start)
      add(track.effects, from: sound.start)
    }
    out.add(sound.clips.count)
    for clip in sound.clips { add(clip) }
    for index in order {
      let source = plan.source(index)
      out.add(Int(source.kind.rawValue))
      if source.kind == .lavfi { out.add(source.text) }
    }
    let uses = order.map {
      SegmentContent.Use(source: $0, times: Rational.zero...Rational.zero, reachesBeyond: true, effects: "")
    }
    return SoundContent(bytes: out.bytes, uses: uses, isReproducible: isReproducible)
  }

  private mutating func add(_ clip: SoundPlan.Clip) {
    out.add(clip.isGroup)
    out.add(clip.isGroup ? 0 : local(clip.source))
    for number in [clip.track, Int(clip.first), Int(clip.end), clip.stream] { out.add(number) }
    let moves = ([clip.gain, clip.pan] + clip.effects.flatMap { $0.parameters.map(\.value) }).contains { $0.constant == nil }
    let fades = [clip.fadeIn, clip.fadeOut, clip.crossIn, clip.crossOut]
    // What is cut off at the ends matters only when keys or fades are counted from there.
    let counts = moves || fades.contains { $0.frames > 0 }
    out.add(counts ? Int(clip.head) : 0)
    out.add(counts ? Int(clip.tail) : 0)
    for number in [clip.start, clip.speed, clip.zero, clip.loops ? clip.length ?? .zero : .zero] { out.add(number) }
    out.add(clip.preservesPitch || clip.speed == .one)
    out.add(clip.loops)
    for fade in fades {
      out.add(Int(fade.frames))
      out.add(fade.frames > 0 ? Int(fade.curve.rawValue) : 0)
    }
    add(clip.gain, from: .zero)
    add(clip.pan, from: .zero)
    add(clip.effects, from: .zero)
  }

  private mutating func local(_ source: Int) -> Int {
    if let index = order.firstIndex(of: source) { return index }
    order.append(source)
    return order.count - 1
  }

  private mutating func add(_ effects: [SoundPlan.Effect], from start: Rational) {
    out.add(effects.count)
    for effect in effects {
      switch effect.kind {
      case .biquad(let type):
        out.add(0)
        out.add(Int(type.rawValue))
      case .delay: out.add(1)
      case .compressor: out.add(2)
      case .limiter: out.add(3)
      case .avfilter(let chain):
        out.add(4)
        out.add(chain)
        if !EffectTraits.isRepeatable(filters: chain) { isReproducible = false }
      }
      out.add(effect.parameters.count)
      for parameter in effect.parameters {
        out.add(parameter.name)
        add(parameter.value, from: start)
      }
    }
  }

  private mutating func add(_ value: Animatable, from start: Rational) {
    guard case .keys(let keys) = value else {
      out.add(0)
      out.add(value.constant?.double ?? 0)
      return
    }
    out.add(keys.count)
    for key in keys {
      // When the difference does not fit, both times are written.
      let time = key.time.subtracting(start)
      out.add(time ?? key.time)
      out.add(time == nil ? start : .zero)
      out.add(key.value.double)
      switch key.ease {
      case .linear: out.add(0)
      case .hold: out.add(1)
      case .bezier(let x1, let y1, let x2, let y2):
        out.add(2)
        for number in [x1, y1, x2, y2] { out.add(number) }
      }
    }
  }
}
