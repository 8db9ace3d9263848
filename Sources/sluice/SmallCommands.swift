import CSluice
import CommandInterface
import ContentStore
import SluiceBase
import Supervisor
import SystemBase

/// `sluice bench`.
enum BenchCommand {
  static func run(_ invocation: Invocation) throws {
    let name = invocation.operands[0]
    switch name {
    case "handoff":
      try HandoffBench.run(
        json: invocation.settings.flag(.json), workerDirectory: invocation.settings.text(.workerDirectory))
    case "audio":
      let tracks = invocation.settings.count(.tracks) ?? 64, seconds = invocation.settings.count(.seconds) ?? 60
      let program = try WorkerPrograms.find("sluice-audio", directory: invocation.settings.text(.workerDirectory))
      // It plays in real time, and then as fast as it goes, which is slower only where real time is too much.
      let line = try ProgramOutput.of(
        program, ["--bench", "\(tracks)", "\(seconds)"], seconds: Int32(clamping: seconds * 20 + 30))
      guard let result = try? JSONReader.read(line) else {
        throw SluiceError(.unavailable, "answers with something else than a result", at: program, advice: "install sluice again")
      }
      try Console.print(invocation.settings.flag(.json) ? result.line + "\n" : AudioBenchTable.text(result))
    default:
      let nearest = NearestName.of(name, in: Command.benchmarks).map { "did you mean \($0)?" }
      throw SluiceError(
        .usage, "no such benchmark", at: name, advice: nearest ?? "there is: " + Command.benchmarks.joined(separator: ", "))
    }
  }
}

/// `sluice clean`.
enum CleanCommand {
  static func run(_ invocation: Invocation) throws {
    let count = Leftovers.sweep()
    invocation.console.note(
      count == 0 ? "nothing to remove" : "removed what \(count) ended run\(count == 1 ? "" : "s") left behind")
    if invocation.arguments.has(.cleanCache) { try emptyCache(invocation) }
  }

  private static func emptyCache(_ invocation: Invocation) throws {
    // Where it is, doctor and render are told alike.
    let nothing = try ArgumentParser.parse([], options: Option.of(.doctor), command: .doctor)
    let settings = try Settings(.doctor, arguments: nothing, environment: System.environment, file: invocation.file)
    guard let directory = CachePlace.directory(settings), access(directory, F_OK) == 0 else {
      return invocation.console.note("there is no cache")
    }
    let removed = StoreIndex(try Store(directory: directory).clear())
    invocation.console.note("\(directory): removed \(CachePlace.count(removed)), \(Values.sizeText(removed.bytes()))")
  }
}

/// `sluice help`.
enum HelpCommand {
  static func run(_ invocation: Invocation) throws {
    guard let word = invocation.operands.first else { return try Console.print(HelpText.overview()) }
    guard let name = CommandName(rawValue: word) else {
      let nearest = NearestName.of(word, in: CommandName.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
      throw SluiceError(.usage, "no such command", at: word, advice: nearest ?? "see sluice --help")
    }
    try Console.print(HelpText.of(Command.named(name)))
  }
}

/// `sluice version`.
enum VersionCommand {
  static func run() throws {
    try Console.print("sluice \(Command.programVersion)\nipc-schema \(SLUICE_ABI_MAJOR).\(SLUICE_ABI_MINOR)\n")
  }
}
