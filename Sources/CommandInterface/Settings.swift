import FrameModel
import SluiceBase
import Timeline

/// What was asked for each option of one command, from command line, environment and configuration file, in this order of
/// strength: the strongest place that names an option gives all its values. Every value has been checked.
public struct Settings: Sendable {
  private struct Setting {
    var values: [String]
    /// Where the value was written, for errors: `--memory`, `SLUICE_MEMORY`, `…/config:3: memory`.
    var place: String
  }
  private var settings: [String: Setting] = [:]

  /// Errors have code 2 and name the place of the wrong value.
  public init(
    _ command: CommandName, arguments: ParsedArguments, environment: (String) -> String?, file: ConfigurationFile?
  ) throws(SluiceError) {
    for option in Option.of(command) where !option.immediate {
      let given = arguments.given.filter { $0.option == option }.map(\.value)
      if !given.isEmpty {
        settings[option.name] = Setting(values: given, place: "--\(option.name)")
      } else if let name = option.environmentName, let text = environment(name), !text.isEmpty {
        let values = option.repeats ? text.split(separator: "\n").map(String.init) : [text]
        settings[option.name] = Setting(values: values, place: name)
      } else if let file, let last = file.entries.last(where: { $0.key == option.name }) {
        settings[option.name] = Setting(
          values: file.entries.filter { $0.key == option.name }.map(\.value), place: "\(file.path):\(last.line): \(option.name)")
      }
    }
    for option in Option.of(command) {
      guard let setting = settings[option.name] else { continue }
      for value in setting.values where !Self.accepts(option.kind, value) {
        throw SluiceError(.usage, "'\(value)' is not \(Self.wanted(option.kind))", at: setting.place)
      }
    }
  }

  /// Where the option was set, for errors about its value.
  public func place(_ option: Option) -> String { settings[option.name]?.place ?? "--\(option.name)" }
  public func isSet(_ option: Option) -> Bool { settings[option.name] != nil }

  public func text(_ option: Option) -> String? { settings[option.name]?.values.last }
  public func texts(_ option: Option) -> [String] { settings[option.name]?.values ?? [] }
  public func flag(_ option: Option) -> Bool { text(option).flatMap(Values.flag) ?? false }
  public func size(_ option: Option) -> UInt64? { text(option).flatMap(Values.size) }
  public func bitRate(_ option: Option) -> Int64? { text(option).flatMap(Project.AudioOutput.bitRate) }
  public func decimal(_ option: Option) -> Rational? { text(option).flatMap(Values.decimal) }
  public func time(_ option: Option) -> TimeValue? { text(option).flatMap { TimeValue.parse($0) } }
  public func rate(_ option: Option) -> Rational? { text(option).flatMap(Values.rate) }
  public func canvas(_ option: Option) -> (width: Int, height: Int)? { text(option).flatMap(Values.canvas) }
  public func count(_ option: Option) -> Int? {
    guard case .count(let range) = option.kind else { return nil }
    return text(option).flatMap { Values.count($0, in: range) }
  }
  /// `K=V` options in order.
  public func assignments(_ option: Option) -> [OutputSettings.Option] {
    texts(option).compactMap { text in
      text.firstIndex(of: "=").map { OutputSettings.Option(String(text[..<$0]), String(text[text.index(after: $0)...])) }
    }
  }

  static func accepts(_ kind: Option.Kind, _ value: String) -> Bool {
    switch kind {
    case .flag: Values.flag(value) != nil
    case .text, .file, .directory: !value.isEmpty
    case .size: Values.size(value) != nil
    case .bitRate: Project.AudioOutput.bitRate(value) != nil
    case .time: TimeValue.parse(value).map { !$0.isNegative } ?? false
    case .canvas: Values.canvas(value) != nil
    case .rate: Values.rate(value) != nil
    case .count(let range): Values.count(value, in: range) != nil
    case .number: Values.decimal(value) != nil
    case .choice(let choices): choices.contains(value)
    case .assignment: value.firstIndex(of: "=").map { $0 != value.startIndex } ?? false
    }
  }

  static func wanted(_ kind: Option.Kind) -> String {
    switch kind {
    case .flag: "yes or no"
    case .text, .file, .directory: "a name"
    case .size: "a size; write 512MiB or 1.5GB"
    case .bitRate: "a number of bits a second; write 192k or 192000"
    case .time: "a time; write seconds (12.5), HH:MM:SS.mmm or frames (375f)"
    case .canvas: "a size in pixels; write 1920x1080"
    case .rate: "a rate; write 30, 29.97 or 30000/1001"
    case .count(let range):
      range.upperBound == .max
        ? "a whole number from \(range.lowerBound)" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number: "a number"
    case .choice(let choices): choices.dropLast().joined(separator: ", ") + " or " + (choices.last ?? "")
    case .assignment: "NAME=VALUE"
    }
  }
}
