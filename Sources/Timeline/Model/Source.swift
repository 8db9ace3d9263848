import FrameModel

extension Project {
  /// Where pictures come from.
  public enum Source: Hashable, Sendable {
    /// Absolute path of a video or a picture.
    case file(String)
    case sequence(Sequence)
    case lavfi(String)
    case color(RGBA)
    case title(Title)
    case subtitles(Subtitles)
    /// Another timeline: its canvas is the picture, its background shows where it is opaque.
    indirect case timeline(Project)
    /// Made into a timeline by `GridLayout` when the plan is compiled. Its sources are those of the project it is in.
    case grid(Grid)
  }

  /// Numbered pictures, one a frame.
  public struct Sequence: Hashable, Sendable {
    /// Absolute path with one `%d` or `%0Nd` for the number.
    public var pattern: String
    public var first: Int64
    /// Pictures a second.
    public var rate: Rational
    public init(pattern: String, first: Int64, rate: Rational) {
      self.pattern = pattern
      self.first = first
      self.rate = rate
    }
  }

  public enum Align: String, Sendable, CaseIterable { case left, center, right }
  public enum VerticalAlign: String, Sendable, CaseIterable { case top, middle, bottom }

  /// Text, laid out in a box of `width` by `height` pixels that is the source's picture (transparent where nothing is).
  public struct Title: Hashable, Sendable {
    /// Lines are broken at `\n` and where they would leave the box.
    public var text: String
    /// A Pango font description without its size: family, style and weight, `Noto Sans Bold Italic`.
    public var font = "Sans"
    /// Pixels of the em square.
    public var size = Rational(72)
    public var color = RGBA(red: 1, green: 1, blue: 1)
    public var align = Align.center
    public var vertical = VerticalAlign.middle
    /// nil: the canvas's.
    public var width: Int? = nil
    public var height: Int? = nil
    /// Width in pixels of a line around the letters; zero: none.
    public var outline = Rational.zero
    public var outlineColor = RGBA.black
    public init(text: String) { self.text = text }
  }

  /// A subtitle file, drawn over the canvas. What the file says itself (ASS styles) goes first.
  public struct Subtitles: Hashable, Sendable {
    /// Absolute path of a file that libass or libavformat reads: SRT, ASS, SSA, WebVTT.
    public var path: String
    public var font: String? = nil
    /// Pixels of canvas height.
    public var size: Rational? = nil
    public var color: RGBA? = nil
    public init(path: String) { self.path = path }
  }

  /// Sources in rows and columns.
  public struct Grid: Hashable, Sendable {
    public enum Order: String, Sendable, CaseIterable { case rows, columns, shuffled }
    public enum Direction: String, Sendable, CaseIterable { case up, down, left, right }
    public struct Scroll: Hashable, Sendable {
      public var direction: Direction
      /// Canvas pixels a second.
      public var speed: Rational
      public init(direction: Direction, speed: Rational) {
        self.direction = direction
        self.speed = speed
      }
    }
    /// The file's name below each tile.
    public struct Labels: Hashable, Sendable {
      public var font = "Sans"
      public var size = Rational(24)
      public var color = RGBA(red: 1, green: 1, blue: 1)
      public init() {}
    }
    /// Tiles appear one after the other: every `interval` seconds the next, fading in for `duration` seconds.
    public struct Reveal: Hashable, Sendable {
      public var interval: Rational
      public var duration: Rational
      public init(interval: Rational, duration: Rational) {
        self.interval = interval
        self.duration = duration
      }
    }

    /// Indices into the project's sources, in reading order.
    public var sources: [Int]
    /// nil: the canvas's.
    public var width: Int? = nil
    public var height: Int? = nil
    /// nil: the smallest square that holds all; of a scrolling grid across its way.
    public var columns: Int? = nil
    /// Rows that are seen at once when it scrolls up or down (columns when left or right); nil: as many as make tiles
    /// of the canvas's shape.
    public var visible: Int? = nil
    /// Pixels between tiles, and between them and the edge.
    public var gap = 0
    public var padding = 0
    public var background = RGBA.clear
    public var fit = Fit.contain
    public var order = Order.rows
    public var labels: Labels? = nil
    public var scroll: Scroll? = nil
    public var reveal: Reveal? = nil
    /// What a tile shows when its clip is over.
    public var beyond = Beyond.loop
    public init(sources: [Int]) { self.sources = sources }
  }
}
