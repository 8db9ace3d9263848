import FrameModel
import Plan

extension Project {
  /// Keys of the libavfilter chains in the sound of everything that is heard, which must be tried before a run. Each is there once,
  /// with the first place in the project that has it.
  func soundEffectKeys() -> [String] {
    var keys: [String] = []
    var seen: Set<String> = []
    visitSoundEffects(path.isEmpty ? "" : path + ": ") { chain, place in
      guard seen.insert(chain).inserted else { return }
      keys.append(SoundEffectKey(chain: chain, sampleRate: sampleRate, channels: channels.count, place: place).text)
    }
    return keys
  }

  private func visitSoundEffects(_ prefix: String, _ body: (_ chain: String, _ place: String) -> Void) {
    for index in heardTracks {
      let track = tracks[index]
      let place = "\(prefix)tracks[\(index)]", linked = track.kind == .audio ? "" : ".sound"
      Self.visit(track.sound.effects, place + linked, body)
      for (number, clip) in track.clips.enumerated() where clip.isAudible {
        let clipPlace = "\(place).clips[\(number)]"
        if let sound = clip.sound { Self.visit(sound.effects, clipPlace + linked, body) }
        if case .timeline(let inner) = sources[clip.source].source {
          inner.visitSoundEffects(inner.path.isEmpty ? clipPlace + " > " : inner.path + ": ", body)
        }
      }
    }
  }

  private static func visit(_ effects: [SoundPlan.Effect], _ place: String, _ body: (String, String) -> Void) {
    for (index, effect) in effects.enumerated() {
      if case .avfilter(let chain) = effect.kind { body(chain, "\(place).effects[\(index)]") }
    }
  }
}
