import FrameModel
import SharedRing
import SluiceBase

/// What a decode stream is to deliver: for every output frame n in `firstFrame ..< endFrame`, from `startFrame` on, the
/// source's picture at the time `start + (n - firstFrame) * step`.
public struct DecodeRequest: Sendable {
  public enum Source: Equatable, Sendable {
    /// A file's path.
    case file(String)
    /// A libavfilter graph without inputs.
    case filterGraph(String)
  }
  public var source: Source
  /// Source time of output frame `firstFrame`, in seconds from the container's start.
  public var start: Rational
  /// Source time from one output frame to the next; 0 holds one picture.
  public var step: Rational
  public var firstFrame: Int64
  public var endFrame: Int64
  /// Where delivery begins: `firstFrame`, or later when the stream is opened again.
  public var startFrame: Int64
  /// Counted from 0 in presentation order: the picture that stands at `start` instead, or -1.
  public var number: Int64
  /// Threads of the codec.
  public var threads: Int
  /// For a still: makes the picture in the first slot (header included) into the one that is delivered, header and all.
  /// nil: it is delivered as it is. Called on the stream's thread.
  public var still: (@Sendable (ReadableSlot, WritableSlot) throws(SluiceError) -> Void)?

  public init(
    source: Source, start: Rational = .zero, step: Rational, firstFrame: Int64 = 0, endFrame: Int64,
    startFrame: Int64? = nil, number: Int64 = -1, threads: Int = 1
  ) {
    self.source = source
    self.start = start
    self.step = step
    self.firstFrame = firstFrame
    self.endFrame = endFrame
    self.startFrame = startFrame ?? firstFrame
    self.number = number
    self.threads = threads
  }

  /// Source time of an output frame.
  func time(of frame: Int64) -> Rational { start + Rational(frame - firstFrame) * step }
  var place: String {
    switch source {
    case .file(let path): path
    case .filterGraph(let text): "lavfi:\(text)"
    }
  }
}
