import CSluice
import SharedRing
import SluiceBase

/// A worker as the supervisor sees it.
final class WorkerHandle {
  let name: String
  let role: sluice_role
  let process: any WorkerProcess
  let token: UInt64
  /// Filter that it was started for, or said that it is.
  var filter: String? = nil
  /// An encoder that is for the sound alone.
  var isForSound = false
  /// Key of the filter's name in its HELLO; 0: any.
  var serves: UInt64 = 0
  /// Since when it is at the filter job that it has longest.
  var atFilterJob: (job: UInt32, since: UInt64)? = nil
  /// Number on the control bus; nil until it has attached.
  var index: Int? = nil
  var connection: FileDescriptor? = nil
  var lease: LeaseReader? = nil
  /// The logs that make messages certain; nil for a worker without that feature: its messages come by the bus alone.
  var link: MessageLink? = nil
  /// Releases of each slot that the ledger knows of.
  var seenReleases: [UInt32] = []
  /// Slots with a release that no message has told of, since when; and the heartbeat at the last look.
  var noticedReleases: [Int: UInt64] = [:]
  var lastHeartbeat: UInt64 = 0
  var restarts: Int
  /// Deaths in a row before it, without progress in between; work that it has finished since.
  var deathsInRow = 0
  var progress = 0
  var peakPrivateBytes: UInt64 = 0
  /// Bytes of private memory at the last sample.
  var privateBytes: UInt64 = 0
  let started = sluice_now_ns()
  /// Started by us (also on `sluice attach`), or attached by itself.
  var isOurs: Bool { token != 0 }
  /// It said READY: it takes work.
  var isReady = false
  /// Its death is seen by the loop.
  var isWatched = false
  /// Asked to go: it is not started again.
  var isLeaving = false
  /// When it was told to quit; 0: it was not.
  var dismissedAt: UInt64 = 0
  /// Started because `sluice attach` asked for it: its first start may fail without harm to the run.
  var isExtra = false
  /// Messages and lines since the last tick: what floods is ended.
  var traffic = Traffic()
  /// Why it is being ended by us.
  var killedFor: String? = nil

  init(name: String, role: sluice_role, process: any WorkerProcess, token: UInt64, restarts: Int) {
    self.name = name
    self.role = role
    self.process = process
    self.token = token
    self.restarts = restarts
  }

  /// One of the two that make the run's sound, of which there is one each.
  var isOfSound: Bool { isForSound || role == SLUICE_ROLE_AUDIO }
  /// Whether it could do the other's work: the encoder of the sound takes no pictures.
  func isColleague(of other: WorkerHandle) -> Bool { role == other.role && isForSound == other.isForSound }

  /// "decoder", "renderer", "encoder", "audio", "filter".
  static func title(_ role: sluice_role) -> String {
    role == SLUICE_ROLE_FILTER ? "filter" : String(program(role).dropFirst("sluice-".count))
  }

  /// 2 of "decoder-2".
  static func number(in name: String) -> Int? { name.split(separator: "-").last.flatMap { Int($0) } }

  static func program(_ role: sluice_role) -> String {
    switch role {
    case SLUICE_ROLE_DECODER: "sluice-decoder"
    case SLUICE_ROLE_RENDERER: "sluice-renderer"
    case SLUICE_ROLE_FILTER: "sluice-filter"
    case SLUICE_ROLE_AUDIO: "sluice-audio"
    default: "sluice-encoder"
    }
  }
}

/// Sums of the counters of workers, those that have ended included.
struct CounterSums {
  private var ended: [UInt32: [StageCounter: UInt64]] = [:]
  /// Of the audio worker that ended last.
  private(set) var audio: AudioProfile? = nil

  mutating func add(_ worker: WorkerHandle) {
    guard let lease = worker.lease else { return }
    if worker.role == SLUICE_ROLE_AUDIO { audio = lease.audioProfile }
    for counter in StageCounter.allCases {
      ended[worker.role.rawValue, default: [:]][counter, default: 0] &+= lease.value(counter)  // may be nonsense
    }
  }

  func value(_ counter: StageCounter, role: sluice_role, live: [WorkerHandle]) -> UInt64 {
    live.reduce(ended[role.rawValue]?[counter] ?? 0) { sum, worker in
      worker.role == role ? sum &+ (worker.lease?.value(counter) ?? 0) : sum
    }
  }
}
