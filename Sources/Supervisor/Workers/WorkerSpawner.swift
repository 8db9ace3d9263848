import CSluice
import SlotLedger
import SluiceBase
import SystemBase

/// Starts workers' processes. Tests have one that starts none.
protocol WorkerSpawner: AnyObject {
  /// - Parameter token: what it proves with, when it attaches, that it is the one that was started.
  func spawn(_ order: WorkerOrder, token: UInt64) throws(SluiceError) -> any WorkerProcess
}

/// Starts the programs of a launch description, each with its role's limits. Used from the supervisor's thread.
final class ProgramSpawner: WorkerSpawner {
  private let limits: MemoryLimits
  /// nil: beside this program.
  private let workerDirectory: String?
  private let attachSocket: String

  init(_ limits: MemoryLimits, workerDirectory: String?, attachSocket: String) {
    self.limits = limits
    self.workerDirectory = workerDirectory
    self.attachSocket = attachSocket
  }

  func spawn(_ order: WorkerOrder, token: UInt64) throws(SluiceError) -> any WorkerProcess {
    if let filter = order.filter { return try spawnFilter(filter, order, token) }
    let program = try WorkerPrograms.find(order.role.program, directory: workerDirectory)
    let role = limits.launch.role(order.role)
    let environment = role.limits.environment(budget: limits.budget).merging(environment(token)) { $1 }
    let process = try ChildProcess(program, arguments: [], environment: environment)
    role.limits.apply(to: process.pid, number: order.number, memoryLimit: limits.bytes(order.role))
    return process
  }

  private func spawnFilter(_ name: String, _ order: WorkerOrder, _ token: UInt64) throws(SluiceError) -> any WorkerProcess {
    guard let filter = limits.launch.filters[name], let program = filter.command.first else {
      throw SluiceError(.software, "the launch file starts no filter \"\(name)\"")
    }
    // What it prints must not get into an output that goes to standard output.
    let nothing = FileDescriptor(sluice_open("/dev/null", O_RDONLY | O_CLOEXEC, 0))
    let process = try ChildProcess(
      program, arguments: Array(filter.command.dropFirst()),
      environment: environment(token).merging(["SLUICE_FILTER": name]) { $1 }, descriptors: [(nothing.raw, 0), (2, 1)])
    withExtendedLifetime(nothing) {}
    filter.role.limits.apply(to: process.pid, number: order.number, memoryLimit: filter.role.limits.memory)
    return process
  }

  private func environment(_ token: UInt64) -> [String: String] {
    ["SLUICE_SOCKET": attachSocket, "SLUICE_TOKEN": "\(token)"]
  }
}
