import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// One run, as the command line or another program asks for it. A value; nil means "take the default named here".
public struct RunConfiguration: Sendable {
  public enum OnError: String, Sendable { case fail, hold }

  /// Validated project (from a file, or made by `grid` and `frame`).
  public var project: Project
  /// Final name of the output; `-` is standard output.
  public var output: String
  public var overwrite = false
  /// Range of the timeline, in its own time; nil: from the start, to the end.
  public var from: TimeValue? = nil
  public var to: TimeValue? = nil
  /// Overrides of the project's `output`; nil keeps the project's value or the default.
  public var codec: String? = nil
  public var format: String? = nil
  public var pixelFormat: String? = nil
  /// In order; `--preset` and `--crf` come in as options too.
  public var encoderOptions: [OutputSettings.Option] = []
  /// No sound, though there may be some.
  public var noAudio = false
  /// Overrides of the project's `output.audio`; nil keeps its value, or what is usual in the container.
  public var audioCodec: String? = nil
  /// Bits a second.
  public var audioBitRate: Int64? = nil
  /// In order.
  public var audioOptions: [OutputSettings.Option] = []
  /// Command of an external encoder that reads the frames on its standard input; nil: our own encoder.
  public var encoderCommand: String? = nil
  /// Bound on private plus shared memory of all processes, bytes; nil: what the launch file says, else 1 GiB.
  public var memory: UInt64? = nil
  /// nil: what the launch file says.
  public var decoders: Int? = nil
  public var renderers: Int? = nil
  public var encoders: Int? = nil
  public var onError = OnError.fail
  /// Where finished segments are kept and found; nil: nowhere.
  public var cache: SegmentCache? = nil
  /// nil: the built-in export launch description.
  public var launchFile: String? = nil
  /// What probing has found already, by `Project.Source.probeKey`; the run probes what is missing here.
  public var media: [String: MediaInfo] = [:]
  /// Where the worker programs lie; nil: beside this program, or ../libexec/sluice.
  public var workerDirectory: String? = nil

  public init(project: Project, output: String) {
    self.project = project
    self.output = output
  }
}

/// State of a run for a progress display; sent about ten times a second and once at the end.
public struct RunProgress: Sendable {
  public var frames: Int64 = 0
  public var totalFrames: Int64 = 0
  public var wallSeconds = 0.0
  public var fps = 0.0
  /// nil until it can be told.
  public var secondsLeft: Double? = nil
  /// Stage that limits: "decode", "render", "filter", "encode", "audio", "output"; empty until it can be told.
  public var limitedBy = ""
  public var memoryBytes: UInt64 = 0
  public init() {}
}

/// Told what happens during a run, on the thread that called `run`.
public protocol RunObserver: AnyObject {
  func progress(_ progress: RunProgress)
  /// One line for the user; the run goes on.
  func warning(_ text: String)
  /// One of several errors of a run that is about to end; the last one is thrown.
  func error(_ error: SluiceError)
}

/// Figures of a finished run; product.md's names are a contract for `--stats` (Supervisor/StatisticsJSON.swift).
public struct RunStatistics: Sendable {
  public struct Stage: Sendable {
    public var frames: UInt64 = 0
    public var busySeconds = 0.0
    public var blockedSeconds = 0.0
    public var directFrames: UInt64 = 0
    public var fallbackFrames: UInt64 = 0
    public var bypassedFrames: UInt64 = 0
    public var reusedFrames: UInt64 = 0
    public var damagedFrames: UInt64 = 0
    public init() {}
  }
  public struct Worker: Sendable {
    public var name = ""
    public var role = ""
    public var pid: Int32 = 0
    public var restarts = 0
    /// Started by the run, not attached by itself.
    public var isOurs = true
    public var peakPrivateBytes: UInt64 = 0
    public init() {}
  }
  public var run = ""
  public var frames: Int64 = 0
  public var wallSeconds = 0.0
  public var cpuSeconds = 0.0
  public var supervisorCPUSeconds = 0.0
  public var peakMemoryBytes: UInt64 = 0
  public var memoryBudgetBytes: UInt64 = 0
  public var bytesCopied: UInt64 = 0
  public var slotsTotal = 0
  public var slotsPeakInUse = 0
  public var slotsLeaked = 0
  public var buffersCreated: UInt64 = 0
  public var decode = Stage()
  public var render = Stage()
  public var filter = Stage()
  public var encode = Stage()
  public var audio = Stage()
  /// nil: the run had no audio worker.
  public var audioProfile: AudioProfile? = nil
  /// The sound was found in the store.
  public var soundReused = false
  public var segmentsRendered = 0
  public var segmentsReused = 0
  public var restarts = 0
  public var limitedBy = ""
  public var outputBytes: UInt64 = 0
  /// Finished frames that a live preview gave up, because nobody took them in time.
  public var droppedFrames: Int64 = 0
  public var streamsOpened = 0
  public var workers: [Worker] = []
  public init() {}
}
