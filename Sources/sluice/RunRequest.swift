import CSluice
import CommandInterface
import FrameModel
import SluiceBase
import Supervisor
import SystemBase
import Timeline

#if canImport(Glibc)
import Glibc
#endif

/// What render, launch, grid and frame share: the options of a run, what is checked before work, and the one way from the
/// files that are named to a finished output.
struct RunRequest {
  private let invocation: Invocation
  private let settings: Settings
  private let launch: LaunchDescription
  private let launchFile: String?
  /// `-` for standard output; empty when an external encoder writes whatever it likes.
  private let output: String

  /// Loads the launch file, and checks what needs no project, so that it is told before anything is read.
  /// - Parameters:
  ///   - inputs: files that are named on the command line; none of them may be the output.
  ///   - launchFile: instead of the one that the options name.
  init(_ invocation: Invocation, reading inputs: [String], launchFile: String? = nil) throws(SluiceError) {
    self.invocation = invocation
    settings = invocation.settings
    self.launchFile = launchFile ?? settings.text(.launch)
    launch = try LaunchDescription.load(self.launchFile)
    let isExternal = settings.isSet(.encoderCommand) || launch.encoderCommand != nil
    guard let output = settings.text(.output) ?? (isExternal ? "" : nil) else {
      throw SluiceError(.usage, "no output is named", advice: "add -o OUT")
    }
    self.output = output
    invocation.console.speaksJSON = settings.text(.progress) == "json"
    try OptionChecks.check(settings)
    if output == "-" {
      try OptionChecks.checkStandardOutput(settings, isExternal: isExternal)
    } else if !output.isEmpty {
      try OutputFile.check(output, overwrite: settings.flag(.yes), inputs: inputs)
    }
    if let stats = settings.text(.stats), stats != "-" { try OutputFile.checkDirectory(of: stats) }
  }

  /// The run of a project that was read.
  func prepare(_ project: Project) throws -> RunConfiguration {
    let sources = project.sourcePaths()
    if output != "-" { try OutputFile.checkIsNoInput(output, sources) }
    return configuration(project, media: try Media.probe(sources, settings, launch, of: project))
  }

  /// The run of a project that is made of what probing finds. `sources`: probe keys.
  func prepare(_ sources: [String], project: ([String: MediaInfo]) throws -> Project) throws -> RunConfiguration {
    let media = try Media.probe(sources, settings, launch)
    return configuration(try project(media), media: media)
  }

  /// Renders and reports.
  func run(_ c: RunConfiguration, progress: String? = nil) throws(SluiceError) {
    let display = Console.display(progress ?? settings.text(.progress), rate: c.project.canvas.rate.double)
    let statistics: RunStatistics
    do throws(SluiceError) {
      statistics = try Run.run(c, observer: display)
    } catch {
      display.clear()
      throw error
    }
    display.finish(statistics, output: output == "-" ? "standard output" : output)
    if let path = settings.text(.stats) {
      let text = StatisticsJSON.of(statistics).pretty
      if path == "-" { try Console.print(text) } else { try OutputFile.write(text, to: path) }
    }
  }

  private func configuration(_ project: Project, media: [String: MediaInfo]) -> RunConfiguration {
    var c = RunConfiguration(project: project, output: output)
    c.overwrite = settings.flag(.yes)
    c.from = settings.time(.from)
    c.to = settings.time(.to)
    c.format = settings.text(.format)
    c.encoderCommand = settings.text(.encoderCommand)
    c.memory = settings.size(.memory)
    c.onError = settings.text(.onError).flatMap(RunConfiguration.OnError.init) ?? .fail
    c.launch = launch
    c.launchFile = launchFile
    c.workerDirectory = settings.text(.workerDirectory)
    c.media = media
    c.workers.decoders = settings.count(.decoders)
    c.workers.renderers = settings.count(.renderers)
    c.workers.encoders = settings.count(.encoders)
    setPictures(&c)
    setSound(&c)
    if !settings.flag(.noCache) {
      var store = StoreSettings()
      store.directory = settings.text(.cache)
      if let limit = settings.size(.cacheLimit) { store.limits.total = limit }
      c.store = store
    }
    return c
  }

  private func setPictures(_ c: inout RunConfiguration) {
    c.pictures.codec = settings.text(.codec)
    c.pictures.pixelFormat = settings.text(.pixelFormat)
    c.pictures.options =
      [Option.preset, .crf].compactMap { option in settings.text(option).map { .init(option.name, $0) } }
      + settings.assignments(.encoderOption)
  }

  private func setSound(_ c: inout RunConfiguration) {
    c.sound.isOff = settings.flag(.noAudio)
    c.sound.codec = settings.text(.audioCodec)
    c.sound.bitRate = settings.bitRate(.audioBitrate)
    c.sound.options = settings.assignments(.audioOption)
    if let channels = Project.Channels.allCases.first(where: { "\($0.count)" == settings.text(.channels) }) {
      c.project.channels = channels
    }
    if let rate = settings.count(.sampleRate) { c.project.sampleRate = rate }
    if let loudness = settings.decimal(.loudness) {
      c.project.output.audio = c.project.output.audio ?? Project.AudioOutput()
      c.project.output.audio?.loudness = loudness
    }
  }
}
