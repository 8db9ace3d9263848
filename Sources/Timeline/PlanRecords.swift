import FrameModel

/// A still that is shown in one size and place is scaled once, when it is decoded: the full picture is never in a slot.
public struct StillTile: Hashable, Sendable {
  /// The part that is shown, in pixels of the upright picture.
  public var source: Rect
  /// Canvas pixels; the tile has the canvas's format and colour.
  public var width: Int
  public var height: Int

  public init(source: Rect, width: Int, height: Int) {
    self.source = source
    self.width = width
    self.height = height
  }
}

/// One run of a decoder over one source: for output frame n in `firstFrame ..< endFrame` it delivers the source frame
/// whose interval holds `start + (n - firstFrame) * step`. Every one of its frames is used by at least one layer.
public struct StreamRecord: Equatable, Sendable {
  /// Index of its source in the plan.
  public var source: Int
  /// Output frames that it serves.
  public var firstFrame: Int64
  public var endFrame: Int64
  /// Source time of `firstFrame` in seconds, and its growth from one output frame to the next (zero for a still).
  public var start: Rational
  public var step: Rational
  /// The frame of the source that is wanted, counted in presentation order from 0, whatever its time; -1: go by time.
  public var number: Int64
  /// Threads of its decoder.
  public var threads: Int
  /// Bytes of each slot of its ring and their number: the codec's picture buffers, and one for each of its threads (the first for the
  /// picture that is shown while the next is decoded).
  public var slotBytes: Int
  public var slots: Int
  /// One picture for all frames.
  public var isStill: Bool
  /// nil: the picture is delivered as it is.
  public var tile: StillTile?

  public init(
    source: Int, firstFrame: Int64, endFrame: Int64, start: Rational, step: Rational, number: Int64 = -1,
    threads: Int = 1, slotBytes: Int = 0, slots: Int = 1, isStill: Bool = false,
    tile: StillTile? = nil
  ) {
    self.source = source
    self.firstFrame = firstFrame
    self.endFrame = endFrame
    self.start = start
    self.step = step
    self.number = number
    self.threads = threads
    self.slotBytes = slotBytes
    self.slots = slots
    self.isStill = isStill
    self.tile = tile
  }
}

/// What a decoder opens.
public struct SourceRecord: Equatable, Sendable {
  public enum Kind: UInt32, Sendable { case file = 0, lavfi = 1 }
  public var kind: Kind
  /// Absolute path, or the filter graph.
  public var text: String
  public var isStill: Bool
  /// Identity of the file when it was probed: bytes, and modification time in nanoseconds. Zero for lavfi.
  public var fileBytes: Int64
  public var modified: Int64
  /// Coded picture and rate as probed (rate zero when unknown).
  public var width: Int
  public var height: Int
  public var rate: Rational

  public init(
    kind: Kind, text: String, isStill: Bool = false, fileBytes: Int64 = 0, modified: Int64 = 0, width: Int = 0,
    height: Int = 0, rate: Rational = .zero
  ) {
    self.kind = kind
    self.text = text
    self.isStill = isStill
    self.fileBytes = fileBytes
    self.modified = modified
    self.width = width
    self.height = height
    self.rate = rate
  }
}

/// One layer of one output frame.
public struct Layer: Hashable, Sendable {
  /// Stream whose picture it shows; -1: it is filled with `fill`.
  public var stream: Int
  public var fill: RGBA
  /// The part of the picture shown, in pixels of the upright picture: rotation metadata applied, sample aspect not.
  public var source: Rect
  /// Where it lies, in canvas pixels, always inside the canvas. Integral for static places.
  public var destination: Rect
  /// 0...1.
  public var opacity: Double

  public init(stream: Int, fill: RGBA = .clear, source: Rect, destination: Rect, opacity: Double = 1) {
    self.stream = stream
    self.fill = fill
    self.source = source
    self.destination = destination
    self.opacity = opacity
  }

  /// Whether this layer alone is the output frame: an untouched picture of the canvas's own size, samples and colour,
  /// upright, whole and opaque. Such a frame's slot goes to the encoder as it is.
  public func isIdentity(of frame: FrameDescription, canvas: Canvas) -> Bool {
    stream >= 0 && opacity == 1 && frame.format == canvas.format && !frame.format.hasAlpha && frame.width == canvas.width
      && frame.height == canvas.height && frame.rotation == 0 && !frame.mirrored
      && frame.sampleAspect == canvas.sampleAspect && destination == canvas.bounds && source == canvas.bounds
      && (frame.color == canvas.color
        || frame.color.completed(width: frame.width, height: frame.height)
          == canvas.color.completed(width: canvas.width, height: canvas.height))
  }
}
