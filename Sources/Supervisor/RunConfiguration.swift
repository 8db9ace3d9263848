import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// One run, as the command line or another program asks for it. A value; nil means "take the default named here".
public struct RunConfiguration: Sendable {
  public enum OnError: String, Sendable { case fail, hold }

  /// Overrides of the project's `output`; nil keeps its value, or what is usual in the container.
  public struct Pictures: Sendable {
    public var codec: String? = nil
    public var pixelFormat: String? = nil
    /// In order; `--preset` and `--crf` come in as options too.
    public var options: [OutputSettings.Option] = []
  }
  /// Overrides of the project's `output.audio`; nil keeps its value, or what is usual in the container.
  public struct Sound: Sendable {
    /// No sound, though there may be some.
    public var isOff = false
    public var codec: String? = nil
    /// Bits a second.
    public var bitRate: Int64? = nil
    /// In order.
    public var options: [OutputSettings.Option] = []
  }
  /// How many workers of each role; nil: what the launch file says.
  public struct WorkerCounts: Sendable {
    public var decoders: Int? = nil
    public var renderers: Int? = nil
    public var encoders: Int? = nil
  }

  /// Validated project (from a file, or made by `grid` and `frame`).
  public var project: Project
  /// Final name of the output; `-` is standard output.
  public var output: String
  public var overwrite = false
  /// Range of the timeline, in its own time; nil: from the start, to the end.
  public var from: TimeValue? = nil
  public var to: TimeValue? = nil
  /// Container or raw format; nil: the project's, or by the output's ending.
  public var format: String? = nil
  public var pictures = Pictures()
  public var sound = Sound()
  /// Command of an external encoder that reads the frames on its standard input; nil: what the launch file says, else our own
  /// encoder.
  public var encoderCommand: String? = nil
  /// Bound on private plus shared memory of all processes, bytes; nil: what the launch file says, else 1 GiB.
  public var memory: UInt64? = nil
  public var workers = WorkerCounts()
  public var onError = OnError.fail
  /// Where finished segments are kept and found; nil: nowhere.
  public var store: StoreSettings? = nil
  /// Which workers there are and how they are started.
  public var launch = LaunchDescription()
  /// The file that says so, for errors; nil: the built-in defaults.
  public var launchFile: String? = nil
  /// What probing has found already, by `Project.probeKey(of:)`; the run probes what is missing here.
  public var media: [String: MediaInfo] = [:]
  /// Where the worker programs lie; nil: beside this program, or ../libexec/sluice.
  public var workerDirectory: String? = nil

  public init(project: Project, output: String) {
    self.project = project
    self.output = output
  }
}

/// Told what happens during a run, on the thread that called `run`.
public protocol RunObserver: AnyObject {
  func progress(_ progress: RunProgress)
  /// One line for the user; the run goes on.
  func warning(_ text: String)
  /// One of several errors of a run that is about to end; the last one is thrown.
  func error(_ error: SluiceError)
}
