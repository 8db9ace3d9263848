import CSluice
import ContentStore
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What a run does with the store: takes from it what is there at its start, and puts in what it has rendered, on a thread of
/// its own. Used from the supervisor's thread.
final class RunStore {
  /// Nanoseconds for which the store's lock is waited for while the run goes on, and when nothing else is left to do.
  private static let lockPatience: UInt64 = 10_000_000_000
  private static let lastPatience: UInt64 = 1_500_000_000

  private let clock: MonotonicClock
  private let plan: PlanCopy
  private let store: Store
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
  private struct Used: Hashable {
    var kind: ContentKind
    var key: ContentKey
  }
  private struct State {
    var notes: [String] = []
    var told: Set<String> = []
    /// What this run has found there or put in, by segment.
    var used: [Int: Used] = [:]
    /// Nothing more is stored.
    var stopped = false
    /// Given to `keep`, not yet stored or passed over.
    var open = 0
    /// Since when the run waits for the end of it; 0: it does not.
    var finishing: UInt64 = 0
    func mayWait(since: UInt64, now: UInt64) -> Bool {
      now - since < RunStore.lockPatience && (finishing == 0 || now - min(now, finishing) < RunStore.lastPatience)
    }
  }

  /// nil where the store cannot be used; then `warning` has said why. Call it before a decoder opens a source: what changes
  /// after that is noticed.
  init?(
    _ settings: StoreSettings, plan: CompiledPlan, media: [String: MediaInfo], workerDirectory: String?,
    clock: MonotonicClock = .system,
    warning: (String) -> Void
  ) {
    self.clock = clock
    do throws(SluiceError) {
      store = try Self.open(settings, warning: warning)
    } catch {
      warning("\(error.description); finished segments are not kept")
      return nil
    }
    let names = settings.identity.names(remembering: store)
    guard let programs = ProgramIdentity.bytes(store: store, names: names, workerDirectory: workerDirectory) else {
      warning("the worker programs do not say what they are made of; finished segments are not kept")
      return nil
    }
    guard let plan = PlanCopy(plan) else { return nil }
    self.plan = plan
    sources = SourceBook(plan: plan.view, media: media, names: names, workerDirectory: workerDirectory)
    if let path = sources.staleFile { warning("\(path): changes while it is used; what shows it is not kept") }
    keys = SegmentKeys(plan: plan.view, sources: sources, programs: programs)
  }

  /// A directory that can be read but not written is used as it is.
  private static func open(_ settings: StoreSettings, warning: (String) -> Void) throws(SluiceError) -> Store {
    guard let directory = settings.directory ?? Store.standardDirectory(environment: System.environment) else {
      throw SluiceError(.cannotCreate, "there is no place for it: neither XDG_CACHE_HOME nor HOME is set", at: "--cache")
    }
    do throws(SluiceError) {
      return try Store(directory: directory, limits: settings.limits, access: settings.access)
    } catch {
      guard settings.access == .readWrite, let store = try? Store(directory: directory, access: .readOnly) else { throw error }
      warning("\(error.description); finished segments are used, and new ones are not kept")
      return store
    }
  }

  /// The segments that are there, each read whole and found undamaged.
  func reusable(_ segments: [Segment], warning: (String) -> Void) -> [Int: FileDescriptor] {
    var entries: [ContentKind: [ContentKey: [StoreEntry]]] = [:]
    for kind in Set(segments.map(\.kind)) { entries[kind] = store.index(of: kind) }
    if entries.allSatisfy({ $0.value.isEmpty }) { return [:] }
    let keyed = keys.keys(of: segments)
    for (segment, keyed) in zip(segments, keyed) { known[segment.index] = .some(keyed) }
    let store = store
    let wanted = zip(segments, keyed).compactMap { segment, keyed in
      keyed.flatMap { keyed in entries[segment.kind]?[keyed.key].map { Wanted(segment: segment.index, entries: $0) } }
    }
    let threads = max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)), wanted.count / 4))
    let found = Parallel.map(wanted, threads: threads) { (wanted: Wanted) -> (file: FileDescriptor?, damaged: Int) in
      var damaged = 0
      for entry in wanted.entries {
        switch store.open(entry) {
        case .file(let file): return (file, damaged)
        case .damaged: damaged += 1
        case .nothing: break
        }
      }
      return (nil, damaged)
    }
    let damaged = found.reduce(0) { $0 + $1.damaged }
    if damaged > 0 {
      let segments = "\(damaged) damaged segment\(damaged == 1 ? " was" : "s were")"
      warning(
        "\(store.directory): \(segments) \(store.access == .readOnly ? "found" : "removed"); what is missing is rendered again")
    }
    var files: [Int: FileDescriptor] = [:]
    for (wanted, result) in zip(wanted, found) {
      guard let file = result.file, let entry = wanted.entries.first else { continue }
      files[wanted.segment] = file
      state.with { $0.used[wanted.segment] = Used(kind: entry.kind, key: entry.key) }
    }
    return files
  }

  private struct Wanted: Sendable {
    var segment: Int
    var entries: [StoreEntry]
  }

  /// Puts a finished segment in, some time after this returns.
  func keep(_ segment: Segment, _ file: FileDescriptor) {
    guard store.access == .readWrite, !state.with({ $0.stopped }) else { return }
    start()
    state.with { $0.open += 1 }
    queue.push(Job(segment: segment, keyed: known[segment.index], file: file))
  }

  /// Where it lies.
  var directory: String { store.directory }

  /// How many of these are not there. Call it after `finish`: others may take them out at any time.
  func lacking(_ segments: [Segment]) -> Int {
    var there: [ContentKind: Set<ContentKey>] = [:]
    for kind in Set(segments.map(\.kind)) { there[kind] = Set(store.index(of: kind).keys) }
    let used = state.with { $0.used }
    return segments.count { used[$0.index].map { there[$0.kind]?.contains($0.key) != true } ?? true }
  }

  /// Takes everything out again that the run has used or put in: what was joined of it was no good.
  func disown() {
    state.with { $0.stopped = true }
    _ = finish(milliseconds: 1000)
    for used in Set(state.with { $0.used }.values) { store.remove(used.kind, used.key) }
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
    state.with { if $0.finishing == 0 { $0.finishing = clock.now } }
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
    let (store, keys, sources, queue, state, ended, clock) = (store, keys, sources, queue, state, ended, clock)
    let plan = plan
    thread = WorkThread("store") {
      defer { withExtendedLifetime(plan) {} }
      while let job = queue.next() {
        let note = state.with({ $0.stopped }) ? nil : Self.store(job, store, keys, sources, state, clock)
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
    _ job: Job, _ store: Store, _ keys: SegmentKeys, _ sources: SourceBook, _ state: Monitor<State>, _ clock: MonotonicClock
  ) -> (text: String, isFinal: Bool)? {
    guard let keyed = job.keyed ?? keys.key(of: job.segment) else { return nil }
    if let path = sources.changed(keyed) {
      return ("\(path): changed while it was used; what shows it is not kept", false)
    }
    let since = clock.now
    let kind = job.segment.kind
    do throws(SystemError) {
      let kept = try store.keep(job.file, kind, keyed.key) { state.with { $0.mayWait(since: since, now: clock.now) } }
      guard kept == .kept else { return nil }
      state.with { $0.used[job.segment.index] = Used(kind: kind, key: keyed.key) }
      return nil
    } catch {
      if error.errno == EWOULDBLOCK {
        return ("\(store.directory): is locked by another program; finished segments are no longer kept", true)
      }
      return ("\(store.directory): \(error.reason); finished segments are no longer kept", true)
    }
  }
}
