/// `--help`, from the tables.
public enum HelpText {
  public static let exitCodes: [(code: Int, meaning: String)] = [
    (0, "done"), (2, "the command line is wrong"), (65, "a project or media file cannot be used"),
    (66, "no such input"), (69, "something needed is missing"), (70, "a fault of sluice"),
    (73, "the output cannot be written"), (75, "try again"), (130, "interrupted"),
  ]

  /// The list of commands.
  public static func overview() -> String {
    var out = """
      Usage: sluice COMMAND [OPTION]... [OPERAND]...
      Renders timelines into video with worker processes that share frames.

      Commands:

      """
    for command in Command.all { out += "  " + padded(command.name.rawValue, 11) + command.summary + "\n" }
    out += "\nOptions:\n" + list(Option.beforeCommand)
    out += "\nExamples:\n" + examples([Command.named(.render), .named(.grid)].flatMap { $0.examples.prefix(1) })
    return out + "\nsluice COMMAND --help tells more about a command; man sluice tells all.\n"
  }

  /// One command's help, `width` columns wide.
  public static func of(_ command: Command, width: Int = 80) -> String {
    let options = Option.of(command.name)
    let settable = options.filter { !$0.immediate }
    let usage = ["sluice", command.name.rawValue, settable.isEmpty ? "" : "[OPTION]...", command.usage]
    var out = "Usage: " + usage.filter { !$0.isEmpty }.joined(separator: " ") + "\n\n"
    out += wrapped(command.description, indent: 0, width: width)
    out += "\nOptions:\n" + list(options, width: width)
    if let variable = settable.last?.environmentName {
      out +=
        "\n"
        + wrapped(
          "Every option can also stand in the environment (SLUICE_NAME, as in \(variable)) "
            + "and in the configuration file ~/.config/sluice/config (name = value). "
            + "The command line is strongest, then the environment.", indent: 0, width: width)
    }
    return out + "\nExamples:\n" + examples(command.examples)
  }

  private static func examples(_ examples: [Command.Example]) -> String {
    examples.map { "  # \($0.purpose)\n  \($0.line)\n" }.joined()
  }

  static func list(_ options: [Option], width: Int = 80) -> String {
    let column = 26
    return options.map { option in
      let head = "  " + (option.short == nil ? "    " : "") + option.synopsis
      let text = wrapped(option.help, indent: column, width: width)
      return head.count < column - 1 ? padded(head, column) + text.dropFirst(column) : head + "\n" + text
    }.joined()
  }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  static func wrapped(_ text: String, indent: Int, width: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, indent + last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { margin + $0 + "\n" }.joined()
  }
}
