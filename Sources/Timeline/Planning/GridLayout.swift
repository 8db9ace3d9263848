import FrameModel
import SluiceBase

/// Makes a grid into the timeline that it stands for.
enum GridLayout {
  static func timeline(_ grid: Project.Grid, of project: Project, media: [String: MediaInfo], duration: TimeValue?)
    throws(SluiceError) -> Project
  {
    throw SluiceError(.badInput, "not supported yet: a grid as a source", at: project.path)
  }

  /// Keys of the grid's sources and of its labels.
  static func probeKeys(_ grid: Project.Grid, of project: Project) -> [String] {
    grid.sources.compactMap { project.sources[$0].source.probeKey(canvas: project.canvas) }
  }
}
