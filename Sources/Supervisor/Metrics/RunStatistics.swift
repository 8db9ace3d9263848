import Scheduling
import SharedRing

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

/// Figures of a finished run: what was counted, as it was counted. What is told of them, and by which names, stands in `RunMetrics`.
public struct RunStatistics: Sendable {
  /// Sums of what the workers of a stage counted.
  public struct Stage: Sendable {
    private var counters: [StageCounter: UInt64] = [:]
    public init() {}

    public subscript(counter: StageCounter) -> UInt64 {
      get { counters[counter] ?? 0 }
      set { counters[counter] = newValue }
    }

    /// Of a counter of nanoseconds.
    func seconds(_ counter: StageCounter) -> Double { Double(self[counter]) / 1e9 }
  }

  public struct Stages: Sendable {
    public var decode = Stage()
    public var render = Stage()
    public var filter = Stage()
    public var encode = Stage()
    public var audio = Stage()
    public init() {}

    /// A counter of all stages together.
    func sum(_ counter: StageCounter) -> UInt64 {
      [decode, render, filter, encode, audio].reduce(0) { $0 &+ $1[counter] }  // may be nonsense
    }
  }

  public struct Slots: Sendable {
    public var total = 0
    public var peakInUse = 0
    /// Still in use at the end.
    public var leaked = 0
    public init() {}
  }

  public struct Segments: Sendable {
    public var rendered = 0
    /// Found in the store.
    public var reused = 0
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
    public var privateBytes: UInt64 = 0
    /// Frames that it finished.
    public var frames: UInt64 = 0
    /// "starting", "ready", "leaving" or "ending".
    public var state = ""
    public init() {}
  }

  public var run = ""
  public var frames: Int64 = 0
  public var wallSeconds = 0.0
  public var cpuSeconds = 0.0
  public var supervisorCPUSeconds = 0.0
  public var peakMemoryBytes: UInt64 = 0
  public var memoryBudgetBytes: UInt64 = 0
  public var slots = Slots()
  public var stages = Stages()
  /// What the scheduler counted.
  public var counts = Scheduler.Counts()
  /// nil: the run had no audio worker.
  public var audioProfile: AudioProfile? = nil
  /// The sound was found in the store.
  public var soundReused = false
  public var segments = Segments()
  public var restarts = 0
  public var limitedBy = ""
  public var outputBytes: UInt64 = 0
  public var workers: [Worker] = []
  public init() {}
}

/// The figures of a run at a moment: what the metrics are read from.
public struct RunFigures: Sendable {
  public var progress = RunProgress()
  public var statistics = RunStatistics()
  /// Output frames a second in real time; 0: not known.
  public var rate = 0.0
  public var currentMemoryBytes: UInt64 = 0
  public var lanes = 0

  public init(progress: RunProgress = RunProgress(), statistics: RunStatistics = RunStatistics(), rate: Double = 0) {
    self.progress = progress
    self.statistics = statistics
    self.rate = rate
  }
}
