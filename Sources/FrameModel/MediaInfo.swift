/// What probing a source found. Made by the decoder program (`sluice-decoder --probe`), read by the planner.
public struct MediaInfo: Equatable, Sendable {
  public enum Kind: String, Sendable {
    case video, image, audio
  }
  public struct Video: Equatable, Sendable {
    public var codec = ""
    /// Coded picture as decoded, before sample aspect and rotation.
    public var width = 0
    public var height = 0
    /// The planar format in which it will lie in a slot, and FFmpeg's name of the codec's own format.
    public var format = PixelFormat.yuv420p
    public var sourceFormat = ""
    public var sampleAspect = Rational.one
    /// Quarter turns clockwise to show it upright, and whether it is mirrored before that.
    public var rotation = 0
    public var mirrored = false
    public var color = ColorDescription()
    public var interlaced = false
    /// Average and nominal rate, frames a second; zero when unknown.
    public var averageRate = Rational.zero
    public var nominalRate = Rational.zero
    /// Frames by the container's own count; nil when it does not say.
    public var frames: Int64? = nil
    /// Bytes of a slot (header, padded planes, whole pages) into which the codec can decode directly.
    public var slotBytes = 0
    /// Pictures that the codec may hold at once with one thread: reference frames, reorder, the current one.
    public var pictureBuffers = 1
    /// Bytes of one picture of the source before its effects, and pictures that its codec may hold, all in private memory
    /// of the decoder (see `StreamMemory`). Equal to `slotBytes` and `pictureBuffers` where there are no effects.
    public var sourceBytes = 0
    public var sourceBuffers = 1
    public init() {}
  }
  public struct Audio: Equatable, Sendable {
    public var codec = ""
    public var sampleRate = 0
    public var channels = 0
    /// FFmpeg's name of the channels' places: `stereo`, `5.1(side)`; empty when unknown.
    public var layout = ""
    /// First sample that is heard, in seconds of the source (see `soundZero`); may be below zero.
    public var start = Rational.zero
    /// Seconds; nil when unknown.
    public var duration: Rational? = nil
    /// Seconds of the source at its end; nil when unknown.
    public var end: Rational? { duration.flatMap { $0 > .zero ? start.sum($0) : nil } }
    public init() {}
  }

  public var path: String
  public var kind: Kind
  /// FFmpeg's short name of the container: `mov,mp4,m4a,3gp,3g2,mj2`.
  public var container = ""
  /// From the first picture (or sample) to the end of the last; nil when unknown, as for a still or a live source.
  public var duration: Rational? = nil
  /// Bytes of the file and its modification time in nanoseconds: its identity.
  public var fileBytes: Int64 = 0
  public var modified: Int64 = 0
  public var video: Video? = nil
  public var audio: [Audio] = []
  /// Presentation time in the file, in seconds, that is the source's 0: of its first picture, else of the first sample that is heard.
  public var soundZero = Rational.zero
  /// What a user should know of it, a line each: a font that another one stands in for, pictures missing from a sequence.
  public var notes: [String] = []

  public init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }
}
