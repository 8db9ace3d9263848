import CSluice
import ControlBus
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// Which filters pictures have been waiting for, without a worker that serves them, and what was said about it.
struct FilterWatch {
  /// Name to the time since when.
  var since: [String: UInt64] = [:]
  var said: Set<String> = []
  static let patience: UInt64 = 2_000_000_000
}

extension SchedulerSetup {
  /// Deaths of a filter's workers over one picture at which it is quarantined. Without restarts the first ends the run.
  mutating func countFilterDeaths(_ launch: LaunchDescription) {
    func deaths(_ filter: LaunchDescription.Filter) -> Int { filter.role.restarts == 0 ? .max : filter.role.restarts }
    filterDeaths = launch.filters.mapValues(deaths)
    defaultFilterDeaths = deaths(LaunchDescription.Filter())
  }
}

/// Filter workers: started by the launch file or attached from outside, and what they say.
extension RunEngine {
  /// Those that the launch file starts, of filters that the plan has.
  func startFilters() throws(SluiceError) {
    for (name, filter) in prepared.launch.filters.sorted(by: { $0.key < $1.key })
    where scheduler.hasFilter(WorkerEffect.key(of: name)) {
      for number in 0..<filter.count { try spawnFilter(name, number) }
    }
  }

  func spawnFilter(_ name: String, _ number: Int, restarts: Int = 0) throws(SluiceError) {
    guard let filter = prepared.launch.filters[name], let program = filter.command.first else { return }
    let token = sluice_random() | 1
    // What it prints must not get into an output that goes to standard output.
    let nothing = FileDescriptor(sluice_open("/dev/null", O_RDONLY | O_CLOEXEC, 0))
    let process = try ChildProcess(
      program, arguments: Array(filter.command.dropFirst()),
      environment: ["SLUICE_SOCKET": directory.attachSocket, "SLUICE_TOKEN": "\(token)", "SLUICE_FILTER": name],
      descriptors: [(nothing.raw, 0), (2, 1)])
    filter.role.limits.apply(to: process.pid, number: number, memoryLimit: filter.role.limits.memory)
    let worker = WorkerHandle(
      name: "\(name)-\(number)", role: SLUICE_ROLE_FILTER, process: process, token: token, restarts: restarts)
    worker.filter = name
    workers.append(worker)
  }

  /// Whether the run has the filter that a worker says it is; notes it.
  func admitsFilter(_ worker: WorkerHandle, _ hello: sluice_hello) -> Bool {
    let key = hello.filter != 0 ? hello.filter : worker.filter.map(WorkerEffect.key) ?? 0
    guard scheduler.hasFilter(key) else { return false }
    worker.serves = key
    if worker.filter == nil { worker.filter = scheduler.filterName(key) }
    return true
  }

  func filterReady(_ worker: WorkerHandle, _ index: Int) {
    scheduler.handle(
      .filterReady(index, serves: worker.serves, credit: prepared.launch.role(of: worker).credit))
  }

  func filterMessage(
    _ worker: Int, _ job: UInt32, _ filter: Int, _ stream: Int?, _ frame: Int64, _ input: (slot: Int, generation: UInt32),
    _ output: (slot: Int, generation: UInt32)
  ) -> Message {
    var message = Message(
      .filter, slot: UInt32(input.slot), generation: input.generation, frame: frame,
      stream: stream.map { UInt32($0) } ?? UInt32.max, job: job, arg: UInt64(filter))
    message.slot2 = UInt32(output.slot)
    message.generation2 = output.generation
    return message
  }

  /// What the leases say without a message.
  func rescanFilters(_ index: Int, _ lease: LeaseReader) {
    for job in scheduler.filterJobs(of: index) where lease.done(job.slot) == job.generation {
      scheduler.handle(.filtered(worker: index, job: job.job, slot: job.slot, generation: job.generation))
    }
  }

  /// Every tick: workers that do not come to an end with a picture, and filters that nobody serves.
  func watchFilters() throws(SluiceError) {
    let now = sluice_now_ns()
    for worker in workers where worker.role == SLUICE_ROLE_FILTER {
      guard let index = worker.index, let job = scheduler.filterJobs(of: index).first?.job else {
        worker.atFilterJob = nil
        continue
      }
      if worker.atFilterJob?.job != job { worker.atFilterJob = (job, now) }
      let seconds = prepared.launch.role(of: worker).deadlineSeconds
      if let at = worker.atFilterJob, now - at.since > UInt64(seconds) * 1_000_000_000, worker.killedFor == nil {
        kill(worker, "it was at one picture for \(seconds) s")
      }
    }
    let missing = scheduler.missingFilters
    filterWatch.since = filterWatch.since.filter { missing.contains($0.key) }
    filterWatch.said.formIntersection(missing)
    for name in missing {
      let since = filterWatch.since[name] ?? now
      filterWatch.since[name] = since
      // Its own workers are on their way.
      let isComing =
        workers.contains { $0.filter == name && $0.index == nil } || pendingRestarts.contains { $0.filter == name }
      if now - since > FilterWatch.patience, !isComing, filterWatch.said.insert(name).inserted {
        observer.warning(
          "filter \"\(name)\" has no worker, the render waits for one: attach it with --socket \(directory.attachSocket) "
            + "--role filter --filter \(name), or name its command in the launch file (workers.filters.\(name))")
      }
      if let limit = prepared.launch.filters[name]?.waitSeconds, now - since > UInt64(limit) * 1_000_000_000 {
        throw SluiceError(
          .unavailable, "no worker came for filter \"\(name)\" in \(limit) s",
          at: configuration.launchFile.map { "\($0): workers.filters.\(name)" } ?? "",
          advice: "attach one, or give it a longer \"waitSeconds\"")
      }
    }
  }
}
