import CSluice
import CommandInterface
import Plan
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

@main
enum Main {
  static func main() {
    sluice_open_standard()
    sluice_end_on_signals()
    let console = Console()
    do {
      try run(Array(Swift.CommandLine.arguments.dropFirst()), console)
    } catch {
      console.report(error)
      exit(Console.exitCode(error).rawValue)
    }
  }

  private static func run(_ arguments: [String], _ console: Console) throws {
    guard let first = arguments.first else {
      throw SluiceError(.usage, "a command is missing", advice: "see sluice --help")
    }
    guard !first.hasPrefix("-") || first == "-" else { return try answer(arguments) }
    guard let name = CommandName(rawValue: first) else {
      let nearest = NearestName.of(first, in: CommandName.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
      throw SluiceError(.usage, "no such command", at: first, advice: nearest ?? "see sluice --help")
    }
    let parsed = try ArgumentParser.parse(Array(arguments.dropFirst()), options: Option.of(name), command: name)
    let command = Command.named(name)
    if parsed.has(.help) { return try Console.print(HelpText.of(command)) }
    guard command.operands.contains(parsed.operands.count) else {
      throw SluiceError(
        .usage, parsed.operands.count < command.operands.lowerBound ? "an operand is missing" : "too many operands",
        at: name.rawValue,
        advice: "write sluice \(name.rawValue)" + (command.usage.isEmpty ? " without any" : " \(command.usage)"))
    }
    let file = try ConfigurationFile.standardPath(environment: System.environment).flatMap { path throws(SluiceError) in
      try ConfigurationFile.read(path)
    }
    let settings = try Settings(name, arguments: parsed, environment: System.environment, file: file)
    for line in EnvironmentNames.complaints(System.environmentNames()) { console.note(line) }
    try perform(name, Invocation(operands: parsed.operands, settings: settings, console: console, arguments: parsed, file: file))
  }

  /// Options that stand before any command.
  private static func answer(_ arguments: [String]) throws {
    let parsed = try ArgumentParser.parse(arguments, options: Option.beforeCommand, stopAtOperand: true)
    guard let (option, value) = parsed.given.first else {
      throw SluiceError(.usage, "a command is missing", advice: "see sluice --help")
    }
    switch option {
    case .version: try Console.print("sluice \(Command.programVersion)\n")
    case .manPage: try Console.print(ManPage.text())
    case .completion:
      guard let script = Completion.script(for: value) else {
        throw SluiceError(.usage, "'\(value)' is not bash, zsh or fish", at: "--completion")
      }
      try Console.print(script)
    default: try Console.print(HelpText.overview())
    }
  }

  private static func perform(_ name: CommandName, _ invocation: Invocation) throws {
    switch name {
    case .render: try RenderCommand.run(invocation, project: invocation.operands[0])
    case .launch:
      try RenderCommand.run(invocation, project: invocation.operands[1], launchFile: invocation.operands[0])
    case .grid: try GridCommand.run(invocation)
    case .frame: try FrameCommand.run(invocation)
    case .probe: try ProbeCommand.run(invocation)
    case .validate: try ValidateCommand.run(invocation)
    case .doctor: try DoctorCommand.run(invocation)
    case .bench: try BenchCommand.run(invocation)
    case .clean: try CleanCommand.run(invocation)
    case .ps: try RunListCommand.run(invocation)
    case .attach: try AttachCommand.run(invocation)
    case .detach: try DetachCommand.run(invocation)
    case .stop: try StopCommand.run(invocation)
    case .help: try HelpCommand.run(invocation)
    case .version: try VersionCommand.run()
    }
  }
}

/// A command as it was asked for.
struct Invocation {
  let operands: [String]
  let settings: Settings
  let console: Console
  /// As given, without environment and configuration.
  let arguments: ParsedArguments
  let file: ConfigurationFile?
}
