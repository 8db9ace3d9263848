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
    let operand = invocation.operands[0]
    try OutputTarget.check(output, overwrite: settings.flag(.yes), inputs: [operand])

    let media: [String: MediaInfo]
    var c: RunConfiguration
    if SourcePath.isProject(operand) {
      let read = try ProjectReader.readWithNotes(path: operand)
      let project = read.project
      Media.tell(read.notes, operand, invocation.console)
      media = try Media.probe(project.sourcePaths(), settings)
      let frame = number(settings, rate: project.canvas.rate)
      c = RunConfiguration(project: project, output: output)
      c.from = .frames(frame)
      c.to = .frames(frame + 1)
    } else {
      let key = SourcePath.key(operand)
      media = try Media.probe([key], settings)
      guard let info = media[key] else { throw SluiceError(.software, "probing said nothing", at: operand) }
      let position =
        settings.count(.number).map { FrameProject.Position.number(Int64($0)) } ?? .time(settings.time(.at) ?? .zero)
      c = RunConfiguration(project: try FrameProject.project(info, at: position), output: output)
    }
    let effects = c.project.output.effects
    c.project.output = Project.Output()
    c.project.output.effects = effects
    c.launchFile = settings.text(.launch)
    if let color = PictureFile.color(codec: codec) { c.project.canvas.color = color }
    c.codec = codec
    c.format = codec == "rawvideo" ? "rawvideo" : "image2pipe"
    c.overwrite = settings.flag(.yes)
    c.media = media
    if let memory = settings.size(.memory) { c.memory = memory }
    c.workerDirectory = settings.text(.workerDirectory)
    c.noAudio = true
    _ = try Run.run(c, observer: Console.display("none", rate: c.project.canvas.rate.double))
  }

  /// Output frame that is shown at the time, or has the number.
  private static func number(_ settings: Settings, rate: Rational) -> Int64 {
    if let number = settings.count(.number) { return Int64(number) }
    switch settings.time(.at) ?? .zero {
    case .frames(let count): return count
    case .seconds(let time): return (time * rate).floor
    }
  }
}
