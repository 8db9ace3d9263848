/// Completion scripts, from the tables.
public enum Completion {
  /// nil for a shell that is none of bash, zsh, fish.
  public static func script(for shell: String) -> String? {
    switch shell {
    case "bash": bash()
    case "zsh": zsh()
    case "fish": fish()
    default: nil
    }
  }

  /// Works with and without the bash-completion package.
  static func bash() -> String {
    func words(_ options: [Option]) -> String {
      options.flatMap { ["--\($0.name)"] + ($0.short.map { ["-\($0)"] } ?? []) }.joined(separator: " ")
    }
    let commands = CommandName.allCases.map(\.rawValue).joined(separator: " ")
    func offer(_ words: String) -> String { "COMPREPLY=($(compgen -W \"\(words)\" -- \"$current\"))" }
    var out = """
      # bash completion for sluice; printed by: sluice --completion bash
      _sluice() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
          \(offer(commands + " " + words(Option.beforeCommand)))
          return
        fi
        # --name=value arrives as three words.
        if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
        case $previous in

      """
    for option in Option.all where !option.choices.isEmpty {
      out += "    \(pattern(option))) \(offer(option.choices.joined(separator: " "))); return ;;\n"
    }
    let files = Option.all.filter { $0.kind == .file }.map(pattern).joined(separator: "|")
    let directories = Option.all.filter { $0.kind == .directory }.map(pattern).joined(separator: "|")
    let others = Option.all.filter { $0.argument != nil && $0.choices.isEmpty && $0.kind != .file && $0.kind != .directory }
    out += "    \(files)) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
    out += "    \(directories)) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n"
    out += "    \(others.map(pattern).joined(separator: "|"))) return ;;\n"
    out += "  esac\n  if [[ $current == -* ]]; then\n    case $command in\n"
    for command in CommandName.allCases {
      out += "      \(command.rawValue)) \(offer(words(Option.of(command)))) ;;\n"
    }
    out += "    esac\n    return\n  fi\n  case $command in\n"
    for command in Command.all {
      switch command.operandKind {
      case .file:
        out += "    \(command.name.rawValue)) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
      case .command:
        out += "    \(command.name.rawValue)) \(offer(commands)) ;;\n"
      case .benchmark:
        out += "    \(command.name.rawValue)) \(offer(Command.benchmarks.joined(separator: " "))) ;;\n"
      case .none: break
      }
    }
    return out + "  esac\n}\ncomplete -F _sluice sluice\n"
  }

  private static func pattern(_ option: Option) -> String {
    "--\(option.name)" + (option.short.map { "|-\($0)" } ?? "")
  }
}
