import Plan

/// What the delay lines of a mix take: the audio worker makes as many as are in use at the same time, each as long as the longest.
struct SoundDelays: Sendable {
  let sound: SoundPlan
  /// Seconds of the longest.
  private(set) var seconds = 0.0

  /// A clip is heard for ten seconds after its end at most (`StripList`), what is in a timeline within as long as both.
  private static let tailSeconds = 20
  /// For interpolation, and a quantum.
  private static let spareFrames = 130

  init(_ sound: SoundPlan) {
    self.sound = sound
    for effect in sound.tracks.flatMap(\.effects) + sound.clips.flatMap(\.effects) where effect.kind == .delay {
      seconds = max(seconds, Self.time(effect))
    }
  }

  var bytes: UInt64 {
    if seconds <= 0 { return 0 }
    let frames = (seconds * Double(sound.sampleRate)).rounded(.up) + Double(Self.spareFrames)
    return UInt64(peak) * UInt64(frames) * UInt64(max(2, sound.channels)) * 4
  }

  /// Delays in use at the same time. Where a chain goes through libavfilter, what comes before it is a mix of its own: each track counts
  /// for itself then.
  private var peak: Int {
    let isSplit = (sound.tracks.map(\.effects) + sound.clips.map(\.effects)).contains { $0.contains { $0.isFilter } }
    let roots = sound.tracks.indices.map(root)
    if !isSplit { return peak { _ in true } }
    return Set(roots).reduce(0) { total, root in total + peak { roots[$0] == root } }
  }

  /// The track of the output's timeline that a track is part of.
  private func root(_ track: Int) -> Int {
    var track = track
    while let group = sound.tracks[track].into { track = sound.clips[group].track }
    return track
  }

  private func peak(of isPart: (_ track: Int) -> Bool) -> Int {
    var changes: [(at: Int64, by: Int64)] = []
    let tail = Int64(Self.tailSeconds * sound.sampleRate)
    func add(_ count: Int, _ clip: Int?) {
      if count == 0 { return }
      let span = clip.map { (sound.clips[$0].first - tail, sound.clips[$0].end + tail) } ?? (.min, .max)
      changes.append((span.0, Int64(count)))
      changes.append((span.1, -Int64(count)))
    }
    for (index, track) in sound.tracks.enumerated() where isPart(index) { add(Self.count(track.effects), track.into) }
    for (index, clip) in sound.clips.enumerated() where isPart(clip.track) { add(Self.count(clip.effects), index) }
    return Int(Overlap.peak(changes))
  }

  private static func count(_ effects: [SoundPlan.Effect]) -> Int { effects.count { $0.kind == .delay } }

  private static func time(_ effect: SoundPlan.Effect) -> Double {
    guard let time = effect.parameters.first(where: { $0.name == "delayTime" })?.value else { return 0 }
    switch time {
    case .constant(let value): return value.double
    case .keys(let keys): return keys.map(\.value.double).max() ?? 0
    }
  }
}

extension SoundPlan.Effect {
  fileprivate var isFilter: Bool {
    if case .avfilter = kind { return true }
    return false
  }
}
