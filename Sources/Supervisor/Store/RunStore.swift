import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

#if canImport(Glibc)
import Glibc
#endif

/// What a run does with the store: takes from it what is there at its start, and puts in what it has rendered, on a thread of
/// its own. Used from the supervisor's thread.
final class RunStore {
  /// Nanoseconds for which the store's lock is waited for while the run goes on, and when nothing else is left to do.
  private static let lockPatience: UInt64 = 10_000_000_000
  private static let lastPatience: UInt64 = 1_500_000_000

  private let plan: PlanCopy
  private let store: SegmentStore
  private let keys: SegmentKeys
  private let sources: SourceBook
  private let queue = WorkQueue<Job>()
  private let state = Monitor(State())
  /// Becomes readable when the thread has done everything.
  private let ended = FileDescriptor(eventfd(0, Int32(EFD_CLOEXEC)))
  private var thread: WorkThread?
  private var known: [Int: SegmentKeys.Keyed?] = [:]

  private struct Job: Sendable {
    var segment: Segment
    var keyed: SegmentKeys.Keyed??
    var file: FileDescriptor
  }
  private struct State {
    var notes: [String] = []
    var told: Set<String> = []
    /// Found or stored by this run.
    var used: Set<SegmentKey> = []
    /// Nothing more is stored.
    var stopped = false
    /// Given to `keep`, not yet stored or passed over.
    var open = 0
    /// Since when the run waits for the end of it; 0: it does not.
    var finishing: UInt64 = 0
    func mayWait(since: UInt64) -> Bool {
      let now = sluice_now_ns()
      return now - since < RunStore.lockPatience && (finishing == 0 || now - min(now, finishing) < RunStore.lastPatience)
    }
  }

  /// nil where the store cannot be used; then `warning` has said why. Call it before a decoder opens a source: what changes
  /// after that is noticed.
  init?(
    _ settings: SegmentCache, plan: Plan, media: [String: MediaInfo], workerDirectory: String?, warning: (String) -> Void
  ) {
    do throws(SluiceError) {
      guard let directory = settings.directory ?? SegmentStore.standardDirectory(environment: System.environment) else {
        throw SluiceError(.cannotCreate, "there is no place for it: neither XDG_CACHE_HOME nor HOME is set", at: "--cache")
      }
      store = try SegmentStore(directory: directory, limit: settings.limit ?? SegmentStore.defaultLimit)
    } catch {
      warning("\(error.description); finished segments are not kept")
      return nil
    }
    guard let programs = ProgramIdentity.bytes(store: store.directory, workerDirectory: workerDirectory) else {
      warning("the worker programs do not say what they are made of; finished segments are not kept")
      return nil
    }
    guard let plan = PlanCopy(plan) else { return nil }
    self.plan = plan
    sources = SourceBook(plan: plan.view, media: media, workerDirectory: workerDirectory)
    if let path = sources.staleFile { warning("\(path): changes while it is used; what shows it is not kept") }
    keys = SegmentKeys(plan: plan.view, sources: sources, programs: programs)
  }

