import CommandInterface
import FrameModel
import SluiceBase
import Supervisor
import Timeline

/// `sluice grid`.
enum GridCommand {
  static func run(_ invocation: Invocation) throws {
    let settings = invocation.settings
    try SourcePath.check(invocation.operands)
    let files = invocation.operands.map(SourcePath.absolute)
    func project(_ media: [String: MediaInfo]) throws -> Project {
      try GridBuilder.project(try options(files, settings), media: media)
    }
    if settings.flag(.printProject) {
      let launch = try LaunchDescription.load(settings.text(.launch))
      return try Console.print(ProjectWriter.json(try project(try Media.probe(files, settings, launch))))
    }
    let request = try RunRequest(invocation, reading: files)
    try request.run(try request.prepare(files, project: project))
  }

  private static func options(_ files: [String], _ settings: Settings) throws(SluiceError) -> GridOptions {
    var options = GridOptions(files: files)
    options.columns = settings.count(.columns)
    options.canvas = settings.canvas(.canvas)
    options.rate = settings.rate(.fps)
    if let gap = settings.count(.gap) { options.gap = gap }
    options.duration = settings.time(.duration)
    options.labels = settings.flag(.labels)
    if let beyond = settings.text(.beyond).flatMap(Project.Beyond.init) { options.beyond = beyond }
    if let text = settings.text(.scroll) {
      guard let speed = Rate.parse(text.hasPrefix("-") ? String(text.dropFirst()) : text) else {
        throw SluiceError(
          .usage, "\(text) is not a speed above 0 and at most 1000 pixels a second", at: settings.place(.scroll),
          advice: "write 60, or -60 to scroll down")
      }
      options.scroll = (text.hasPrefix("-") ? .down : .up, speed)
    }
    return options
  }
}
