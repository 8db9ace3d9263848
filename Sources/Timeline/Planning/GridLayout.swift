import FrameModel

/// Makes a grid into the timeline that it stands for.
enum GridLayout {
  /// Keys of the grid's sources and of its labels.
  static func probeKeys(_ grid: Project.Grid, of project: Project) -> [String] {
    grid.sources.compactMap { project.sources[$0].source.probeKey(canvas: project.canvas) }
  }
}
