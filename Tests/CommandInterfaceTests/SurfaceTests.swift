import Foundation
import Testing

@testable import CommandInterface

/// Help, manual page and completions are made from one table: none may leave an option or a command out.
struct SurfaceTests {
  @Test func helpOfEveryCommandNamesItsOptionsAndShowsExamples() {
    for command in Command.all {
      let help = HelpText.of(command)
      for option in Option.of(command.name) {
        #expect(help.contains(option.synopsis), "\(command.name) \(option.name)")
      }
      #expect(help.contains("Examples:\n  # ") && help.contains("  sluice \(command.name.rawValue)"))
      for line in help.split(separator: "\n") where !line.contains("sluice ") { #expect(line.count <= 80, "\(line)") }
    }
  }

  @Test func theOverviewNamesEveryCommand() {
    for name in CommandName.allCases { #expect(HelpText.overview().contains("  \(name.rawValue) ")) }
  }

  @Test func theManualNamesEveryOptionVariableAndExitCode() {
    let page = ManPage.text()
    for option in Option.all {
      #expect(page.contains("\\-\\-" + option.name.replacingOccurrences(of: "-", with: "\\-") + "\\fR"), "\(option.name)")
      if let variable = option.environmentName { #expect(page.contains("\n\(variable)\n")) }
    }
    for name in CommandName.allCases { #expect(page.contains(".SS \(name.rawValue)\n")) }
    for (code, _) in HelpText.exitCodes { #expect(page.contains(".B \(code)\n")) }
  }

  @Test func theManualInTheRepositoryIsTheOneThatTheProgramPrints() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let kept = try String(contentsOf: root.appendingPathComponent("docs/sluice.1"), encoding: .utf8)
    #expect(kept == ManPage.text(), "write it anew: sluice --man-page > docs/sluice.1")
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionsNameEveryOptionAndCommand(_ shell: String) throws {
    let script = try #require(Completion.script(for: shell))
    for option in Option.all {
      #expect(script.contains(shell == "fish" ? "-l \(option.name) " : "--\(option.name)"), "\(option.name)")
      for choice in option.choices { #expect(script.contains(choice)) }
    }
    for name in CommandName.allCases { #expect(script.contains(name.rawValue)) }
    #expect(Completion.script(for: "tcsh") == nil)
  }

  /// Offers of the real bash for the last of `words`.
  private func offers(_ words: [String], in directory: String = "/") throws -> Set<String> {
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let run = try Child.run(
      "/bin/bash",
      [
        "--norc", "-u", "-c",
        """
        source /dev/stdin; cd '\(directory)'
        COMP_WORDS=(\(quoted)) COMP_CWORD=\(words.count - 1); _sluice
        printf '%s\\n' "${COMPREPLY[@]}"
        """,
      ], input: Completion.bash())
    #expect(run.status == 0, "\(run.err)")
    return Set(run.out.split(separator: "\n").map(String.init))
  }

  @Test func bashCompletesCommandsOptionsAndValues() throws {
    #expect(try offers(["sluice", "re"]) == ["render"])
    #expect(try offers(["sluice", ""]).isSuperset(of: CommandName.allCases.map(\.rawValue)))
    #expect(try offers(["sluice", "--comp"]) == ["--completion"])
    #expect(try offers(["sluice", "--completion", ""]) == ["bash", "zsh", "fish"])
    #expect(try offers(["sluice", "render", "p.json", "--enc"]) == ["--encoder-option", "--encoder-command", "--encoders"])
    #expect(try offers(["sluice", "render", "--backend", "e"]) == ["egl"])
    #expect(try offers(["sluice", "render", "--progress", "=", "j"]) == ["json"])
    #expect(try offers(["sluice", "render", "--progress", "="]) == ["auto", "bar", "plain", "json", "none"])
    #expect(try offers(["sluice", "bench", ""]) == ["handoff", "audio"])
    #expect(try offers(["sluice", "help", "val"]) == ["validate"])
    #expect(try offers(["sluice", "render", "--crf", ""]).isEmpty)
    for command in CommandName.allCases {
      let names = Set(Option.of(command).map { "--\($0.name)" })
      #expect(try offers(["sluice", command.rawValue, "--"]) == names, "\(command)")
    }
  }

  @Test func bashCompletesFilesAndDirectories() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-completion-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory.appendingPathComponent("clips"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data().write(to: directory.appendingPathComponent("cut.json"))
    #expect(try offers(["sluice", "render", "c"], in: directory.path) == ["clips", "cut.json"])
    #expect(try offers(["sluice", "render", "-o", "c"], in: directory.path) == ["clips", "cut.json"])
    #expect(try offers(["sluice", "render", "--worker-directory", "c"], in: directory.path) == ["clips"])
  }
}
