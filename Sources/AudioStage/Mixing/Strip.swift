import AudioEngine
import FrameModel
import Plan

/// A channel strip of the mix, before it has nodes: what comes in goes through `specs` to what it is part of. All times are output frames.
struct Strip {
  enum Input: Hashable {
    /// The samples of a clip's source.
    case source(clip: Int)
    /// What other strips send.
    case mix
    /// The output of a mix of its own through a chain of libavfilter.
    case filtered(Filtered)
  }

  /// `effects` of this clip or track before its last avfilter belong to the mix within.
  struct Filtered: Hashable {
    enum Owner: Hashable { case clip(Int), track(Int) }
    var owner: Owner
    var effects: Int
    var chain: String
  }

  var input: Input
  /// In order, each with the latency of those behind it within the strip.
  var specs: [(spec: NodeSpec, behind: Int64)] = []
  /// Strip that it is sent to; nil: the destination.
  var parent: Int?
  /// It sounds in these frames, and rings on for `tail`.
  var first: Int64 = 0
  var end: Int64 = 0
  var tail: Int64 = 0
  /// How much earlier than at the destination a frame stands at its output, and at its input.
  var lagOut: Int64 = 0
  var lagIn: Int64 = 0
  /// Strips that exist from the beginning to the end.
  var isPermanent = false

  /// Some of its effects give later what they got.
  var keepsSound: Bool {
    specs.contains { entry in
      switch entry.spec {
      case .gain, .pan: false
      case .biquad, .delay, .compressor, .limiter: true
      }
    }
  }
}

/// Everything that is to be mixed, as strips: parents stand before what they get. Pure.
struct StripList {
  /// Longest that an effect is heard after its clip: 10 s. Tails of avfilter, which nobody knows, are this long.
  static let tailSeconds = 10

  enum Root: Hashable {
    case output
    /// A part of a clip's or track's chain.
    case part(Strip.Filtered)
  }

  let plan: SoundPlan
  private(set) var strips: [Strip] = []
  /// Frames before output frame `origin` that the graph begins with: the largest lag, whole quanta.
  private(set) var lead: Int64 = 0
  private(set) var origin: Int64 = 0
  private let clipsOfTrack: [[Int]]
  private let tracksOfGroup: [Int: [Int]]
  private var limit: Int { Self.tailSeconds * plan.sampleRate }

  /// - Parameter masterLatency: of what comes behind the strips.
  init(_ plan: SoundPlan, root: Root, masterLatency: Int64 = 0) {
    self.plan = plan
    var clips = [[Int]](repeating: [], count: plan.tracks.count)
    for (index, clip) in plan.clips.enumerated() { clips[clip.track].append(index) }
    clipsOfTrack = clips
    var groups: [Int: [Int]] = [:]
    for (index, track) in plan.tracks.enumerated() { if let clip = track.into { groups[clip, default: []].append(index) } }
    tracksOfGroup = groups
    switch root {
    case .output:
      for index in plan.tracks.indices where plan.tracks[index].into == nil { add(track: index, to: nil, lag: masterLatency) }
    case .part(let part):
      switch part.owner {
      case .clip(let clip):
        origin = plan.clips[clip].first
        add(clip: clip, to: nil, lag: masterLatency, effects: part.effects)
      case .track(let track):
        if let group = plan.tracks[track].into { origin = plan.clips[group].first }
        add(track: track, to: nil, lag: masterLatency, effects: part.effects)
      }
    }
    for strip in strips { lead = max(lead, strip.lagIn) }
    let quantum = Int64(Quantum.frames)
    lead = (lead + quantum - 1) / quantum * quantum
    measureLives()
  }

