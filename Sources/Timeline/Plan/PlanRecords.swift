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

  /// Bytes of a slot for it.
  func slotBytes(_ canvas: Canvas) -> Int {
    PlaneLayout.slotBytes(PlaneLayout(canvas.format, width: width, height: height).bytes)
  }

  /// A part of the upright picture, in pixels of the tile.
  func map(_ rect: Rect) -> Rect {
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
  /// Effects on the pictures before they are delivered, as the JSON of `EffectText`; empty: none.
  public var effects = ""
  /// Interlaced pictures are made progressive before the effects.
  public var deinterlace = false
  /// Source pictures before the first one delivered that the effects must have seen.
  public var warmUp = 0
  /// Options of the effects' filters that change; then every output frame is a picture of its own.
  public var parameters: [StreamParameter] = []
  /// Time of the parameters' keys at `firstFrame`, and its growth from one output frame to the next.
  public var keyStart = Rational.zero
  /// Memory of the decoder's own that it takes while it is open, besides its slots and the codec's tables, bytes.
  public var privateBytes = 0
  public var keyStep = Rational.zero
  /// Workers that its pictures go through, in order, before they are used; and the first one's number in the plan's table.
  public var workerFilters: [WorkerEffect] = []
  public var firstFilter = 0
  /// Another run gives the same pictures; false with a worker that has no version.
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

/// How a layer is put over what lies below it. `plus` adds premultiplied colours and alphas, within a group.
public enum BlendMode: UInt32, Sendable {
  case normal = 0, add, multiply, screen, overlay, darken, lighten, difference, plus
}

/// One layer of one output frame, everything evaluated for that frame.
public struct Layer: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case fill(RGBA)
    /// The picture of a stream.
    case picture(stream: Int)
    /// The next `members` entries of the frame's layers are drawn on a canvas of its own, in the output canvas's samples
    /// and colour, over `background` (which may be transparent); that is the layer's picture. Members may be groups: what
    /// a group within counts as members is counted here too.
    case group(width: Int, height: Int, background: RGBA, members: Int)
  }
  public var content: Content
  /// The part of the picture shown, in pixels of the upright picture (rotation metadata applied, sample aspect not), or
  /// of the group's canvas.
  public var source: Rect
  /// Where `source` lies, in pixels of the canvas; whole pixels, inside the canvas, where nothing moves. It may reach
  /// beyond the canvas otherwise.
  public var destination: Rect
  /// Nothing of it is drawn outside this part of the canvas.
  public var clip: Rect
  /// Degrees clockwise around the middle of `destination`.
  public var rotation: Double
  /// 0...1.
  public var opacity: Double
  public var blend: BlendMode
  /// Its colours are mixed with this one by its alpha (1: only this colour is left); its shape stays.
  public var tint: RGBA

  /// `clip` nil: the destination.
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

  /// Colour of a fill; transparent: it is none.
  public var fill: RGBA { if case .fill(let color) = content { color } else { .clear } }

  /// Stream whose picture it shows; -1: none.
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
