import CSluice
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

/// A worker as the supervisor sees it. Used from the supervisor's thread.
final class WorkerHandle {
  /// What it was started as, or what it said that it is.
  let name: String
  let role: WorkerRole
  let process: any WorkerProcess
  /// Proves that it is the one that was started; 0: it attached by itself.
  let token: UInt64
  /// When it was started, or came.
  let started: UInt64
  /// Predecessors that it has had.
  let restarts: Int
  /// Filter that it was started for, or said that it is.
  var filter: FilterService
  /// nil until it has attached.
  var attachment: WorkerAttachment?
  /// Ends before it, without progress in between; work that it has finished since.
  var endsInRow = EndsInRow()
  var progress = 0
  var memory = PrivateMemory()
  /// It said READY: it takes work.
  var isReady = false
  /// Its death is seen by the loop.
  var isWatched = false
  /// Asked to go: it is not started again.
  var isLeaving = false
  /// Since when it is to end by itself: it was told to quit, or closed its connection.
  var isDismissedSince: UInt64?
  /// Started because `sluice attach` asked for it: its first start may fail without harm to the run.
  let isExtra: Bool
  /// What floods is ended.
  var flood = FloodGuard()
  /// Of a filter: how long it has been at one picture.
  var job = JobWatch()
  /// Why it is being ended by us.
  var killedFor: WorkerEnd?

  init(_ order: WorkerOrder, process: any WorkerProcess, token: UInt64, started: UInt64) {
    name = order.name
    role = order.role
    self.process = process
    self.token = token
    self.started = started
    restarts = order.restarts
    isExtra = order.isExtra
    endsInRow = order.endsInRow
    filter = FilterService(name: order.filter)
  }

  /// Started by us (also on `sluice attach`), or attached by itself.
  var isOurs: Bool { token != 0 }

  /// Number on the control bus; nil until it has attached.
  var index: Int? { attachment?.index }
  var lease: LeaseReader? { attachment?.lease }
  var connection: FileDescriptor? { attachment?.connection }

  /// "starting", "ready", "leaving" or "ending".
  var state: String { killedFor != nil ? "ending" : isLeaving ? "leaving" : isReady ? "ready" : "starting" }

  /// 2 of "decoder-2".
  var number: Int? { name.split(separator: "-").last.flatMap { Int($0) } }

  /// Ends it, for the first reason that is given.
  func kill(_ cause: WorkerEnd) {
    if killedFor == nil { killedFor = cause }
    process.signal(SIGKILL)
  }
}

/// What a filter worker serves.
struct FilterService: Equatable, Sendable {
  var name: String?
  /// Key of the filter's name in its HELLO; 0: any.
  var key: UInt64 = 0
}

/// Bytes of private memory: at the last sample, and at most.
struct PrivateMemory: Sendable {
  private(set) var now: UInt64 = 0
  private(set) var peak: UInt64 = 0

  mutating func note(_ bytes: UInt64) {
    now = bytes
    peak = max(peak, bytes)
  }
}

/// What a worker and the supervisor have in common once it has attached.
final class WorkerAttachment {
  /// Number on the control bus.
  let index: Int
  /// nil: it closed it.
  var connection: FileDescriptor?
  let lease: LeaseReader
  /// The logs that make messages certain; nil for a worker without that feature: its messages come by the bus alone.
  let link: MessageLink?
  var releases: ReleaseBook
  /// At the last look.
  var lastHeartbeat: UInt64 = 0

  init(index: Int, connection: FileDescriptor, lease: LeaseReader, link: MessageLink?, slotCount: Int) {
    self.index = index
    self.connection = connection
    self.lease = lease
    self.link = link
    releases = ReleaseBook(slots: slotCount)
  }
}

/// A worker that is to be started.
struct WorkerOrder: Sendable {
  var role: WorkerRole
  /// Of its name, among those of its role or filter.
  var number: Int
  /// Name of its filter, of a worker that a launch file starts.
  var filter: String?
  var isExtra = false
  /// Predecessors that it has had, and those of them that ended without progress in between.
  var restarts = 0
  var endsInRow = EndsInRow()

  var name: String { "\(filter ?? role.name)-\(number)" }
}

extension WorkerRole {
  /// Program of a role's workers that we start; a filter's is its user's.
  var program: String { "sluice-\(title)" }

  /// Takes frames or blocks, and writes; what it did is lost with it until it is written.
  var encodes: Bool {
    switch self {
    case .encoder, .soundEncoder: true
    case .decoder, .renderer, .audio, .filter: false
    }
  }

  /// Whether its workers get a ring to map: a decoder sees no frame but its own, and an encoder of sound no picture.
  func sees(_ ring: RingDescription) -> Bool {
    switch self {
    case .decoder, .audio: ring.fillRole == self
    case .soundEncoder: ring.fillRole == .audio
    case .renderer, .encoder, .filter: true
    }
  }

  /// Those of which `sluice attach` starts more.
  static let attachable: [WorkerRole] = [.decoder, .renderer, .encoder]
}