  /// - Parameter effects: only so many of its effects, and nothing behind them; nil: all.
  private mutating func add(track index: Int, to parent: Int?, lag: Int64, effects count: Int? = nil) {
    let track = plan.tracks[index]
    var specs: [NodeSpec] = []
    let (filter, effects) = split(track.effects, count: count)
    for effect in effects { if let spec = NodeSpec(effect, origin: 0, offset: plan.start) { specs.append(spec) } }
    if count == nil { specs += level(track.gain, track.pan, origin: 0, offset: plan.start) }
    var strip = Strip(input: .mix, parent: parent)
    strip.isPermanent = true
    strip.end = plan.frames
    put(specs, into: &strip, lag: lag)
    if let group = track.into {
      (strip.isPermanent, strip.first, strip.end) = (false, plan.clips[group].first, plan.clips[group].end)
    }
    if let filter {
      strip.input = .filtered(Strip.Filtered(owner: .track(index), effects: filter.index, chain: filter.chain))
      strips.append(strip)
      return
    }
    strips.append(strip)
    let own = strips.count - 1
    for clip in clipsOfTrack[index] { add(clip: clip, to: own, lag: strip.lagIn) }
  }

  private mutating func add(clip index: Int, to parent: Int?, lag: Int64, effects count: Int? = nil) {
    let clip = plan.clips[index]
    let origin = clip.first - clip.head
    var specs: [NodeSpec] = []
    let (filter, effects) = split(clip.effects, count: count)
    for effect in effects { if let spec = NodeSpec(effect, origin: origin, offset: .zero) { specs.append(spec) } }
    var strip = Strip(input: clip.isGroup ? .mix : .source(clip: index), parent: parent, first: clip.first, end: clip.end)
    let fadesOut = clip.tail == 0 && (clip.fadeOut.frames > 0 || clip.crossOut.frames > 0)
    if !fadesOut || count != nil { strip.tail = tail(of: specs) + (filter == nil ? 0 : Int64(limit)) }
    if count == nil {
      specs += fades(clip)
      specs += level(clip.gain, clip.pan, origin: origin, offset: .zero)
    }
    put(specs, into: &strip, lag: lag)
    if let filter {
      strip.input = .filtered(Strip.Filtered(owner: .clip(index), effects: filter.index, chain: filter.chain))
      strips.append(strip)
      return
    }
    strips.append(strip)
    guard clip.isGroup else { return }
    let own = strips.count - 1
    for track in tracksOfGroup[index] ?? [] { add(track: track, to: own, lag: strip.lagIn) }
  }

  /// What of the effects is in this mix, and the avfilter before it.
  private func split(
    _ effects: [SoundPlan.Effect], count: Int?
  ) -> (filter: (index: Int, chain: String)?, rest: ArraySlice<SoundPlan.Effect>) {
    let considered = effects.prefix(count ?? effects.count)
    for index in considered.indices.reversed() {
      if case .avfilter(let chain) = considered[index].kind { return ((index, chain), considered[(index + 1)...]) }
    }
    return (nil, considered)
  }

  private func level(_ gain: Animatable, _ pan: Animatable, origin: Int64, offset: Rational) -> [NodeSpec] {
    var specs: [NodeSpec] = []
    if gain != .zero {
      switch gain {
      case .constant(let decibels): specs.append(.gain(.constant(NodeTimes.gain(decibels: decibels.double))))
      case .keys: specs.append(.gain(ParameterSpec(gain, unit: .decibels, origin: origin, offset: offset)))
      }
    }
    // In the middle a panner would do nothing to stereo, and make mono softer.
    if pan != .zero { specs.append(.pan(ParameterSpec(pan, origin: origin, offset: offset))) }
    return specs
  }

  private func fades(_ clip: SoundPlan.Clip) -> [NodeSpec] {
    let start = clip.first - clip.head, end = clip.end + clip.tail
    return pair(clip.fadeIn, clip.fadeOut, start, end) + pair(clip.crossIn, clip.crossOut, start, end)
  }

