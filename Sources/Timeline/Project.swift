import FrameModel

/// The validated model of a project file. Indices in it are in range, names resolved, ranges checked; what needs the
/// media (durations, crops against picture sizes) is checked by the plan compiler.
public struct Project: Equatable, Sendable {
  public enum Source: Hashable, Sendable {
    /// Absolute path.
    case file(String)
    case lavfi(String)
    case color(RGBA)

    /// What must be probed, also the key of its `MediaInfo`: a path or `lavfi:GRAPH`. nil for a colour.
    public var probeKey: String? {
      switch self {
      case .file(let path): path
      case .lavfi(let graph): "lavfi:" + graph
      case .color: nil
      }
    }
  }

  public struct NamedSource: Equatable, Sendable {
    public var name: String
    public var source: Source
    public init(_ name: String, _ source: Source) {
      self.name = name
      self.source = source
    }
  }

  public enum TrackKind: String, Sendable, CaseIterable { case video, audio }

  /// Clips of one track never overlap.
  public struct Track: Equatable, Sendable {
    public var kind = TrackKind.video
    public var name = ""
    public var enabled = true
    /// Decibels; audio tracks only.
    public var gain = Rational.zero
    public var clips: [Clip]
    public init(kind: TrackKind = .video, name: String = "", clips: [Clip] = []) {
      self.kind = kind
      self.name = name
      self.clips = clips
    }
  }

  public enum Fit: String, Sendable, CaseIterable { case contain, cover, stretch, none }

  /// A box in pixels, exact.
  public struct Box: Equatable, Sendable {
    public var x: Rational
    public var y: Rational
    public var width: Rational
    public var height: Rational
    public init(x: Rational, y: Rational, width: Rational, height: Rational) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  /// Where on the canvas a clip lies; nil sides: the canvas's.
  public struct Place: Equatable, Sendable {
    public var x = Rational.zero
    public var y = Rational.zero
    public var width: Rational? = nil
    public var height: Rational? = nil
    public var fit = Fit.contain
    public init() {}
  }

  public struct Clip: Equatable, Sendable {
    /// Index into `Project.sources`.
    public var source: Int
    /// Start on the timeline, and in the source.
    public var at = TimeValue.zero
    public var `in` = TimeValue.zero
    /// nil: the rest of the source.
    public var duration: TimeValue? = nil
    /// In pixels of the upright picture; nil: all of it.
    public var crop: Box? = nil
    public var place = Place()
    /// 0...1.
    public var opacity = Rational.one
    public var enabled = true
    /// The frame of the source that is shown, counted from 0 (`sluice frame --number`); nil: by time.
    public var number: Int64? = nil
    public init(source: Int) { self.source = source }
  }

  /// The `output` object: nil where the file says nothing.
  public struct Output: Equatable, Sendable {
    public var codec: String? = nil
    public var preset: String? = nil
    public var crf: Rational? = nil
    public var pixelFormat: String? = nil
    public var format: String? = nil
    public var threads: Int? = nil
    /// In the file's order.
    public var options: [OutputSettings.Option] = []
    public init() {}
  }

  /// File that it was read from; empty when it was made by a command.
  public var path = ""
  public var canvas: Canvas
  /// Samples a second of the sound.
  public var sampleRate = 48000
  public var sources: [NamedSource] = []
  /// The first is at the bottom.
  public var tracks: [Track] = []
  public var output = Output()

  public init(canvas: Canvas) { self.canvas = canvas }

  /// What must be probed before the plan can be compiled: paths and `lavfi:GRAPH` texts of enabled clips on enabled
  /// video tracks, each once, in order of first use.
  public func sourcePaths() -> [String] {
    var seen: Set<String> = []
    return tracks.filter { $0.kind == .video && $0.enabled }.flatMap(\.clips).compactMap { clip in
      guard clip.enabled, clip.opacity > .zero, let key = sources[clip.source].source.probeKey, seen.insert(key).inserted
      else { return nil }
      return key
    }
  }

  /// Whether it has sound, which is left out until audio is built: an audio track that is enabled and has clips, or a
  /// source with sound on a video track.
  public func hasSound(media: [String: MediaInfo]) -> Bool {
    tracks.contains { $0.kind == .audio && $0.enabled && $0.clips.contains(where: \.enabled) }
      || sourcePaths().contains { !(media[$0]?.audio.isEmpty ?? true) }
  }
}

extension Project.Output {
  /// Settings for the encoder: what the file says, and for the rest the defaults: libx264, preset veryfast, crf 23,
  /// two threads. Size, rate, colour and shape come from the canvas when the plan is compiled.
  public func settings() -> OutputSettings {
    var settings = OutputSettings()
    if let codec { settings.codec = codec }
    if let format { settings.format = format }
    if let pixelFormat { settings.pixelFormat = pixelFormat }
    if let threads { settings.threads = threads }
    let isX26x = settings.codec == "libx264" || settings.codec == "libx265"
    if let preset = preset ?? (isX26x ? "veryfast" : nil) { settings.options.append(.init("preset", preset)) }
    if let crf = crf.map(DecimalText.text) ?? (isX26x ? "23" : nil) { settings.options.append(.init("crf", crf)) }
    settings.options += options
    return settings
  }
}