  /// The segments that are there, each read whole and found undamaged.
  func reusable(_ segments: [Segment], warning: (String) -> Void) -> [Int: FileDescriptor] {
    let names = store.names()
    if names.isEmpty { return [:] }
    let keyed = keys.keys(of: segments)
    for (segment, keyed) in zip(segments, keyed) { known[segment.index] = .some(keyed) }
    let store = store
    let wanted = zip(segments, keyed).compactMap { segment, keyed in
      keyed.flatMap { keyed in names[keyed.key].map { Wanted(segment: segment.index, key: keyed.key, names: $0) } }
    }
    let threads = max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)), wanted.count / 4))
    let found = Parallel.map(wanted, threads: threads) { (wanted: Wanted) -> (file: FileDescriptor?, damaged: Int) in
      var damaged = 0
      for name in wanted.names {
        switch store.open(name) {
        case .file(let file): return (file, damaged)
        case .damaged: damaged += 1
        case .nothing: break
        }
      }
      return (nil, damaged)
    }
    let damaged = found.reduce(0) { $0 + $1.damaged }
    if damaged > 0 {
      warning(
        "\(store.directory): \(damaged) damaged segment\(damaged == 1 ? " was" : "s were") removed; what is missing is rendered again"
      )
    }
    var files: [Int: FileDescriptor] = [:]
    for (wanted, result) in zip(wanted, found) {
      guard let file = result.file else { continue }
      files[wanted.segment] = file
      state.with { _ = $0.used.insert(wanted.key) }
    }
    return files
  }

  private struct Wanted: Sendable {
    var segment: Int
    var key: SegmentKey
    var names: [String]
  }

  /// Puts a finished segment in, some time after this returns.
  func keep(_ segment: Segment, _ file: FileDescriptor) {
    guard !state.with({ $0.stopped }) else { return }
    start()
    state.with { $0.open += 1 }
    queue.push(Job(segment: segment, keyed: known[segment.index], file: file))
  }

  /// Takes everything out again that the run has used or put in: what was joined of it was no good.
  func disown() {
    state.with { $0.stopped = true }
    _ = finish(milliseconds: 1000)
    for key in state.with({ $0.used }) { store.remove(key) }
  }

  /// From now on nothing is stored: what is rendered is not what the plan says.
  func stop() { state.with { $0.stopped = true } }

  /// Lines for the user since the last call.
  func takeNotes() -> [String] {
    state.with { state in
      defer { state.notes.removeAll() }
      return state.notes
    }
  }

  /// Waits until everything is stored and the store is as small as it must be, at most so long; true when it is.
  func finish(milliseconds: Int32) -> Bool {
    start()
    state.with { if $0.finishing == 0 { $0.finishing = sluice_now_ns() } }
    queue.close()
    var poller = pollfd(fd: ended.raw, events: Int16(POLLIN), revents: 0)
    return poll(&poller, 1, milliseconds) > 0
  }

  /// What is not stored yet is left, and said.
  func giveUp() {
    state.with { state in
      state.stopped = true
      guard state.open > 0 else { return }
      let parts = "\(state.open) finished segment\(state.open == 1 ? " is" : "s are")"
      state.notes.append("\(store.directory): takes too long to write to; \(parts) not kept")
    }
  }

  private func start() {
    guard thread == nil else { return }
    let (store, keys, sources, queue, state, ended) = (store, keys, sources, queue, state, ended)
    let plan = plan
    thread = WorkThread("store") {
      defer { withExtendedLifetime(plan) {} }
      while let job = queue.next() {
        let note = state.with({ $0.stopped }) ? nil : Self.store(job, store, keys, sources, state)
        state.with { state in
          state.open -= 1
          guard let note else { return }
          // One of a kind is enough.
          if state.told.insert(note.text).inserted { state.notes.append(note.text) }
          if note.isFinal { state.stopped = true }
        }
      }
      // A run that found everything has stored nothing; whoever holds the lock holds the store to a limit himself.
      try? store.trim(while: { false })
      eventfd_write(ended.raw, 1)
    }
  }

  /// What the user should know; nil: all is well.
  private static func store(
    _ job: Job, _ store: SegmentStore, _ keys: SegmentKeys, _ sources: SourceBook, _ state: Monitor<State>
  ) -> (text: String, isFinal: Bool)? {
    guard let keyed = job.keyed ?? keys.key(of: job.segment) else { return nil }
    if let path = sources.changed(keyed) {
      return ("\(path): changed while it was used; what shows it is not kept", false)
    }
    let since = sluice_now_ns()
    do throws(SystemError) {
      let kept = try store.keep(job.file, as: keyed.key) { state.with { $0.mayWait(since: since) } }
      if kept == .kept { state.with { _ = $0.used.insert(keyed.key) } }
      return nil
    } catch {
      if error.errno == EWOULDBLOCK {
        return ("\(store.directory): is locked by another program; finished segments are no longer kept", true)
      }
      return ("\(store.directory): \(error.reason); finished segments are no longer kept", true)
    }
  }
}

/// Where a run keeps finished segments.
public struct SegmentCache: Sendable {
  /// nil: `SegmentStore.standardDirectory`.
  public var directory: String?
  /// Bytes; nil: `SegmentStore.defaultLimit`.
  public var limit: UInt64?

  public init(directory: String? = nil, limit: UInt64? = nil) {
    self.directory = directory
    self.limit = limit
  }
}
