import SluiceBase
import Supervisor
import Timeline

/// `sluice render` and `sluice launch`.
enum RenderCommand {
  static func run(_ invocation: Invocation, project path: String, launchFile: String? = nil) throws {
    let request = try RunRequest(invocation, inputs: [path], launchFile: launchFile)
    let read = try ProjectReader.readWithNotes(path: path)
    let project = read.project
    Media.tell(read.notes, path, invocation.console)
    let sources = project.sourcePaths()
    if request.output != "-", !request.output.isEmpty {
      try OutputTarget.check(request.output, overwrite: invocation.settings.flag(.yes), inputs: sources)
    }
    let media = try Media.probe(sources, invocation.settings, launchFile: launchFile)
    try request.run(project, media: media, launchFile: launchFile)
  }
}
