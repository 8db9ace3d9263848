import SluiceBase
import Synchronization
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Pulls a graph on the clock, as a sound device would, on the thread that calls `run`.
public final class RealtimeDriver {
  /// How the system schedules the rendering thread.
  public enum Scheduling: Sendable, Equatable {
    case fifo(priority: Int32)
    /// As any other thread, and why.
    case normal(reason: String)
  }

  /// Ends a `run` from another thread.
  public final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)
    public init() {}
    public func stop() { flag.store(true, ordering: .relaxed) }
    var isSet: Bool { flag.load(ordering: .relaxed) }
  }

  private let graph: AudioGraph
  private let profiler: RenderProfiler
  private let bufferFrames: Int
  private let stopSignal: StopSignal

  /// - Parameter bufferQuanta: what the device buffers, and so the latency: 8 are 21 ms at 48 kHz.
  public init(_ graph: AudioGraph, profiler: RenderProfiler, bufferQuanta: Int = 8, stop: StopSignal = StopSignal()) {
    self.graph = graph
    self.profiler = profiler
    bufferFrames = max(1, bufferQuanta) * Quantum.frames
    stopSignal = stop
  }

  /// Renders `quanta` quanta in real time and gives each to `sink`; between two of them `change` may change the graph. Asks for SCHED_FIFO,
  /// and says whether it got it.
  @discardableResult
  public func run(
    quanta: Int, sink: (RenderedQuantum) -> Void = { _ in }, change: (AudioGraph) throws(SluiceError) -> Void = { _ in }
  ) throws(SluiceError) -> Scheduling {
    try graph.prepare()
    let scheduling = Self.askForRealTime()
    defer { if case .fifo = scheduling { Self.giveUpRealTime() } }
    var device = NullDevice(sampleRate: graph.configuration.sampleRate, bufferFrames: bufferFrames, now: MonotonicClock.now)
    var compilations = -1
    for _ in 0..<quanta where !stopSignal.isSet {
      MonotonicClock.sleep(until: device.nextRoom)
      try change(graph)
      if compilations != graph.compilations {
        compilations = graph.compilations
        profiler.setPoolPressure(graph.poolPressure)
      }
      profiler.begin()
      let began = MonotonicClock.now
      try graph.renderQuantum(sink)
      let ended = MonotonicClock.now
      let (latency, underrun) = device.write(at: ended)
      profiler.end(nanoseconds: ended - began, latency: latency, underrun: underrun)
    }
    return scheduling
  }

  private static func askForRealTime() -> Scheduling {
    var parameters = sched_param()
    parameters.sched_priority = 10
    let code = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
    if code == 0 { return .fifo(priority: parameters.sched_priority) }
    return .normal(reason: "SCHED_FIFO is not permitted: \(SystemError("pthread_setschedparam", errno: code).reason)")
  }

  private static func giveUpRealTime() {
    var parameters = sched_param()
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameters)
  }
}

/// CLOCK_MONOTONIC in nanoseconds.
enum MonotonicClock {
  static var now: UInt64 { read(CLOCK_MONOTONIC) }
  /// CPU time of the calling thread.
  static var threadTime: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Until an absolute time; returns at once when it has passed.
  static func sleep(until deadline: UInt64) {
    var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
  }
}
