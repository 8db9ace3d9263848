import CommandLine
import FrameModel
import SluiceBase
import Timeline

/// `sluice grid`.
enum GridCommand {
  static func run(_ invocation: Invocation) throws {
    let settings = invocation.settings
    let paths = invocation.operands.map(SourcePath.key)
    let printOnly = settings.flag(.printProject)
    let request = printOnly ? nil : try RunRequest(invocation, inputs: paths)
    let media = try Media.probe(unique(paths), settings)
    let project = try GridBuilder.build(paths.compactMap { media[$0] }, options: options(settings))
    guard let request else { return try Console.print(ProjectWriter.text(project)) }
    try request.run(project, media: media, launchFile: nil)
  }

  private static func options(_ settings: Settings) -> GridOptions {
    var options = GridOptions()
    options.columns = settings.count(.columns)
    if let canvas = settings.canvas(.canvas) { (options.width, options.height) = canvas }
    if let rate = settings.rate(.fps) { options.rate = rate }
    if let gap = settings.count(.gap) { options.gap = gap }
    options.duration = settings.time(.duration)
    return options
  }

  private static func unique(_ paths: [String]) -> [String] {
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }
  }
}
