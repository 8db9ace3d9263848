import FrameModel
import Plan

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
    /// What is done to the sound of all its clips together.
    public var sound = TrackSound()
    public var clips: [Clip]
    public init(kind: TrackKind = .video, name: String = "", clips: [Clip] = []) {
      self.kind = kind
      self.name = name
      self.clips = clips
    }
  }

  /// The `output` object. What the file does not say is nil.
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
    /// nil: the file does not mention sound.
    public var audio: AudioOutput? = nil
    public init() {}
  }

  /// The `output.audio` object. What the file does not say is nil.
  public struct AudioOutput: Hashable, Sendable {
    public var codec: String? = nil
    /// Bits a second.
    public var bitRate: Int64? = nil
    /// Options of the sound's encoder, in the file's order.
    public var options: [OutputSettings.Option] = []
    /// Loudness to which the whole is brought, in LUFS; nil: it is left as it is. The plan compiler puts it into the plan.
    public var loudness: Rational? = nil
    public init() {}
  }

  /// File from which the project was read; empty when a command made it.
  public var path = ""
  public var canvas: Canvas
  /// Samples a second of the sound, and its channels.
  public var sampleRate = 48000
  public var channels = Channels.stereo
  public var sources: [NamedSource] = []
  /// The first is at the bottom.
  public var tracks: [Track] = []
  public var output = Output()
  /// Whether the times were computed exactly, and not written by a person or another program. Such times are never moved to the
  /// frame beside them.
  var isComputed = false
  /// Whether interlaced sources are made progressive. They are not when a frame is taken as it is (`sluice frame FILE`).
  public var deinterlaces = true

  public init(canvas: Canvas) { self.canvas = canvas }
}

extension Project.Output {
  /// Settings for the encoder: those of the file, and defaults for the rest (libx264, preset veryfast, crf 23, two threads). Size,
  /// rate, colour and pixel shape are set from the canvas when the plan is compiled.
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
