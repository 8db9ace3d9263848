import AVBinding
import FrameModel
import SharedRing
import SluiceBase

/// What a decode stream is to deliver: for every output frame n in `firstFrame ..< endFrame`, from `startFrame` on, the
/// source's picture at the time `start + (n - firstFrame) * step`.
public struct DecodeRequest: Sendable {
  public typealias Source = SourceKey
  /// An option of one of the effects, with its value for each output frame.
  public struct Parameter: Sendable {
    /// Index of its effect.
    public var effect: Int
    /// `sigma`, or `gblur.sigma`.
    public var name: String
    public var value: @Sendable (Int64) -> Double
    public init(effect: Int, name: String, value: @escaping @Sendable (Int64) -> Double) {
      self.effect = effect
      self.name = name
      self.value = value
    }
  }
  public var source: Source
  /// Source time of output frame `firstFrame`, in seconds from the container's start.
  public var start: Rational
  /// Source time from one output frame to the next; 0 holds one picture, below 0 it is played backwards.
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

  /// What is done to the pictures before they are delivered.
  public var effects = EffectChain.none
  /// Interlaced pictures are made progressive before the effects.
  public var deinterlace = false
  /// Source pictures before the first one delivered (that of `firstFrame`) that effects with a state must have seen, or
  /// all there are: so many, never more, so that the result is the same wherever the stream came from.
  public var warmUp = 0
  /// Then every output frame is a picture of its own.
  public var parameters: [Parameter] = []
  /// Bytes of pictures that may be kept to hand them out backwards, or to lead effects up to their first picture.
  public var windowBytes = StreamMemory.windowBytes

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
  var place: String { source.place }
  var isReverse: Bool { step < .zero }
  /// The result of a picture depends on those before it, all the way from `firstFrame`.
  var isStateful: Bool { !effects.isStateless }
  /// Pictures go through a graph in their order: the effects too if they have a state.
  var orderedRecipe: EffectRecipe {
    EffectRecipe(deinterlace: deinterlace, chain: isStateful ? effects : .none, place: place)
  }
  /// What is done to those that are shown only.
  var shownRecipe: EffectRecipe { EffectRecipe(chain: isStateful ? .none : effects, place: place) }
}
