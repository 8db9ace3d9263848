import CSluice
import FrameModel
import SluiceBase
import Timeline

/// A run from a validated project to a finished output.
public enum Run {
  /// Probes, plans, starts workers, renders, and leaves nothing behind: no process, region, socket or half-written file,
  /// however it ends. Blocks the calling thread, on which the observer is told. SIGINT, SIGTERM and SIGHUP end the run.
  public static func run(_ configuration: RunConfiguration, observer: any RunObserver) throws(SluiceError) -> RunStatistics {
    var configuration = configuration
    let launch = try LaunchDescription.load(configuration.launchFile)
    configuration.encoderCommand = configuration.encoderCommand ?? launch.encoderCommand
    let prepared = try RunPreparation.prepare(configuration, launch, observer: observer)
    let engine = try RunEngine(prepared, configuration: configuration, observer: observer)
    return try engine.run()
  }
}

/// Everything that is decided before the first worker starts.
struct RunPreparation {
  var plan: Plan
  /// As probed, by probe key.
  var media: [String: MediaInfo]
  /// One encoder writes straight to the output in frame order: pipes, raw and live formats.
  var direct: Bool
  /// And another encoder can go on with it: raw pictures, one behind the other.
  var isContinuable: Bool
  var hasPictures: Bool
  var hasSound: Bool
  var launch: LaunchDescription
  var decoders: Int
  var renderers: Int
  var lanes: Int
  /// Bound on private plus shared memory of all processes, bytes.
  var memory: UInt64

  /// Every error but the last goes to the observer, so that all are seen.
  private static func compile(
    _ configuration: RunConfiguration, _ media: [String: MediaInfo], _ settings: OutputSettings, _ launch: LaunchDescription,
    _ observer: any RunObserver
  ) throws(SluiceError) -> Plan {
    do throws(ProjectErrors) {
      return try PlanCompiler.compile(
        configuration.project, media: media, from: configuration.from, to: configuration.to, settings: settings,
        decodeThreads: launch.decodeThreads)
    } catch {
      for first in error.errors.dropLast() { observer.error(first) }
      throw error.errors[error.errors.count - 1]
    }
  }

  static func prepare(
    _ configuration: RunConfiguration, _ launch: LaunchDescription, observer: any RunObserver
  ) throws(SluiceError) -> RunPreparation {
    var media = configuration.media
    let missing = configuration.project.sourcePaths().filter { media[$0] == nil }
    let memory = configuration.memory ?? launch.memory ?? ProbeClient.defaultBudget
    let found = ProbeClient.probe(
      missing, workerDirectory: configuration.workerDirectory, limits: launch.decoder.limits, budget: memory)
    for (path, result) in zip(missing, found) {
      media[path] = try result.get()
    }
    let choice = try OutputChoice(configuration, hasSound: configuration.project.hasSound(media: media))
    let settings = choice.settings
    if let note = choice.note { observer.warning(note) }
    let plan = try compile(configuration, media, settings, launch, observer)
    for warning in plan.warnings { observer.warning(warning) }
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let direct = OutputChoice.isDirect(settings, output: configuration.output, command: configuration.encoderCommand)
    guard direct || !launch.dropsOldest && !launch.isRealTime else {
      throw SluiceError(
        .badInput, "\"drop-oldest\" and \"realtime\" are for pipes, raw formats and encoder commands: a file takes every frame",
        at: configuration.launchFile ?? "", advice: "take launch/export.json5, or -o - with --format")
    }
    let shape = plan.withView { view in
      (
        frames: view.frameCount, streams: view.streamCount, lanes: MemoryPlan.usefulLanes(plan: view, cores: cores),
        sources: Set((0..<view.streamCount).map { view.stream($0).source }).count, hasSound: (view.soundFrames ?? 0) > 0
      )
    }
    let autoDecoders = launch.decoderPerSource ? min(shape.sources, 32) : max(1, min(shape.streams, cores / 2))
    let segments = Segment.cut(shape.frames).count
    let encoders = direct ? 1 : min(segments, configuration.encoders ?? launch.encoder.count ?? shape.lanes)
    let decoders = shape.streams == 0 ? 0 : configuration.decoders ?? launch.decoder.count ?? autoDecoders
    let renderers = configuration.renderers ?? launch.renderer.count ?? max(1, cores / 2)
    let filters = launch.filters.values.reduce(0) { $0 + $1.count }
    let workers = (settings.hasPictures ? decoders + renderers + max(1, encoders) + filters : 0) + (shape.hasSound ? 2 : 0)
    guard workers <= Scheduler.mostWorkers else {
      throw SluiceError(
        .usage,
        "\(decoders) decoders, \(renderers) renderers and \(max(1, encoders)) encoders\(filters > 0 ? " beside \(filters) filters" : "") are too many: a run has at most "
          + "\(Scheduler.mostWorkers) workers", at: configuration.launchFile ?? "",
        advice: "use fewer; two of a role for each core are plenty")
    }
    return RunPreparation(
      plan: plan, media: media, direct: direct,
      isContinuable: direct && OutputChoice.isContinuable(settings) && !launch.dropsOldest && !launch.isRealTime,
      hasPictures: settings.hasPictures, hasSound: shape.hasSound, launch: launch,
      decoders: decoders, renderers: renderers, lanes: max(1, encoders), memory: memory)
  }
}
