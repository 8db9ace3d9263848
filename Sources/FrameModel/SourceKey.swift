import SluiceBase

/// What a decoder opens, as a probe key or a plan names it: a path, `lavfi:GRAPH`, or a JSON object. `Project.probeKey(of:)`
/// writes them.
public enum SourceKey: Hashable, Sendable {
  case file(String)
  /// A libavfilter graph without inputs.
  case filterGraph(String)
  case sequence(SequenceKey)
  case title(TitleKey)
  case subtitles(SubtitlesKey)

  public static let graphPrefix = "lavfi:"

  /// Reads `{"sequence": {…}}`, `{"title": {…}}` and `{"subtitles": {…}, "width": …, "height": …}`. Every other text is a path
  /// or a graph. Returns nil for such an object whose members are wrong.
  public init?(_ key: String) {
    if key.hasPrefix(Self.graphPrefix) {
      self = .filterGraph(String(key.dropFirst(Self.graphPrefix.count)))
      return
    }
    guard key.hasPrefix("{"), let value = try? JSONReader.read(key) else {
      self = .file(key)
      return
    }
    if let sequence = value["sequence"] {
      guard let sequence = SequenceKey(sequence) else { return nil }
      self = .sequence(sequence)
    } else if let title = value["title"] {
      guard let title = TitleKey(title) else { return nil }
      self = .title(title)
    } else if let subtitles = value["subtitles"] {
      guard let subtitles = SubtitlesKey(subtitles, value) else { return nil }
      self = .subtitles(subtitles)
    } else {
      self = .file(key)
    }
  }

  /// The name that errors and warnings use.
  public var place: String {
    switch self {
    case .file(let path): path
    case .filterGraph(let text): Self.graphPrefix + text
    case .sequence(let sequence): sequence.pattern
    case .title(let title): "title \"\(title.text.prefix(40))\""
    case .subtitles(let subtitles): subtitles.path
    }
  }
}

/// A source with effects on it: `{"source": KEY, "effects": TEXT}`, or a source alone.
public struct ProbeKey: Sendable {
  public var source: SourceKey
  /// The source's own key.
  public var text: String
  /// JSON of an `EffectChain`; empty: none.
  public var effects: String

  /// nil when it is an object whose members are wrong.
  public init?(_ key: String) {
    effects = ""
    text = key
    if key.hasPrefix("{"), let value = try? JSONReader.read(key), let inner = value["source"]?.string,
      let effects = value["effects"]?.string
    {
      guard let source = SourceKey(inner) else { return nil }
      self.source = source
      text = inner
      self.effects = effects
    } else {
      guard let source = SourceKey(key) else { return nil }
      self.source = source
    }
  }
}

/// Numbered pictures, one a frame.
public struct SequenceKey: Hashable, Sendable {
  /// Absolute path with one `%d` or `%0Nd`.
  public var pattern: String
  public var first: Int64
  /// Pictures a second.
  public var rate: Rational

  public init(pattern: String, first: Int64, rate: Rational) {
    self.pattern = pattern
    self.first = first
    self.rate = rate
  }

  init?(_ value: JSONValue) {
    guard let pattern = value["pattern"]?.string, let first = value["first"]?.number?.integer,
      let rate = value["fps"]?.string.flatMap(Rational.init(fraction:)), rate > .zero
    else { return nil }
    self.init(pattern: pattern, first: first, rate: rate)
  }
}

/// 8-bit components, straight alpha.
public struct KeyColor: Hashable, Sendable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8
  public var alpha: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  /// `#rrggbb` or `#rrggbbaa`.
  public init?(hex: String) {
    guard hex.first == "#", hex.utf8.count == 7 || hex.utf8.count == 9,
      hex.dropFirst().allSatisfy({ $0.isASCII && $0.isHexDigit }), let word = UInt32(hex.dropFirst(), radix: 16)
    else { return nil }
    let value = hex.utf8.count == 7 ? word << 8 | 255 : word
    self.init(
      red: UInt8(value >> 24), green: UInt8(value >> 16 & 255), blue: UInt8(value >> 8 & 255), alpha: UInt8(value & 255))
  }
}

/// Text in a box that is the picture.
public struct TitleKey: Hashable, Sendable {
  public enum Align: String, Sendable, CaseIterable { case left, center, right }
  public enum Vertical: String, Sendable, CaseIterable { case top, middle, bottom }
  public var text: String
  /// A Pango font description without its size.
  public var font = "Sans"
  /// Pixels of the em square.
  public var size = 72.0
  public var color = KeyColor(red: 255, green: 255, blue: 255)
  public var align = Align.center
  public var vertical = Vertical.middle
  public var width: Int
  public var height: Int
  /// Pixels of the line around the letters; 0: none.
  public var outline = 0.0
  public var outlineColor = KeyColor(red: 0, green: 0, blue: 0)

  public init(text: String, width: Int, height: Int) {
    self.text = text
    self.width = width
    self.height = height
  }

  init?(_ value: JSONValue) {
    guard let text = value["text"]?.string, let font = value["font"]?.string, let size = value["size"]?.exactDouble,
      let color = value["color"]?.string.flatMap(KeyColor.init(hex:)),
      let align = value["align"]?.string.flatMap(Align.init(rawValue:)),
      let vertical = value["vertical"]?.string.flatMap(Vertical.init(rawValue:)),
      let width = value["width"]?.number?.integer, let height = value["height"]?.number?.integer,
      (1...16384).contains(width), (1...16384).contains(height), let outline = value["outline"]?.exactDouble,
      let outlineColor = value["outlineColor"]?.string.flatMap(KeyColor.init(hex:)), size > 0, size <= 16384,
      (0...4096).contains(outline)
    else { return nil }
    self.init(text: text, width: Int(width), height: Int(height))
    self.font = font
    self.size = size
    self.color = color
    self.align = align
    self.vertical = vertical
    self.outline = outline
    self.outlineColor = outlineColor
  }
}

/// A subtitle file, drawn over a canvas.
public struct SubtitlesKey: Hashable, Sendable {
  public var path: String
  public var width: Int
  public var height: Int
  /// nil: the file's own, or a default.
  public var font: String?
  /// Pixels of the canvas.
  public var size: Double?
  public var color: KeyColor?

  public init(path: String, width: Int, height: Int) {
    self.path = path
    self.width = width
    self.height = height
  }

  init?(_ value: JSONValue, _ outer: JSONValue) {
    guard let path = value["path"]?.string, let width = outer["width"]?.number?.integer,
      let height = outer["height"]?.number?.integer, (1...16384).contains(width), (1...16384).contains(height)
    else { return nil }
    self.init(path: path, width: Int(width), height: Int(height))
    if let font = value["font"] {
      guard let font = font.string else { return nil }
      self.font = font
    }
    if let size = value["size"] {
      guard let size = size.exactDouble, size > 0 else { return nil }
      self.size = size
    }
    if let color = value["color"] {
      guard let color = color.string.flatMap(KeyColor.init(hex:)) else { return nil }
      self.color = color
    }
  }
}

extension JSONValue {
  /// A number, or a fraction in a string.
  fileprivate var exactDouble: Double? {
    if let (num, den) = number?.fraction { return Double(num) / Double(den) }
    return string.flatMap(Rational.init(fraction:))?.double
  }
}

extension Rational {
  /// `num` or `num/den`, as `description` writes it.
  init?(fraction text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let num = Int64(parts[0]), let den = parts.count == 2 ? Int64(parts[1]) : 1 else { return nil }
    self.init(reducing: Int128(num), Int128(den))
  }
}
