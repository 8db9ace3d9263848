import CSluice
import SluiceBase
import SystemBase

/// Where a run hears from others: its directory with the sockets, who attaches, which worker has ended, and signals. Used from the
/// supervisor's thread.
struct RunPorts {
  let directory: RunDirectory
  let listener: AttachListener
  let commands: CommandServer
  let deaths: DeathWatch
  private let signals: FileDescriptor

  /// - Parameter signals: of signalfd(2).
  init(signals: FileDescriptor, clock: MonotonicClock) throws(SluiceError) {
    self.signals = signals
    directory = try RunDirectory()
    listener = try AttachListener(path: directory.attachSocket, clock: clock)
    commands = try CommandServer(path: directory.controlSocket, clock: clock)
    deaths = try DeathWatch()
  }

  /// From here on SIGINT, SIGTERM and SIGHUP do not end the process, but wait to be taken.
  static func signals() throws(SluiceError) -> FileDescriptor {
    let fd = sluice_signals()
    guard fd >= 0 else { throw SluiceError(.software, "signalfd: \(SystemError("signalfd").reason)") }
    return FileDescriptor(fd)
  }

  /// A signal ends the run.
  func watchSignals(in loop: EventLoop) {
    let signals = signals
    loop.watch(signals.raw) { () throws(SluiceError) in
      guard sluice_read_signal(signals.raw) != 0 else { return }
      throw SluiceError(.interrupted, "interrupted")
    }
  }

  /// - Parameters:
  ///   - pool: the workers; new ones are watched from the next wait on.
  ///   - died: called for each that has ended and is reaped.
  func watchDeaths(
    in loop: EventLoop, of pool: WorkerPool, _ died: @escaping (WorkerHandle) throws(SluiceError) -> Void
  ) {
    let deaths = deaths
    loop.watch(
      list: {
        for worker in pool.workers where !worker.isWatched { worker.isWatched = deaths.add(worker.process) }
        $0.append(deaths.watched)
      },
      { (_: ArraySlice<pollfd>) throws(SluiceError) in
        for worker in pool.workers where worker.process.hasEnded() {
          try died(worker)
          deaths.remove(worker.process)
        }
      })
  }

  /// - Parameter attach: called for each connection whose HELLO has come.
  func watchArrivals(in loop: EventLoop, of pool: WorkerPool, _ attach: @escaping (FileDescriptor) -> Void) {
    let listener = listener
    loop.watch(
      list: { $0.append(listener.watched) },
      { (_: ArraySlice<pollfd>) throws(SluiceError) in listener.accept(own: pool.workers.map(\.process.pid)) })
    watch(in: loop, { listener.waiting }, descriptor: { $0.raw }, attach)
  }

  /// Third parties' connections, on which nothing is to come any more.
  /// - Parameter spoke: called for each that has ended, or says what nobody asked for.
  func watchGuests(in loop: EventLoop, of pool: WorkerPool, _ spoke: @escaping (WorkerHandle) -> Void) {
    watch(
      in: loop, { pool.workers.filter { !$0.isOurs && $0.connection != nil } }, descriptor: { $0.connection?.raw ?? -1 }, spoke)
  }

  /// Watches a set that changes, by who was in it when the wait began.
  private func watch<Member>(
    in loop: EventLoop, _ members: @escaping () -> [Member], descriptor: @escaping (Member) -> Int32,
    _ handle: @escaping (Member) -> Void
  ) {
    var listed: [Member] = []
    loop.watch(
      list: { fds in
        listed = members()
        for member in listed { fds.append(pollfd(fd: descriptor(member), events: Int16(POLLIN), revents: 0)) }
      },
      { (polled: ArraySlice<pollfd>) throws(SluiceError) in
        for (member, state) in zip(listed, polled) where state.revents != 0 { handle(member) }
      })
  }

  /// Nobody who waits to attach is let in any more.
  func refuseAll() { for connection in listener.waiting { AttachListener.refuse(connection, .noRoom) } }
}
