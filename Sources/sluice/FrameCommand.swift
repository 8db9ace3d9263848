import CommandInterface
import FrameModel
import SluiceBase
import Supervisor
import Timeline

/// `sluice frame`: a run of one output frame into a picture file.
enum FrameCommand {
  static func run(_ invocation: Invocation) throws {
    let settings = invocation.settings
    guard let output = settings.text(.output) else { throw SluiceError(.usage, "no output is named", advice: "add -o OUT.png") }
    guard settings.isSet(.at) != settings.isSet(.number) else {
      throw SluiceError(
        .usage, settings.isSet(.at) ? "--at and --number exclude each other" : "no frame is named",
        advice: "add --at T or --number N")
    }
    guard let codec = PictureFile.codec(path: output) else {
      throw SluiceError(.usage, "is no picture's name", at: output, advice: "let it end in \(PictureFile.endings)")
    }
    try SourcePath.check(invocation.operands)
    let request = try RunRequest(invocation, reading: invocation.operands)
    var c = try configuration(request, invocation.operands[0], invocation)
    let effects = c.project.output.effects
    c.project.output = Project.Output()
    c.project.output.effects = effects
    if let color = PictureFile.color(codec: codec) { c.project.canvas.color = color }
    c.pictures.codec = codec
    c.format = codec == "rawvideo" ? "rawvideo" : "image2pipe"
    c.sound.isOff = true
    c.store = nil
    try request.run(c, progress: "none")
  }

  /// Of a project the frame's range; of a source a project of one frame.
  private static func configuration(
    _ request: RunRequest, _ operand: String, _ invocation: Invocation
  ) throws -> RunConfiguration {
    let settings = invocation.settings
    if SourcePath.isProject(operand) {
      let project = try Media.project(operand, invocation.console)
      var c = try request.prepare(project)
      let frame =
        settings.count(.number).map { Int64($0) } ?? FrameProject.frame(at: settings.time(.at) ?? .zero, of: project)
      c.from = .frames(frame)
      c.to = .frames(frame + 1)
      return c
    }
    let key = SourcePath.key(operand)
    let position =
      settings.count(.number).map { FrameProject.Position.number(Int64($0)) } ?? .time(settings.time(.at) ?? .zero)
    return try request.prepare([key]) { media in
      guard let info = media[key] else { throw SluiceError(.software, "probing said nothing", at: operand) }
      return try FrameProject.project(info, at: position)
    }
  }
}
