/// One option, declared once: parsing, help, man page, completions, environment and configuration file all read this.
public struct Option: Sendable, Equatable {
  /// What the option's value is; decides its check, its completion and how the command reads it.
  public enum Kind: Sendable, Equatable {
    /// No value on the command line; `yes` or `no` elsewhere, and after `=`.
    case flag
    case text
    case file
    case directory
    /// Bytes: `512MiB`.
    case size
    /// Bits a second: `192k`.
    case bitRate
    /// A time of the timeline: `12.5`, `00:01:02.500`, `375f`.
    case time
    /// `1920x1080`.
    case canvas
    /// Frames a second: `30`, `29.97`, `30000/1001`.
    case rate
    case count(ClosedRange<Int>)
    /// A decimal number that is passed on as it was written.
    case number
    case choice([String])
    /// `NAME=VALUE`.
    case assignment
  }

  /// Long name without dashes; also the key in the configuration file.
  public let name: String
  public let short: Character?
  /// Name of the value in help; nil for flags.
  public let argument: String?
  public let kind: Kind
  public let help: String
  public let commands: Set<CommandName>
  /// May be given several times.
  public let repeats: Bool
  /// Makes the program print something and end; not taken from environment or configuration.
  public let immediate: Bool

  public init(
    _ name: String, short: Character? = nil, _ argument: String? = nil, _ kind: Kind = .flag, repeats: Bool = false,
    immediate: Bool = false, for commands: Set<CommandName>, _ help: String
  ) {
    self.name = name
    self.short = short
    self.argument = argument
    self.kind = kind
    self.help = help
    self.commands = commands
    self.repeats = repeats
    self.immediate = immediate
  }

  /// Variable that sets it: `SLUICE_PIXEL_FORMAT`. nil for options that end the program.
  public var environmentName: String? {
    immediate ? nil : "SLUICE_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
  }
  /// Key in the configuration file.
  public var configurationKey: String? { immediate ? nil : name }
  /// `-o, --output OUT`
  public var synopsis: String {
    let long = "--\(name)" + (argument.map { " \($0)" } ?? "")
    return short.map { "-\($0), \(long)" } ?? long
  }
  /// Values that completion offers.
  public var choices: [String] {
    if case .choice(let values) = kind { values } else { [] }
  }
}
