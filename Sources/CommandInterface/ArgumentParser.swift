import CSluice
import SluiceBase
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A command line taken apart: the command, what was given for each option in order, and the operands.
public struct ParsedArguments: Sendable {
  public var given: [(option: Option, value: String)] = []
  public var operands: [String] = []

  public func has(_ option: Option) -> Bool { given.contains { $0.option == option } }
}

/// getopt_long(3): options and operands in any order, `--` ends options, `--name=value`, short options in clusters,
/// long names abbreviated as long as they stay unique. Thread-safe.
public enum ArgumentParser {
  /// getopt keeps its state in globals.
  private static let lock = Mutex(())

  /// Takes the arguments apart that follow the program's name. `stopAtOperand`: what follows the first operand belongs
  /// to it. Errors have code 2 and name the nearest option.
  public static func parse(
    _ arguments: [String], options: [Option], stopAtOperand: Bool = false, command: CommandName? = nil
  ) throws(SluiceError) -> ParsedArguments {
    let result: Result<ParsedArguments, SluiceError> = lock.withLock { _ in
      do throws(SluiceError) {
        return .success(try scan(arguments, options, stopAtOperand, command))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func scan(
    _ arguments: [String], _ options: [Option], _ stopAtOperand: Bool, _ command: CommandName?
  ) throws(SluiceError) -> ParsedArguments {
    let argv = CStrings(["sluice"] + arguments)
    let names = CStrings(options.map(\.name))
    var longs = options.indices.map { index in
      CSluice.option(
        name: names[index],
        has_arg: options[index].argument != nil ? required_argument : options[index].immediate ? no_argument : optional_argument,
        flag: nil, val: longBase + Int32(index))
    }
    longs.append(CSluice.option())
    let shorts =
      (stopAtOperand ? "+:" : ":")
      + options.compactMap { o in o.short.map { "\($0)" + (o.argument == nil ? "" : ":") } }.joined()

    var parsed = ParsedArguments()
    var first = true
    while true {
      let step = argv.withPointers { argc, argv in sluice_option_next(argc, argv, shorts, longs, first) }
      first = false
      switch step.code {
      case -1:
        parsed.operands = (Int(step.next)..<argv.count).map { argv.string($0) }
        return parsed
      case Int32(UInt8(ascii: "?")), Int32(UInt8(ascii: ":")):
        throw complaint(step, word: culprit(step, argv), options, command)
      default:
        let option =
          step.code >= longBase
          ? options[Int(step.code - longBase)]
          : options.first { $0.short.map { Int32($0.asciiValue ?? 0) } == step.code }
        guard let option else { throw SluiceError(.software, "getopt returned \(step.code)") }
        parsed.given.append((option, step.argument.map { String(cString: $0) } ?? ""))
      }
    }
  }

  /// Codes of long options start above every character.
  private static let longBase: Int32 = 0x100

  /// The argument at which getopt stopped: behind a bad letter it stands still until the cluster's end.
  private static func culprit(_ step: sluice_option_step, _ argv: CStrings) -> String {
    let current = argv.string(Int(step.next))
    if (1..<longBase).contains(step.unknown), current.hasPrefix("-"), !current.hasPrefix("--"),
      current.utf8.contains(where: { Int32($0) == step.unknown })
    {
      return current
    }
    return argv.string(Int(step.next) - 1)
  }

  private static func complaint(
    _ step: sluice_option_step, word: String, _ options: [Option], _ command: CommandName?
  ) -> SluiceError {
    let help = "see sluice \(command.map { "\($0.rawValue) " } ?? "")--help"
    if step.unknown >= longBase {
      let option = options[Int(step.unknown - longBase)]
      return step.code == Int32(UInt8(ascii: ":"))
        ? SluiceError(.usage, "needs a value", at: "--\(option.name)", advice: "write \(option.synopsis)")
        : SluiceError(.usage, "takes no value", at: "--\(option.name)", advice: help)
    }
    if step.code == Int32(UInt8(ascii: ":")),
      let option = options.first(where: { $0.short.map { Int32($0.asciiValue ?? 0) } == step.unknown })
    {
      return SluiceError(.usage, "needs a value", at: "-\(option.short ?? " ")", advice: "write \(option.synopsis)")
    }
    let name = String(word.drop { $0 == "-" }.prefix { $0 != "=" })
    let isLong = step.unknown == 0
    let matches = options.filter { isLong && $0.name.hasPrefix(name) }
    if matches.count > 1 {
      return SluiceError(
        .usage, "could mean " + matches.map { "--\($0.name)" }.joined(separator: ", "), at: "--\(name)",
        advice: "write one of them in full")
    }
    let shown = isLong || name.count > 1 ? word.prefix { $0 != "=" } : "-\(name)"
    if let elsewhere = Option.all.first(where: { isLong && $0.name == name }) {
      return belongsElsewhere(elsewhere, command)
    }
    let nearest = NearestName.of(name, in: options.map(\.name)).map { "did you mean --\($0)?" }
    return SluiceError(.usage, "no such option", at: String(shown), advice: nearest ?? help)
  }

  private static func belongsElsewhere(_ option: Option, _ command: CommandName?) -> SluiceError {
    guard let command else {
      let first = CommandName.allCases.first { option.commands.contains($0) } ?? .render
      return SluiceError(
        .usage, "stands before the command", at: "--\(option.name)", advice: "write sluice \(first.rawValue) \(option.synopsis)")
    }
    let homes = CommandName.allCases.filter { option.commands.contains($0) }.map(\.rawValue)
    return SluiceError(
      .usage, "is no option of \(command.rawValue)", at: "--\(option.name)",
      advice: homes.isEmpty ? "write sluice --\(option.name)" : "it belongs to " + homes.joined(separator: ", "))
  }
}

/// C strings that live as long as their owner, and can be put into another order by C.
private final class CStrings {
  private let pointers: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>
  private let owned: [UnsafeMutablePointer<CChar>?]

  init(_ strings: [String]) {
    owned = strings.map { strdup($0) }
    pointers = .allocate(capacity: strings.count + 1)
    _ = pointers.initialize(from: owned + [nil])
  }
  deinit {
    owned.forEach { free($0) }
    pointers.deallocate()
  }
  var count: Int { owned.count }
  subscript(index: Int) -> UnsafePointer<CChar>? { owned[index].map { UnsafePointer($0) } }
  /// Empty behind the last.
  func string(_ index: Int) -> String { pointers[index].map { String(cString: $0) } ?? "" }
  func withPointers<R>(_ body: (Int32, UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> R) -> R {
    body(Int32(count), UnsafePointer(pointers.baseAddress))
  }
}
