import FrameModel
import Plan
import SluiceBase

/// Puts what is heard on the sample frames of an output.
struct SoundTable {
  /// Second of the timeline at sample frame 0.
  let base: Rational
  private(set) var plan = SoundPlan()
  private var clips: [SoundPlan.Clip] = []

  init(_ project: Project, base: Rational, frames: Int64) {
    self.base = base
    plan.sampleRate = project.sampleRate
    plan.channels = project.channels.count
    plan.frames = frames
    plan.start = base
    plan.loudness = project.output.audio?.loudness?.double
  }

  /// `source` returns the index in the plan of what is opened.
  mutating func add(_ lanes: [SoundLane], source: (_ key: String, MediaInfo) -> Int) throws(SluiceError) {
    try add(lanes, into: nil, source)
    let order = clips.indices.sorted { (clips[$0].first, $0) < (clips[$1].first, $1) }
    var index = [Int](repeating: 0, count: clips.count)
    for (new, old) in order.enumerated() { index[old] = new }
    plan.clips = order.map { clips[$0] }
    for track in plan.tracks.indices { plan.tracks[track].into = plan.tracks[track].into.map { index[$0] } }
  }

  /// Tracks of which nothing is heard in the range are left out, and so are groups without tracks.
  private mutating func add(_ lanes: [SoundLane], into group: Int?, _ source: (String, MediaInfo) -> Int) throws(SluiceError) {
    for lane in lanes {
      let before = (tracks: plan.tracks.count, clips: clips.count)
      var track = SoundPlan.Track()
      track.gain = lane.sound.gain
      track.pan = lane.sound.pan
      track.effects = lane.sound.effects
      track.into = group
      plan.tracks.append(track)
      for item in lane.items { try add(item, on: before.tracks, source) }
      if clips.count == before.clips { plan.tracks.removeLast() }
    }
  }

  private mutating func add(_ item: SoundItem, on track: Int, _ source: (String, MediaInfo) -> Int) throws(SluiceError) {
    let start = try frame(item.start, item.place), end = try frame(item.end, item.place)
    var first = max(start, 0), last = min(end, plan.frames)
    if let limit = item.limits.start { first = max(first, try frame(limit, item.place)) }
    if let limit = item.limits.end { last = min(last, try frame(limit, item.place)) }
    guard first < last else { return }
    var clip = SoundPlan.Clip(source: 0, track: track, first: first, end: last)
    clip.head = first - start
    clip.tail = end - last
    clip.gain = item.gain
    clip.pan = item.pan
    clip.effects = item.effects
    clip.preservesPitch = item.preservesPitch
    if let fade = item.fadeIn { clip.fadeIn = .init(frames: try frames(fade.seconds, item.place), curve: fade.curve) }
    if let fade = item.fadeOut { clip.fadeOut = .init(frames: try frames(fade.seconds, item.place), curve: fade.curve) }
    if let cross = item.crossIn { clip.crossIn = .init(frames: try frames(cross, item.place), curve: .equalPower) }
    if let cross = item.crossOut { clip.crossOut = .init(frames: try frames(cross, item.place), curve: .equalPower) }
    switch item.content {
    case .media(let info, let key, let stream, let time, let length):
      let audio = info.audio[stream]
      clip.speed = time.speed
      clip.stream = stream
      clip.zero = info.soundZero
      clip.length = length ?? info.duration ?? audio.end
      clip.loops = length != nil
      clip.start = position(time, item, clip)
      guard isHeard(clip, audio) else { return }
      guard
        let (start, speed) = SoundLimits.fitted(
          start: clip.start, speed: clip.speed, sampleRate: Int64(plan.sampleRate), frames: clip.end - clip.first)
      else { throw tooFar(item.place) }
      (clip.start, clip.speed) = (start, speed)
      clip.source = source(key, info)
      clips.append(clip)
    case .group(let lanes):
      clip.isGroup = true
      let index = clips.count
      clips.append(clip)
      try add(lanes, into: index, source)
      // None of its tracks is heard.
      if clips.count == index + 1 { clips.removeLast() }
    }
  }

