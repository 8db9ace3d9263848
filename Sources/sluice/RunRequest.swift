import CSluice
import CommandInterface
import FrameModel
import SluiceBase
import Supervisor
import Timeline

#if canImport(Glibc)
import Glibc
#endif

/// What render, grid and launch share: their options as a configuration, the checks before work, and the run itself.
struct RunRequest {
  let invocation: Invocation
  private let settings: Settings
  /// `-` for standard output; empty when an external encoder writes whatever it likes.
  let output: String
  /// An external encoder writes, by the command line or the launch file.
  private let isExternal: Bool

  /// Checks what needs no project. `inputs`: files that must not be the output.
  init(_ invocation: Invocation, inputs: [String], launchFile: String? = nil) throws(SluiceError) {
    self.invocation = invocation
    settings = invocation.settings
    let launch = try LaunchDescription.load(launchFile ?? invocation.settings.text(.launch))
    let external = settings.isSet(.encoderCommand) || launch.encoderCommand != nil
    isExternal = external
    guard let output = settings.text(.output) ?? (external ? "" : nil) else {
      throw SluiceError(.usage, "no output is named", advice: "add -o OUT")
    }
    self.output = output
    invocation.console.speaksJSON = settings.text(.progress) == "json"
    try checkChoices()
    if output == "-" {
      try checkStandardOutput()
    } else if !output.isEmpty {
      try OutputTarget.check(output, overwrite: settings.flag(.yes), inputs: inputs)
    }
    if let stats = settings.text(.stats), stats != "-" { try OutputTarget.checkDirectory(of: stats) }
  }

  private func checkChoices() throws(SluiceError) {
    if settings.text(.backend) == "egl" {
      throw SluiceError(
        .unavailable, "this build has no EGL backend yet", at: settings.place(.backend), advice: "use cpu or auto")
    }
    if settings.text(.stats) == "-", output == "-" {
      throw SluiceError(
        .usage, "standard output carries the output already", at: settings.place(.stats), advice: "name a file")
    }
    if let loudness = settings.decimal(.loudness), loudness < Rational(-70) || loudness > .zero {
      throw SluiceError(.usage, "must lie between -70 and 0", at: settings.place(.loudness), advice: "-14 and -23 are usual")
    }
    // A configuration file may set what only some runs use; a command line means what it says.
    func isTyped(_ option: Option) -> Bool { settings.isSet(option) && settings.place(option) == "--\(option.name)" }
    if settings.flag(.noAudio), isTyped(.noAudio),
      let other = [Option.audioCodec, .audioBitrate, .audioOption, .loudness].first(where: isTyped)
    {
      throw SluiceError(
        .usage, "there is no sound with --no-audio", at: settings.place(other), advice: "leave out one of them")
    }
    if let from = settings.time(.from), let to = settings.time(.to), case .seconds(let a) = from, case .seconds(let b) = to,
      a >= b
    {
      throw SluiceError(.usage, "is not after \(settings.place(.from)) \(from)", at: "\(settings.place(.to)) \(to)")
    }
  }

  private func checkStandardOutput() throws(SluiceError) {
    if settings.text(.format) == nil, !isExternal {
      throw SluiceError(
        .usage, "standard output needs a format", at: "-o -", advice: "add --format y4m, nut, rawvideo, mkv or wav")
    }
    guard sluice_is_writable(1) else {
      throw SluiceError(.cannotCreate, "is closed", at: "standard output", advice: "name a file with -o, or open it")
    }
    if isatty(1) == 1 {
      throw SluiceError(
        .usage, "standard output is a terminal", at: "-o -", advice: "send it into a program or file: | ffmpeg -i - …")
    }
  }

  /// Renders and reports. `media`: what probing found, by probe key.
  func run(_ project: Project, media: [String: MediaInfo], launchFile: String?) throws(SluiceError) {
    let c = configuration(project, media: media, launchFile: launchFile)
    let rate = project.canvas.rate.double
    let display = Console.display(settings.text(.progress), rate: rate)
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
      if path == "-" { try Console.print(text) } else { try OutputTarget.writeAtomically(text, to: path) }
    }
  }

  private func configuration(_ project: Project, media: [String: MediaInfo], launchFile: String?) -> RunConfiguration {
    var c = RunConfiguration(project: project, output: output)
    c.overwrite = settings.flag(.yes)
    c.from = settings.time(.from)
    c.to = settings.time(.to)
    c.codec = settings.text(.codec)
    c.format = settings.text(.format)
    c.pixelFormat = settings.text(.pixelFormat)
    c.encoderOptions =
      [Option.preset, .crf].compactMap { option in settings.text(option).map { .init(option.name, $0) } }
      + settings.assignments(.encoderOption)
    c.encoderCommand = settings.text(.encoderCommand)
    c.noAudio = settings.flag(.noAudio)
    c.audioCodec = settings.text(.audioCodec)
    c.audioBitRate = settings.bitRate(.audioBitrate)
    c.audioOptions = settings.assignments(.audioOption)
    if let channels = Project.Channels.allCases.first(where: { "\($0.count)" == settings.text(.channels) }) {
      c.project.channels = channels
    }
    if let rate = settings.count(.sampleRate) { c.project.sampleRate = rate }
    if let loudness = settings.decimal(.loudness) {
      c.project.output.audio = c.project.output.audio ?? Project.AudioOutput()
      c.project.output.audio?.loudness = loudness
    }
    if let memory = settings.size(.memory) { c.memory = memory }
    c.decoders = settings.count(.decoders)
    c.renderers = settings.count(.renderers)
    c.encoders = settings.count(.encoders)
    c.onError = settings.text(.onError).flatMap(RunConfiguration.OnError.init) ?? .fail
    c.launchFile = launchFile ?? settings.text(.launch)
    c.workerDirectory = settings.text(.workerDirectory)
    c.media = media
    if !settings.flag(.noCache) {
      c.cache = SegmentCache(directory: settings.text(.cache), limit: settings.size(.cacheLimit))
    }
    return c
  }
}

enum Media {
  /// What a reader of projects noted: what the output lacks, a line each; of what has no meaning here only how much.
  static func tell(_ notes: [OTIONote], _ path: String, _ console: Console) {
    for note in notes where note.kind == .warning { console.note("\(path): \(note)") }
    let ignored = notes.lazy.filter { $0.kind == .ignored }.count
    if ignored > 0 {
      console.note(
        "\(path): \(ignored) thing\(ignored == 1 ? " has" : "s have") no meaning here; sluice validate \(path) lists what")
    }
  }

  /// What the sources hold, by probe key. Every source that cannot be used is an error of its own.
  static func probe(
    _ keys: [String], _ settings: Settings, launchFile: String? = nil
  ) throws(Failures) -> [String: MediaInfo] {
    var media: [String: MediaInfo] = [:]
    var errors: [SluiceError] = []
    let launch: LaunchDescription
    do throws(SluiceError) {
      launch = try LaunchDescription.load(launchFile ?? settings.text(.launch))
    } catch {
      throw Failures(errors: [error])
    }
    let found = ProbeClient.probe(
      keys, workerDirectory: settings.text(.workerDirectory), limits: launch.decoder.limits,
      budget: settings.size(.memory) ?? launch.memory ?? ProbeClient.defaultBudget)
    for (key, result) in zip(keys, found) {
      switch result {
      case .success(let info): media[key] = info
      case .failure(let error): errors.append(error)
      }
    }
    if !errors.isEmpty { throw Failures(errors: errors) }
    return media
  }
}
