import CSluice
import FrameModel
import Plan
import Scheduling
import SluiceBase
import Timeline

/// A run from a validated project to a finished output.
public enum Run {
  /// Probes what is not known yet, plans, starts workers, renders, and leaves nothing behind: no process, region, socket or
  /// half-written file, however it ends. Blocks the calling thread, on which the observer is told. SIGINT, SIGTERM and SIGHUP
  /// end the run.
  public static func run(_ configuration: RunConfiguration, observer: any RunObserver) throws(SluiceError) -> RunStatistics {
    var configuration = configuration
    configuration.encoderCommand = configuration.encoderCommand ?? configuration.launch.encoderCommand
    let prepared = try RunPreparation.prepare(configuration, observer: observer)
    let engine = try RunEngine(prepared, configuration: configuration, observer: observer)
    return try engine.run()
  }
}

/// Everything that is decided before the first worker starts.
struct RunPreparation {
  var plan: CompiledPlan
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

  static func prepare(
    _ configuration: RunConfiguration, observer: any RunObserver
  ) throws(SluiceError) -> RunPreparation {
    let launch = configuration.launch
    let probe = ProbeClient(launch, memory: configuration.memory, workerDirectory: configuration.workerDirectory)
    let media = try probed(configuration, probe, observer)
    let choice = try OutputChoice(configuration, hasSound: configuration.project.hasSound(media: media))
    if let note = choice.note { observer.warning(note) }
    let plan = try compile(configuration, media, choice.settings, observer)
    for warning in plan.warnings { observer.warning(warning) }
    let direct = OutputChoice.isDirect(choice.settings, output: configuration.output, command: configuration.encoderCommand)
    let isLive = launch.dropsOldest || launch.isRealTime
    guard direct || !isLive else {
      throw SluiceError(
        .badInput, "\"drop-oldest\" and \"realtime\" are for pipes, raw formats and encoder commands: a file takes every frame",
        at: configuration.launchFile ?? "", advice: "take launch/export.json5, or -o - with --format")
    }
    let hasSound = plan.withView { ($0.soundFrames ?? 0) > 0 }
    let counts = Counts(configuration, plan, isDirect: direct)
    let filters = launch.filters.values.reduce(0) { $0 + $1.count }
    let workers = (choice.settings.hasPictures ? counts.sum + filters : 0) + (hasSound ? 2 : 0)
    guard workers <= Scheduler.mostWorkers else { throw counts.tooMany(filters, at: configuration.launchFile ?? "") }
    return RunPreparation(
      plan: plan, media: media, direct: direct,
      isContinuable: direct && OutputChoice.isContinuable(choice.settings) && !isLive,
      hasPictures: choice.settings.hasPictures, hasSound: hasSound, launch: launch,
      decoders: counts.decoders, renderers: counts.renderers, lanes: counts.encoders, memory: probe.budget)
  }

  /// With what probing had found before. Every error but the last goes to the observer, so that all are seen.
  private static func probed(
    _ configuration: RunConfiguration, _ probe: ProbeClient, _ observer: any RunObserver
  ) throws(SluiceError) -> [String: MediaInfo] {
    let known = configuration.media
    let found = probe.media(configuration.project.sourcePaths().filter { known[$0] == nil })
    for failure in found.failures.dropLast() { observer.error(failure.error) }
    if let last = found.failures.last { throw last.error }
    return known.merging(found.media) { $1 }
  }

  /// Every error but the last goes to the observer, so that all are seen.
  private static func compile(
    _ configuration: RunConfiguration, _ media: [String: MediaInfo], _ settings: OutputSettings, _ observer: any RunObserver
  ) throws(SluiceError) -> CompiledPlan {
    do throws(ProjectErrors) {
      return try PlanCompiler.compile(
        configuration.project, media: media, from: configuration.from, to: configuration.to, settings: settings,
        decodeThreads: configuration.launch.decodeThreads)
    } catch {
      for first in error.errors.dropLast() { observer.error(first) }
      throw error.errors[error.errors.count - 1]
    }
  }

  /// Workers of each role: as asked for, else as the launch file says, else what suits the machine and the timeline.
  private struct Counts {
    var decoders: Int
    var renderers: Int
    var encoders: Int
    var sum: Int { decoders + renderers + encoders }

    init(_ configuration: RunConfiguration, _ plan: CompiledPlan, isDirect: Bool) {
      let launch = configuration.launch, asked = configuration.workers
      let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      let shape = plan.withView { view in
        (
          frames: view.frameCount, streams: view.streamCount, lanes: MemoryPlan.usefulLanes(plan: view, cores: cores),
          sources: Set((0..<view.streamCount).map { view.stream($0).source }).count
        )
      }
      let usual = launch.decoderPerSource ? min(shape.sources, 32) : max(1, min(shape.streams, cores / 2))
      decoders = shape.streams == 0 ? 0 : asked.decoders ?? launch.decoder.count ?? usual
      renderers = asked.renderers ?? launch.renderer.count ?? max(1, cores / 2)
      let segments = Segment.cut(shape.frames).count
      encoders = isDirect ? 1 : max(1, min(segments, asked.encoders ?? launch.encoder.count ?? shape.lanes))
    }

    func tooMany(_ filters: Int, at place: String) -> SluiceError {
      SluiceError(
        .usage,
        "\(decoders) decoders, \(renderers) renderers and \(encoders) encoders\(filters > 0 ? " beside \(filters) filters" : "") "
          + "are too many: a run has at most \(Scheduler.mostWorkers) workers", at: place,
        advice: "use fewer; two of a role for each core are plenty")
    }
  }
}
