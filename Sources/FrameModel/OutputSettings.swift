/// Everything that decides the bytes of the output stream, besides the frames themselves. Nothing in it comes from the
/// machine: threads are a setting with a fixed default, because libx264's output depends on their number.
public struct OutputSettings: Equatable, Sendable {
  /// libavcodec's encoder name (`libx264`, `prores_ks`, `png`, `rawvideo`); empty: no pictures, sound alone.
  public var codec = "libx264"
  /// libavformat's muxer name (`mp4`, `mov`, `matroska`, `webm`, `yuv4mpegpipe`, `nut`, `rawvideo`, `image2pipe`).
  public var format = "mp4"
  /// Private and generic options of encoder and muxer in order: preset, crf, and `--encoder-option`s.
  public var options: [Option] = []
  /// FFmpeg's name of the pixel format that the encoder gets; empty: the canvas format where the encoder takes it, else
  /// the nearest one it takes.
  public var pixelFormat = ""
  public var width = 0
  public var height = 0
  public var sampleAspect = Rational.one
  public var rate = Rational(30)
  public var color = ColorDescription.bt709
  public var threads = 1
  /// nil: no sound.
  public var sound: SoundSettings? = nil
  public var hasPictures: Bool { !codec.isEmpty }

  public struct Option: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }
  public init() {}
}
