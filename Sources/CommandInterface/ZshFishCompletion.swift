extension Completion {
  static func zsh() -> String {
    var out = "#compdef sluice\n# zsh completion for sluice; printed by: sluice --completion zsh\n"
    out += "_sluice() {\n  local -a commands\n  commands=(\n"
    for command in Command.all { out += "    \(quoted("\(command.name.rawValue):\(command.summary)"))\n" }
    out += "  )\n  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n    _describe command commands\n    return\n  fi\n"
    out += """
        local command=$words[2]
        if ((CURRENT > 2)); then
          words=("$words[1]" "${(@)words[3,-1]}")
          ((CURRENT--))
        fi

      """
    out += "  case $command in\n"
    for command in Command.all {
      out += "    \(command.name.rawValue))\n      _arguments -s -S"
      for option in Option.of(command.name) { out += zshSpecifications(option).map { " \\\n        \($0)" }.joined() }
      out += zshOperands(command).map { " \\\n        \($0)" } ?? ""
      out += "\n      ;;\n"
    }
    out += "    *)\n      _arguments -s -S"
    for option in Option.beforeCommand { out += zshSpecifications(option).map { " \\\n        \($0)" }.joined() }
    return out
      + "\n      ;;\n  esac\n}\nif [ \"$funcstack[1]\" = _sluice ]; then _sluice \"$@\"; else compdef _sluice sluice; fi\n"
  }

  private static func zshSpecifications(_ option: Option) -> [String] {
    let help = option.help.map { "[]:".contains($0) ? "\\\($0)" : "\($0)" }.joined()
    var value = ""
    if let argument = option.argument {
      let action =
        switch option.kind {
        case .file: "_files"
        case .directory: "_files -/"
        case .choice(let choices): "(" + choices.joined(separator: " ") + ")"
        default: " "
        }
      value = ":\(argument):\(action)"
    }
    let names =
      ["--\(option.name)" + (option.argument == nil ? "" : "=")]
      + (option.short.map { ["-\($0)" + (option.argument == nil ? "" : "+")] } ?? [])
    let once = option.repeats ? "*" : ""
    return names.map { quoted("\(once)\($0)[\(help)]\(value)") }
  }

  private static func zshOperands(_ command: Command) -> String? {
    switch command.operandKind {
    case .none: nil
    case .file: quoted("*:file:_files")
    case .command: quoted("1:command:(\(CommandName.allCases.map(\.rawValue).joined(separator: " ")))")
    case .benchmark: quoted("1:benchmark:(\(Command.benchmarks.joined(separator: " ")))")
    }
  }

  static func fish() -> String {
    var out = "# fish completion for sluice; printed by: sluice --completion fish\n"
    out += "complete -c sluice -f\n"
    for command in Command.all {
      out += "complete -c sluice -n __fish_use_subcommand -a \(command.name.rawValue) -d \(fishQuoted(command.summary))\n"
      let seen = "'__fish_seen_subcommand_from \(command.name.rawValue)'"
      switch command.operandKind {
      case .none: break
      case .file: out += "complete -c sluice -n \(seen) -F\n"
      case .command: out += "complete -c sluice -n \(seen) -a '\(CommandName.allCases.map(\.rawValue).joined(separator: " "))'\n"
      case .benchmark: out += "complete -c sluice -n \(seen) -a '\(Command.benchmarks.joined(separator: " "))'\n"
      }
    }
    for option in Option.all {
      let homes = CommandName.allCases.filter { option.commands.contains($0) }.map(\.rawValue).joined(separator: " ")
      let condition =
        Option.beforeCommand.contains(option) && option.commands.isEmpty
        ? "__fish_use_subcommand" : option.immediate ? "" : "'__fish_seen_subcommand_from \(homes)'"
      out += "complete -c sluice" + (condition.isEmpty ? "" : " -n \(condition)") + " -l \(option.name)"
      if let short = option.short { out += " -s \(short)" }
      switch option.kind {
      case .flag: break
      case .file: out += " -r -F"
      case .directory: out += " -x -a '(__fish_complete_directories)'"
      case .choice(let choices): out += " -x -a '\(choices.joined(separator: " "))'"
      default: out += " -x"
      }
      out += " -d \(fishQuoted(option.help))\n"
    }
    return out
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "'\\''" : "\($0)" }.joined() + "'"
  }
  private static func fishQuoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "\\'" : "\($0)" }.joined() + "'"
  }
}
