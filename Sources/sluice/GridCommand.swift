import CommandInterface
import SluiceBase
import Timeline

/// `sluice grid`.
enum GridCommand {
  static func run(_ invocation: Invocation) throws {
    let settings = invocation.settings
    let files = invocation.operands.map(SourcePath.absolute)
    let printOnly = settings.flag(.printProject)
    let request = printOnly ? nil : try RunRequest(invocation, inputs: files)
    var seen: Set<String> = []
    let media = try Media.probe(files.filter { seen.insert($0).inserted }, settings)
    let project = try GridBuilder.project(try options(files, settings), media: media)
    guard let request else { return try Console.print(ProjectWriter.json(project)) }
    try request.run(project, media: media, launchFile: nil)
  }

  private static func options(_ files: [String], _ settings: Settings) throws(SluiceError) -> GridOptions {
    var options = GridOptions(files: files)
    options.columns = settings.count(.columns)
    options.canvas = settings.canvas(.canvas)
    options.rate = settings.rate(.fps)
    if let gap = settings.count(.gap) { options.gap = gap }
    options.duration = settings.time(.duration)
    options.labels = settings.flag(.labels)
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