  private func pair(_ fadeIn: SoundPlan.Fade, _ fadeOut: SoundPlan.Fade, _ start: Int64, _ end: Int64) -> [NodeSpec] {
    var keys: [[ParameterSpec.Key]] = []
    if fadeIn.frames > 0 {
      keys.append(ParameterSpec.fade(FadeCurve(fadeIn.curve), from: start, to: start + fadeIn.frames, out: false))
    }
    if fadeOut.frames > 0 {
      keys.append(ParameterSpec.fade(FadeCurve(fadeOut.curve), from: end - fadeOut.frames, to: end, out: true))
    }
    if keys.count == 2, keys[0][1].frame < keys[1][0].frame { keys = [keys[0] + keys[1]] }
    return keys.map { .gain(.keys($0, .linear)) }
  }

  private func put(_ specs: [NodeSpec], into strip: inout Strip, lag: Int64) {
    var behind: Int64 = 0
    for spec in specs.reversed() {
      let latency = spec.latency(plan.sampleRate)
      strip.specs.append((spec, behind + latency))
      behind += latency
    }
    strip.specs.reverse()
    strip.lagOut = lag
    strip.lagIn = lag + behind
  }

  private func tail(of specs: [NodeSpec]) -> Int64 {
    var total = 0
    for spec in specs { total = min(limit, total + spec.tail(plan.sampleRate, limit: limit)) }
    return Int64(total)
  }

  // MARK: Times of the graph

  /// Frames of the graph between which each strip has nodes: as long as what it gets, too.
  private(set) var lives: [Range<Int64>] = []

  private mutating func measureLives() {
    lives = strips.map { strip in
      if strip.isPermanent { return Int64.min..<Int64.max }
      let begin = strip.first + shift(lag: strip.lagIn)
      return begin..<max(begin + 1, strip.end + strip.tail + shift(lag: strip.lagOut))
    }
    for index in strips.indices.reversed() {
      guard let parent = strips[index].parent, !strips[parent].isPermanent else { continue }
      lives[parent] =
        min(lives[parent].lowerBound, lives[index].lowerBound)..<max(lives[parent].upperBound, lives[index].upperBound)
    }
  }

  /// Of the graph's frame, for what stands `lag` before the destination: add it to an output frame.
  func shift(lag: Int64) -> Int64 { lead - origin - lag }

  /// Nodes of each kind that are in use at the same time, at most; and seconds of the longest delay line.
  func peakNodes() -> (nodes: [NodeKind: Int], delayTime: Double) {
    var changes: [(frame: Int64, isEnd: Bool, strip: Int)] = []
    let quantum = Int64(Quantum.frames)
    func grid(_ frame: Int64) -> Int64 {
      frame == .min || frame == .max ? frame : frame >= 0 ? frame / quantum : -((-frame + quantum - 1) / quantum)
    }
    var delayTime = 0.0
    for (index, strip) in strips.enumerated() {
      let life = lives[index]
      changes.append((grid(life.lowerBound), false, index))
      changes.append((life.upperBound == .max ? .max : grid(life.upperBound + quantum - 1), true, index))
      for (spec, _) in strip.specs { delayTime = max(delayTime, spec.delayTime) }
    }
    changes.sort { ($0.frame, $0.isEnd ? 0 : 1, $0.strip) < ($1.frame, $1.isEnd ? 0 : 1, $1.strip) }
    var now: [NodeKind: Int] = [:], peak: [NodeKind: Int] = [:]
    for change in changes {
      var nodes: [NodeKind: Int] = [:]
      let strip = strips[change.strip]
      if strip.input == .mix { nodes[.mixer] = 1 } else { nodes[.source] = 1 }
      for (spec, _) in strip.specs { for (kind, count) in spec.nodes { nodes[kind, default: 0] += count } }
      for (kind, count) in nodes {
        now[kind, default: 0] += change.isEnd ? -count : count
        peak[kind] = max(peak[kind] ?? 0, now[kind] ?? 0)
      }
    }
    return (peak, delayTime)
  }
}
