import SluiceBase

/// What text is drawn with: the fonts that there are and how they are chosen.
enum FontFiles {
  /// Equal bytes: the same fonts, the same settings. Which files these are is asked of the decoder program, whose fontconfig
  /// knows: its settings may name any folder. nil when it does not answer.
  static func identity(_ workerDirectory: String?) -> [UInt8]? {
    guard let program = try? WorkerPrograms.find("sluice-decoder", directory: workerDirectory),
      let paths = ProgramIdentity.ask(program, "--text-files")
    else { return nil }
    var text = ""
    for path in paths { text += "\(path) \(FileIdentity(path)?.description ?? "none")\n" }
    for name in ["FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT", "FC_LANG", "LANG", "LC_ALL", "LC_CTYPE"] {
      text += "\(System.environment(name) ?? "")\n"
    }
    return SegmentKey(of: [Array(text.utf8)]).bytes
  }
}
