import CommandLine
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
    guard let codec = OutputFormat.pictureCodec(path: output) else {
      throw SluiceError(.usage, "is no picture's name", at: output, advice: "let it end in \(OutputFormat.pictureEndings)")
    }
    let operand = invocation.operands[0]
    try OutputTarget.check(output, overwrite: settings.flag(.yes), inputs: [operand])

    var project: Project
    let media: [String: MediaInfo]
    var c: RunConfiguration
    if SourcePath.isProject(operand) {
      project = try ProjectReader.read(path: operand)
      media = try Media.probe(project.sourcePaths(), settings)
      let frame = try number(settings, rate: project.canvas.rate)
      c = RunConfiguration(project: project, output: output)
      c.from = .frames(frame)
      c.to = .frames(frame + 1)
    } else {
      let key = SourcePath.key(operand)
      media = try Media.probe([key], settings)
      guard let info = media[key] else { throw SluiceError(.software, "probing said nothing", at: operand) }
      project = try single(info, key: key, settings)
      c = RunConfiguration(project: project, output: output)
      c.to = .frames(1)
    }
    c.project.output = Project.Output()
    c.codec = codec
    c.format = "image2pipe"
    c.overwrite = settings.flag(.yes)
    c.media = media
    if let memory = settings.size(.memory) { c.memory = memory }
    c.workerDirectory = settings.text(.workerDirectory)
    _ = try Run.run(c, observer: ProgressDisplay(style: .none, rate: project.canvas.rate.double))
  }

  /// Output frame that is shown at the time, or has the number.
  private static func number(_ settings: Settings, rate: Rational) throws(SluiceError) -> Int64 {
    if let number = settings.count(.number) { return Int64(number) }
    switch settings.time(.at) ?? .zero {
    case .frames(let count): return count
    case .seconds(let time): return (time * rate).floor
    }
  }

  /// A project that shows one frame of a clip as it is: its own size, samples, colour and shape of pixels.
  private static func single(_ info: MediaInfo, key: String, _ settings: Settings) throws(SluiceError) -> Project {
    guard let video = info.video else {
      throw SluiceError(.badInput, "has no picture", at: info.path, advice: "name a video or an image")
    }
    let turned = video.rotation % 2 != 0
    let upright = video.rotation == 0 && !video.mirrored
    let rate = video.averageRate > .zero ? video.averageRate : video.nominalRate > .zero ? video.nominalRate : Rational(25)
    var project = Project(
      canvas: Canvas(
        width: turned ? video.height : video.width, height: turned ? video.width : video.height,
        format: upright ? video.format : .yuv420p, rate: rate, color: video.color,
        sampleAspect: turned ? Rational.one / video.sampleAspect : video.sampleAspect))
    let isGraph = key.hasPrefix("lavfi:")
    project.sources = [.init("source", isGraph ? .lavfi(String(key.dropFirst("lavfi:".count))) : .file(key))]
    var clip = Project.Clip(source: 0)
    clip.duration = .frames(1)
    clip.place.fit = .stretch
    if let number = settings.count(.number) {
      if let frames = video.frames, info.kind == .video, Int64(number) >= frames {
        throw SluiceError(.usage, "has no frame \(number)", at: info.path, advice: "its frames are 0 to \(frames - 1)")
      }
      clip.number = Int64(number)
    } else if let at = settings.time(.at) {
      if let duration = info.duration, info.kind == .video, at.resolve(fps: rate) >= duration {
        throw SluiceError(
          .usage, "has nothing at \(at)", at: info.path, advice: "it lasts \(Values.fixed(duration.double, 3)) seconds")
      }
      clip.in = at
    }
    project.tracks = [.init(clips: [clip])]
    return project
  }
}
