import FrameModel

/// A still that keeps its size is scaled once, when it is decoded, so that the full picture never lies in a slot.
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

  /// Bytes of a slot that holds the tile.
  package func slotBytes(_ canvas: Canvas) -> Int {
    PlaneLayout.slotBytes(PlaneLayout(canvas.format, width: width, height: height).bytes)
  }

  /// A part of the upright picture, in pixels of the tile.
  package func map(_ rect: Rect) -> Rect {
    if rect == source { return Rect(x: 0, y: 0, width: Double(width), height: Double(height)) }
    let scaleX = Double(width) / source.width, scaleY = Double(height) / source.height
    return Rect(
      x: (rect.x - source.x) * scaleX, y: (rect.y - source.y) * scaleY, width: rect.width * scaleX,
      height: rect.height * scaleY)
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
  /// The number of the source's frame that is wanted, in presentation order from 0. -1: the frame is found by its time.
  public var number: Int64
  /// Threads of its decoder.
  public var threads: Int
  /// Size of a slot of the stream's ring in bytes, and the number of slots: the codec's picture buffers, and one for each of its
  /// threads. (The first thread's is for the picture that is shown while the next is decoded.)
  public var slotBytes: Int
  public var slots: Int
  /// Whether one picture serves all frames.
  public var isStill: Bool
  /// nil when the picture is delivered in its own size.
  public var tile: StillTile?
  /// Effects on the pictures before they are delivered, as the JSON of `EffectText`; empty: none.
  public var effects = ""
  /// Interlaced pictures are made progressive before the effects.
  public var deinterlace = false
  /// Source pictures before the first one delivered that the effects must have seen.
  public var warmUp = 0
  /// Options of the effects' filters that change over time. With any, every output frame needs a picture of its own.
  public var parameters: [StreamParameter] = []
  /// Time of the parameters' keys at `firstFrame`, and its growth from one output frame to the next.
  public var keyStart = Rational.zero
  /// Bytes of the decoder's private memory that the stream takes while it is open, besides slots and the codec's tables.
  public var privateBytes = 0
  public var keyStep = Rational.zero
  /// Workers' filters that the pictures go through before they are used, in order, and the index of the first in the plan's table.
  public var workerFilters: [WorkerEffect] = []
  public var firstFilter = 0
  /// Whether another run gives the same pictures. false with a filter that has no version.
  public var isReproducible: Bool { workerFilters.allSatisfy(\.isReproducible) }

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

/// An option of one of a stream's effects.
public struct StreamParameter: Hashable, Sendable {
  /// Index in the stream's effects.
  public var effect: Int
  /// `sigma`, or `gblur.sigma`.
  public var name: String
  public var value: Animatable

  public init(effect: Int, name: String, value: Animatable) {
    self.effect = effect
    self.name = name
    self.value = value
  }
}

/// What a decoder opens.
public struct SourceRecord: Equatable, Sendable {
  public enum Kind: UInt32, Sendable { case file = 0, lavfi = 1, sequence = 2, title = 3, subtitles = 4 }
  public var kind: Kind
  /// Absolute path, filter graph, or the JSON of its probe key (see `Project.probeKey(of:)`).
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

/// How a layer is put over what lies below it. `plus` adds premultiplied colours and alphas; it is used within a group only.
public enum BlendMode: UInt32, Sendable {
  case normal = 0, add, multiply, screen, overlay, darken, lighten, difference, plus
}

/// One layer of one output frame, everything evaluated for that frame.
public struct Layer: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case fill(RGBA)
    /// The picture of a stream.
    case picture(stream: Int)
    /// The layer's picture is a canvas of its own, with the samples and colour of the output's. The next `members` entries of the
    /// frame's layers are drawn on it, over `background` (which may be transparent). Members may be groups; their members are
    /// counted here too.
    case group(width: Int, height: Int, background: RGBA, members: Int)
  }
  public var content: Content
  /// The part of the picture shown, in pixels of the upright picture (rotation metadata applied, sample aspect not), or
  /// of the group's canvas.
  public var source: Rect
  /// Where `source` lies, in pixels of the canvas: on whole pixels and inside the canvas while nothing moves. Otherwise it may
  /// reach beyond the canvas.
  public var destination: Rect
  /// The layer is drawn inside this part of the canvas only.
  public var clip: Rect
  /// Degrees clockwise around the middle of `destination`.
  public var rotation: Double
  /// 0...1.
  public var opacity: Double
  public var blend: BlendMode
  /// The layer's colours are mixed with this one by this one's alpha; at 1 only this colour is left. The shape stays.
  public var tint: RGBA

  /// Without `clip` the layer is clipped to its destination.
  public init(
    _ content: Content, source: Rect, destination: Rect, clip: Rect? = nil, rotation: Double = 0, opacity: Double = 1,
    blend: BlendMode = .normal, tint: RGBA = .clear
  ) {
    self.content = content
    self.source = source
    self.destination = destination
    self.clip = clip ?? destination
    self.rotation = rotation
    self.opacity = opacity
    self.blend = blend
    self.tint = tint
  }

  /// Colour of a fill; transparent for other layers.
  public var fill: RGBA { if case .fill(let color) = content { color } else { .clear } }

  /// Stream whose picture the layer shows; -1 for other layers.
  public var stream: Int { if case .picture(let stream) = content { stream } else { -1 } }

  /// Whether this layer alone is the output frame: an untouched picture of the canvas's own size, samples and colour,
  /// upright, whole and opaque. Such a frame's slot goes to the encoder as it is.
  public func isIdentity(of frame: FrameDescription, canvas: Canvas) -> Bool {
    stream >= 0 && opacity == 1 && rotation == 0 && tint.alpha == 0 && blend == .normal && clip.contains(canvas.bounds)
      && frame.format == canvas.format && !frame.format.hasAlpha && frame.width == canvas.width
      && frame.height == canvas.height && frame.rotation == 0 && !frame.mirrored
      && frame.sampleAspect == canvas.sampleAspect && destination == canvas.bounds && source == canvas.bounds
      && (frame.color == canvas.color
        || frame.color.completed(width: frame.width, height: frame.height)
          == canvas.color.completed(width: canvas.width, height: canvas.height))
  }
}
