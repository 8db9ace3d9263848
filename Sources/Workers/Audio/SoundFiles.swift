import FrameModel
import Plan
import SluiceBase
import WorkerRuntime

/// The files that the sound of a plan is made of: each by its own path, never the folder that it lies in.
enum SoundFiles {
  static func of(_ plan: SoundPlan, sources: [SourceKey?]) -> FileAccess {
    var access = FileAccess()
    access.readMachine()
    for clip in plan.clips where !clip.isGroup && sources.indices.contains(clip.source) {
      switch sources[clip.source] {
      case .file(let path): access.read(path)
      // The user wrote the graph, so the files that it names are the user's choice.
      case .filterGraph(let text): access.readNamed(in: text)
      case .sequence, .title, .subtitles, nil: break
      }
    }
    for effect in plan.tracks.flatMap(\.effects) + plan.clips.flatMap(\.effects) {
      if case .avfilter(let text) = effect.kind { access.readNamed(in: text) }
    }
    return access
  }
}
