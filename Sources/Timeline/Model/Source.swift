import FrameModel
import Plan

extension Project {
  /// Where pictures come from.
  public enum Source: Hashable, Sendable {
    /// Absolute path of a video or a picture.
    case file(String)
    case sequence(SequenceKey)
    case lavfi(String)
    case color(RGBA)
    case title(Title)
    case subtitles(Subtitles)
    /// Another timeline. Its canvas is the picture; the background is part of it as far as it is opaque.
    indirect case timeline(Project)
    /// A grid becomes a timeline when the plan is compiled (`GridLayout`). It shows sources of the project in which it is.
    case grid(Grid)
  }

  /// Text, laid out in a box of `width` by `height` pixels that is the source's picture (transparent where nothing is).
  public struct Title: Hashable, Sendable {
    /// Lines are broken at `\n` and where they would leave the box.
    public var text: String
    /// A Pango font description without its size: family, style and weight, `Noto Sans Bold Italic`.
    public var font = "Sans"
    /// Pixels of the em square.
    public var size = Rational(72)
    public var color = RGBA(red: 1, green: 1, blue: 1)
    public var align = TitleKey.Align.center
    public var vertical = TitleKey.Vertical.middle
    /// nil: the canvas's.
    public var width: Int? = nil
    public var height: Int? = nil
    /// Width in pixels of a line around the letters; zero: none.
    public var outline = Rational.zero
    public var outlineColor = RGBA.black
    public init(text: String) { self.text = text }
  }

  /// A subtitle file, drawn over the canvas. Styles of the file itself (ASS) have precedence over the ones here.
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
    /// nil: the smallest square that holds all tiles. For a scrolling grid this counts across the direction of scrolling.
    public var columns: Int? = nil
    /// Rows that are seen at once when the grid scrolls up or down, columns when it scrolls left or right. nil: as many as give the
    /// tiles the canvas's shape.
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
