import SluiceBase

/// One figure that a run, or one of its workers, tells about itself: a line of `RunMetrics`, from which `--stats`, `sluice ps --json`
/// and the progress are made.
public struct Metric<Source>: Sendable {
  public enum Unit: String, Sendable { case none, frames, framesPerSecond, seconds, bytes, bytesPerFrame, lufs, dBTP }

  public enum Kind: String, Sendable {
    /// It only grows.
    case counter
    /// It rises and falls.
    case gauge
    /// It is what it is: a name, a limit.
    case fact
  }

  /// Where it is shown.
  public struct Outputs: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// `--stats`, once the run is over.
    public static var statistics: Outputs { Outputs(rawValue: 1) }
    /// `sluice ps --json`.
    public static var state: Outputs { Outputs(rawValue: 2) }
    /// `--progress json`.
    public static var progress: Outputs { Outputs(rawValue: 4) }
  }

  /// Its name in JSON; a point leads into an object.
  public let name: String
  public let unit: Unit
  public let kind: Kind
  public let outputs: Outputs
  /// One sentence about what it counts.
  public let help: String
  public let read: @Sendable (Source) -> MetricValue

  public init(
    _ name: String, _ unit: Unit, _ kind: Kind, _ outputs: Outputs, _ help: String,
    read: @escaping @Sendable (Source) -> MetricValue
  ) {
    self.name = name
    self.unit = unit
    self.kind = kind
    self.outputs = outputs
    self.help = help
    self.read = read
  }
}

/// What a metric says at a moment.
public enum MetricValue: Sendable {
  case whole(Int64)
  case natural(UInt64)
  case real(Double)
  case text(String)
  case flag(Bool)
  /// It cannot be told yet: null.
  case unknown
  /// The run has no such thing: the member is left out.
  case absent

  public static func whole(_ value: Int) -> MetricValue { .whole(Int64(value)) }
  public static func whole(_ value: Int32) -> MetricValue { .whole(Int64(value)) }

  /// nil: it is left out.
  func json(real: (Double) -> JSONValue) -> JSONValue? {
    switch self {
    case .whole(let value): .number(value)
    case .natural(let value): .number(value)
    case .real(let value): real(value)
    case .text(let value): .string(value)
    case .flag(let value): .bool(value)
    case .unknown: .null
    case .absent: nil
    }
  }
}

extension Collection {
  /// Members of a JSON object, in the order of the metrics. Names with one beginning before a point must stand together.
  /// - Parameter real: how a figure that is no whole number is written.
  public func members<Source>(
    _ output: Metric<Source>.Outputs, of source: Source, real: (Double) -> JSONValue
  ) -> [JSONMember] where Element == Metric<Source> {
    var found: [(path: Substring, value: JSONValue)] = []
    for metric in self where metric.outputs.contains(output) {
      if let value = metric.read(source).json(real: real) { found.append((metric.name[...], value)) }
    }
    return MetricTree.members(found[...])
  }
}

/// Builds objects from names with points.
private enum MetricTree {
  static func members(_ found: ArraySlice<(path: Substring, value: JSONValue)>) -> [JSONMember] {
    var members: [JSONMember] = []
    var rest = found
    while let first = rest.first {
      guard let point = first.path.firstIndex(of: ".") else {
        members.append(JSONMember(String(first.path), first.value))
        rest = rest.dropFirst()
        continue
      }
      let group = first.path[...point]
      let inside = rest.prefix { $0.path.hasPrefix(group) }
      rest = rest.dropFirst(inside.count)
      members.append(
        JSONMember(
          String(group.dropLast()),
          .object(Self.members(inside.map { ($0.path.dropFirst(group.count), $0.value) }[...]))))
    }
    return members
  }
}
