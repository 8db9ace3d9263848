import SluiceBase
import Timeline

/// `sluice render` and `sluice launch`.
enum RenderCommand {
  static func run(_ invocation: Invocation, project path: String, launchFile: String? = nil) throws {
    let request = try RunRequest(invocation, reading: [path], launchFile: launchFile)
    try request.run(try request.prepare(try Media.project(path, invocation.console)))
  }
}
