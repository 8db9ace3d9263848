import FrameModel
import Plan
import SluiceBase

/// What must be known of the media before a plan can be compiled. A probe key names a source as it is to be opened: a path,
/// `lavfi:GRAPH`, or a JSON object: `{"title": {…}}`, `{"subtitles": {…}, "width": …, "height": …}`, `{"sequence": {…}}`, and with
/// effects `{"source": KEY, "effects": TEXT}` (see `EffectText`). `MediaProbe` gives the `MediaInfo` for a key.
extension Project {
  /// The probe key of a clip's source. nil when nothing is to be probed: for a colour, a nested timeline or a grid.
  public func probeKey(of clip: Clip) -> String? {
    guard let key = sources[clip.source].source.probeKey(canvas: canvas, colored: !clip.effects.isEmpty) else { return nil }
    let effects = EffectText.json(clip.effects)
    return effects.isEmpty ? key : JSONValue.object(["source": .string(key), "effects": .string(effects)]).line
  }

  /// The keys that must be probed before the plan can be compiled, each once, in order of first use. They are those of enabled
  /// clips on enabled tracks with pictures, in nested timelines as well. (Transparent clips count, because their length does.) With
  /// `sound` there are also those of clips that are heard, and the chains of libavfilter for sound (`SoundEffectKey`).
  public func sourcePaths(sound: Bool = true) -> [String] {
    var seen: Set<String> = []
    var keys: [String] = []
    collect(into: &keys, &seen, sound)
    return sound ? keys + soundEffectKeys() : keys
  }

  /// The first clip that asks for a key, for errors; nil: none does.
  public func place(ofKey key: String) -> String? { place(ofKey: key, path.isEmpty ? "" : path + ": ") }

  private func place(ofKey key: String, _ prefix: String) -> String? {
    for (index, track) in tracks.enumerated() where track.enabled {
      for (number, clip) in track.clips.enumerated() where clip.enabled {
        let place = "\(prefix)tracks[\(index)].clips[\(number)]"
        if probeKey(of: clip) == key { return place }
        guard case .timeline(let inner) = sources[clip.source].source else { continue }
        if let found = inner.place(ofKey: key, inner.path.isEmpty ? place + " > " : inner.path + ": ") { return found }
      }
    }
    return nil
  }

  private func collect(into keys: inout [String], _ seen: inout Set<String>, _ sound: Bool) {
    let heard = Set(sound ? heardTracks : [])
    for (index, track) in tracks.enumerated() where track.kind == .audio ? heard.contains(index) : track.enabled {
      for clip in track.clips where clip.enabled && (track.kind != .audio || clip.isAudible) {
        switch sources[clip.source].source {
        case .timeline(let nested): nested.collect(into: &keys, &seen, sound)
        case .grid(let grid): for key in GridLayout.probeKeys(grid, of: self) where seen.insert(key).inserted { keys.append(key) }
        default: if let key = probeKey(of: clip), seen.insert(key).inserted { keys.append(key) }
        }
      }
    }
  }

  /// Whether anything of the project is heard: a clip of an audio track, or one with pictures whose source has sound.
  public func hasSound(media: [String: MediaInfo]) -> Bool {
    heardTracks.contains { index in
      tracks[index].clips.contains { clip in
        guard clip.isAudible else { return false }
        switch sources[clip.source].source {
        case .timeline(let nested): return nested.hasSound(media: media)
        case .grid(let grid):
          return GridLayout.probeKeys(grid, of: self).contains { !(media[$0]?.audio.isEmpty ?? true) }
        default: return tracks[index].kind == .audio || probeKey(of: clip).map { !(media[$0]?.audio.isEmpty ?? true) } ?? false
        }
      }
    }
  }
}

extension Project.Source {
  /// See `Project.probeKey(of:)`. A colour has a key only with effects, for which it must be a picture.
  func probeKey(canvas: Canvas, colored: Bool = false) -> String? {
    switch self {
    case .file(let path): return path
    case .lavfi(let graph): return SourceKey.graphPrefix + graph
    case .color(let color):
      guard colored else { return nil }
      let rate = "\(canvas.rate.num)/\(canvas.rate.den)"
      return SourceKey.graphPrefix
        + "color=c=0x\(color.hex.dropFirst()):s=\(canvas.width)x\(canvas.height):r=\(rate),format=gbrap"
    case .title(let title): return JSONValue.object(["title": title.json(canvas)]).line
    case .subtitles(let subtitles):
      return JSONValue.object([
        "subtitles": subtitles.json, "width": .number(canvas.width), "height": .number(canvas.height),
      ]).line
    case .sequence(let sequence): return JSONValue.object(["sequence": sequence.json]).line
    case .timeline, .grid: return nil
    }
  }
}

extension Project.Title {
  /// Everything that decides the title's picture.
  fileprivate func json(_ canvas: Canvas) -> JSONValue {
    .object([
      "text": .string(text), "font": .string(font), "size": .exact(size), "color": .string(color.hex),
      "align": .string(align.rawValue), "vertical": .string(vertical.rawValue),
      "width": .number(width ?? canvas.width), "height": .number(height ?? canvas.height),
      "outline": .exact(outline), "outlineColor": .string(outlineColor.hex),
    ])
  }
}

extension Project.Subtitles {
  fileprivate var json: JSONValue {
    var members = [JSONMember("path", .string(path))]
    if let font { members.append(JSONMember("font", .string(font))) }
    if let size { members.append(JSONMember("size", .exact(size))) }
    if let color { members.append(JSONMember("color", .string(color.hex))) }
    return .object(members)
  }
}

extension SequenceKey {
  fileprivate var json: JSONValue {
    .object(["pattern": .string(pattern), "first": .number(Int(first)), "fps": .string("\(rate.num)/\(rate.den)")])
  }
}

extension JSONValue {
  /// A number when a decimal is exact, otherwise a fraction in a string.
  static func exact(_ value: Rational) -> JSONValue {
    let text = DecimalText.text(value)
    return text.contains("/") ? .string(text) : .number(text: text)
  }
}

/// Effects as text, for the decoder that applies them: `[{"avfilter": "gblur=sigma=4", "parameters": ["sigma"]},
/// {"lut": "/a.cube"}]`. The values of parameters are not in it.
enum EffectText {
  /// Empty without effects. Effects in workers are left out, because the decoder does not apply them.
  static func json(_ effects: [Project.Effect]) -> String {
    let list = effects.compactMap { (effect) -> JSONValue? in
      switch effect {
      case .avfilter(let chain, let parameters):
        var members = [JSONMember("avfilter", .string(chain))]
        if !parameters.isEmpty { members.append(JSONMember("parameters", .array(parameters.map { .string($0.name) }))) }
        return .object(members)
      case .lut(let path): return .object(["lut": .string(path)])
      case .worker: return nil
      }
    }
    return list.isEmpty ? "" : JSONValue.array(list).line
  }
}
