import AVBinding
import FrameModel
import Plan
import SystemBase
import TextDrawing
import WorkerRuntime

/// The files that sources need: each by its own path, never the folder that it lies in.
enum MediaFiles {
  static func of(_ plan: PlanView) -> FileAccess {
    var access = FileAccess()
    access.readMachine()
    for index in 0..<plan.sourceCount {
      if let key = SourceKey(plan.source(index)) { add(key, to: &access) }
    }
    for index in 0..<plan.streamCount { add(effects: plan.stream(index).effects, to: &access) }
    return access
  }

  /// Of keys as probing gets them.
  static func of(_ keys: [String]) -> FileAccess {
    var access = FileAccess()
    access.readMachine()
    for key in keys.compactMap({ SoundEffectKey($0) }) { add(filters: key.chain, to: &access) }
    for key in keys.compactMap({ ProbeKey($0) }) {
      add(key.source, to: &access)
      add(effects: key.effects, to: &access)
    }
    return access
  }

  private static func add(_ source: SourceKey, to access: inout FileAccess) {
    switch source {
    case .file(let path):
      access.read(path)
      // Letters in a drawing.
      if path.lowercased().hasSuffix(".svg") { access.read(TextFonts.places) }
    case .filterGraph(let text): add(filters: text, to: &access)
    case .sequence(let key):
      access.list(SequenceFiles.directory(of: key))
      if let files = try? SequenceFiles(key, list: Folder.names) { access.read(files.numbers.map { files.path($0) }) }
    case .title: access.read(TextFonts.places)
    case .subtitles(let key):
      access.read(key.path)
      access.read(TextFonts.places)
    }
  }

  private static func add(effects json: String, to access: inout FileAccess) {
    for effect in EffectChain(json: json)?.effects ?? [] {
      switch effect {
      case .lut(let path): access.read(path)
      case .avfilter(let text, _): add(filters: text, to: &access)
      }
    }
  }

  /// The user wrote the graph, so the files that it names are the user's choice; those that media name are not.
  private static func add(filters text: String, to access: inout FileAccess) {
    access.readNamed(in: text)
    let names = EffectTraits.filterNames(text)
    if names.contains(where: { ["drawtext", "subtitles", "ass"].contains($0) }) { access.read(TextFonts.places) }
    if names.contains(where: { $0.hasPrefix("frei0r") }) {
      access.read(["/usr/lib/frei0r-1", "/usr/local/lib/frei0r-1"])
      access.read((System.environment("FREI0R_PATH") ?? "").split(separator: ":").map(String.init))
    }
  }
}
