import ContentStore
import SystemBase

/// What text is drawn with: the fonts that there are and how they are chosen.
enum FontFiles {
  /// Variables that choose among fonts, and those that say where fontconfig's settings lie.
  private static let choosing = ["FC_LANG", "LANG", "LC_ALL", "LC_CTYPE"]
  private static let places = ["FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT"]

  /// Equal bytes: the same fonts, the same settings. Which files these are is asked of the decoder program, whose fontconfig
  /// knows: its settings may name any folder. nil when it does not answer.
  static func identity(_ workerDirectory: String?, _ names: any SourceIdentity) -> [UInt8]? {
    guard let program = try? WorkerPrograms.find("sluice-decoder", directory: workerDirectory),
      let paths = ProgramIdentity.ask(program, "--text-files")
    else { return nil }
    var lines: [String] = []
    for path in paths {
      if let file = FileIdentity(path) {
        guard let name = names.text(of: path, file) else { return nil }
        lines.append(name)
      } else if names.namesPaths {
        lines.append("\(path) none")
      }
    }
    // Without paths their order means nothing.
    if !names.namesPaths { lines.sort() }
    for name in (names.namesPaths ? places : []) + choosing { lines.append(System.environment(name) ?? "") }
    return ContentKey(of: [Array(lines.map { $0 + "\n" }.joined().utf8)]).bytes
  }
}
