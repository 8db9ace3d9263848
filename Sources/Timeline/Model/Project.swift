import FrameModel

/// The validated model of a project file. Indices in it are in range, names resolved, ranges checked; what needs the
/// media (durations, crops against picture sizes) is checked by the plan compiler.
public struct Project: Hashable, Sendable {
  public struct NamedSource: Hashable, Sendable {
    public var name: String
    public var source: Source
    public init(_ name: String, _ source: Source) {
      self.name = name
      self.source = source
    }
  }

  /// A track of subtitles holds one clip: its file, over the whole canvas.
  public enum TrackKind: String, Sendable, CaseIterable { case video, audio, subtitles }

  /// Clips of one track never overlap, except for the length of a transition.
  public struct Track: Hashable, Sendable {
    public var kind = TrackKind.video
    public var name = ""
    public var enabled = true
    /// Of its clips' sound as a whole.
    public var sound = TrackSound()
    public var clips: [Clip]
    public init(kind: TrackKind = .video, name: String = "", clips: [Clip] = []) {
      self.kind = kind
      self.name = name
      self.clips = clips
    }
  }

  /// The `output` object: nil where the file says nothing.
  public struct Output: Hashable, Sendable {
    public var codec: String? = nil
    public var preset: String? = nil
    public var crf: Rational? = nil
    public var pixelFormat: String? = nil
    public var format: String? = nil
    public var threads: Int? = nil
    /// In the file's order.
    public var options: [OutputSettings.Option] = []
    /// Workers that every output frame goes through, in order, between renderer and encoder.
    public var effects: [WorkerEffect] = []
    /// nil: the file says nothing of the sound.
    public var audio: AudioOutput? = nil
    public init() {}
  }

  /// The `output.audio` object: nil where the file says nothing.
  public struct AudioOutput: Hashable, Sendable {
    public var codec: String? = nil
    /// Bits a second.
    public var bitRate: Int64? = nil
    /// Of the sound's encoder, in the file's order.
    public var options: [OutputSettings.Option] = []
    /// LUFS that the whole is brought to; nil: it is left as it is. The plan compiler puts it into the plan.
    public var loudness: Rational? = nil
    public init() {}
  }

  /// File that it was read from; empty when it was made by a command.
  public var path = ""
  public var canvas: Canvas
  /// Samples a second of the sound, and its channels.
  public var sampleRate = 48000
  public var channels = Channels.stereo
  public var sources: [NamedSource] = []
  /// The first is at the bottom.
  public var tracks: [Track] = []
  public var output = Output()
  /// Interlaced sources are made progressive. Not where a frame is taken as it is (`sluice frame FILE`).
  public var deinterlaces = true

  public init(canvas: Canvas) { self.canvas = canvas }
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
