/// The manual page in roff (man(7)), from the tables. `docs/sluice.1` is what `sluice --man-page` prints.
public enum ManPage {
  public static func text() -> String {
    var out = ".TH SLUICE 1 \"\" \"sluice \(Command.programVersion)\" \"User Commands\"\n"
    out += ".SH NAME\nsluice \\- render timelines into video\n"
    out += ".SH SYNOPSIS\n"
    for command in Command.all {
      let options = Option.of(command.name).contains { !$0.immediate } ? " [\\fIOPTION\\fR]..." : ""
      let usage = command.usage.isEmpty ? "" : " " + escaped(command.usage)
      out += "\\fBsluice \(command.name.rawValue)\\fR\(options)\(usage)\n.br\n"
    }
    out += """
      .SH DESCRIPTION
      Sluice renders timelines into video. Decoder, renderer and encoder processes hand frames to each other in shared
      memory, within a bound on memory that you declare.

      """
    out += ".SH COMMANDS\n"
    for command in Command.all {
      out += ".SS \(command.name.rawValue)\n\(escaped(command.description))\n"
      for example in command.examples {
        out += ".PP\n\(escaped(example.purpose)):\n.RS\n.nf\n\(escaped(example.line))\n.fi\n.RE\n"
      }
    }
    out += ".SH OPTIONS\n"
    for option in Option.all {
      let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
      let argument = option.argument.map { " \\fI\(escaped($0))\\fR" } ?? ""
      let homes = CommandName.allCases.filter { option.commands.contains($0) }.map(\.rawValue)
      let all = homes.count == CommandName.allCases.count
      out += ".TP\n\(short)\\fB\\-\\-\(escaped(option.name))\\fR\(argument)\n\(escaped(sentence(option.help)))"
      out += homes.isEmpty || all ? "\n" : "\n(" + homes.joined(separator: ", ") + ")\n"
    }
    out += """
      .SH VALUES
      A SIZE is a number with a unit: B, K or KiB (1024), KB (1000), M, MiB, MB, G, GiB, GB, T, TiB, TB.
      A time T is seconds (12.5 or 1001/30000), HH:MM:SS.mmm, or frames of the output (375f).
      A long option may be abbreviated as long as it stays unique; an option without a value takes =yes or =no, which undoes
      what the environment or the configuration file says.
      .SH ENVIRONMENT
      Each variable gives the option of its name, unless the command line does. An option without a value takes yes or no.
      Several values of one option stand on lines of their own.
      .PP
      .nf

      """
    for option in Option.all { if let name = option.environmentName { out += "\(name)\n" } }
    out += """
      .fi
      .PP
      SLUICE_WORKER_STDERR=keep lets contained worker programs write to standard error, for whoever looks for a fault in one: what
      they write there may come from the media.
      .SH FILES
      .TP
      .I $XDG_CONFIG_HOME/sluice/config
      or
      .IR ~/.config/sluice/config :
      lines of
      .BR "name = value" ,
      where a name is a long option without its dashes; # begins a comment. Command line and environment are stronger.
      .SH "EXIT STATUS"

      """
    for (code, meaning) in HelpText.exitCodes { out += ".TP\n.B \(code)\n\(meaning)\n" }
    return out
  }

  private static func sentence(_ text: String) -> String {
    (text.first.map { $0.uppercased() } ?? "") + text.dropFirst() + "."
  }

  /// Backslashes and dashes as themselves, and no line that begins with a control character.
  private static func escaped(_ text: String) -> String {
    var out = text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" : ""
    for character in text {
      switch character {
      case "\\": out += "\\e"
      case "-": out += "\\-"
      default: out.append(character)
      }
    }
    return out
  }
}