  /// The source's second at the first sample frame that is heard, as if the clip began exactly there.
  private func position(_ time: TimeMap, _ item: SoundItem, _ clip: SoundPlan.Clip) -> Rational {
    let seconds = Rational(nearest: Int128(clip.head), Int128(plan.sampleRate))
    let start = time.at(item.start).plus(seconds.times(time.speed))
    guard clip.loops, let length = clip.length, let turns = start.over(length) else { return start }
    // The start is brought into the first repetition: 0 ..< length, backwards 0 <.. length.
    let whole = clip.speed > .zero ? turns.floor : turns.ceil - 1
    return start.minus(length.times(Rational(whole)))
  }

  /// Whether some of the media plays within the clip.
  private func isHeard(_ clip: SoundPlan.Clip, _ audio: MediaInfo.Audio) -> Bool {
    if clip.loops { return true }
    let end = clip.start.plus(Rational(nearest: Int128(clip.end - clip.first), Int128(plan.sampleRate)).times(clip.speed))
    let low = min(clip.start, end), high = max(clip.start, end)
    return high > max(audio.start, .zero) && audio.end.map { low < $0 } ?? true
  }

  private func frame(_ time: Rational, _ place: String) throws(SluiceError) -> Int64 {
    guard let frame = SampleGrid(rate: plan.sampleRate).frame(time, from: base) else { throw tooFar(place) }
    return frame
  }

  private func frames(_ seconds: Rational, _ place: String) throws(SluiceError) -> Int64 {
    guard let frames = SampleGrid(rate: plan.sampleRate).frame(seconds, from: .zero) else { throw tooFar(place) }
    return frames
  }

  private func tooFar(_ place: String) -> SluiceError {
    SluiceError(.badInput, "the times of its sound are too far away", at: place, advice: "make them smaller, or its speed")
  }
}

extension SoundLimits {
  /// The two rounded as far as they have to be to be `playable`: by less than a sample over any length. nil where they are too
  /// large.
  fileprivate static func fitted(start: Rational, speed: Rational, sampleRate: Int64, frames: Int64) -> (Rational, Rational)? {
    func isPlayable(_ start: Rational, _ speed: Rational) -> Bool {
      playable(start: start, speed: speed, sampleRate: sampleRate, frames: frames)
    }
    if isPlayable(start, speed) { return (start, speed) }
    // The simplest speeds are off by a microsecond in three hours.
    for speed in [speed, speed.simplest(within: 1e-13), speed.simplest(within: 1e-12), speed.simplest(within: 1e-10)] {
      let step = speed.times(Rational(1, sampleRate))
      // Of the start as many binary digits behind the common denominator as there is room for, else behind a sample.
      for digits in stride(from: Int64(24), through: 0, by: -4) {
        for whole in [step.den, sampleRate] {
          let (den, overflow) = whole.multipliedReportingOverflow(by: 1 << digits)
          guard !overflow, den <= 1 << 40 else { continue }
          let rounded = start.rounded(to: den)
          if isPlayable(rounded, speed) { return (rounded, speed) }
        }
      }
    }
    return nil
  }
}

/// Sample frames and the times at which they stand.
struct SampleGrid {
  let rate: Int

  /// The nearest to a time, the later of two; nil when it does not fit.
  func frame(_ time: Rational, from base: Rational) -> Int64? {
    let behind = time.minus(base), unit = 2 * Int128(behind.den)
    let sum = Int128(behind.num) * 2 * Int128(rate) + Int128(behind.den)
    let frame = sum % unit < 0 ? sum / unit - 1 : sum / unit
    return Int64(exactly: frame).flatMap { $0.magnitude <= UInt64(SoundLimits.frames.upperBound) ? $0 : nil }
  }
}
