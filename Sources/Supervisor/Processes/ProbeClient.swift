import CSluice
import FrameModel
import Scheduling
import SluiceBase
import SystemBase

/// Probes sources in a decoder program of its own: a file that brings it down is named, the others are still probed. A value; each
/// call blocks the calling thread.
public struct ProbeClient: Sendable {
  /// Bytes, where nothing else is said.
  public static let defaultBudget: UInt64 = 1 << 30
  /// Longest time that one source may take.
  private static let patienceMilliseconds: Int32 = 60_000

  /// Where the worker programs lie; see `RunConfiguration`.
  public var workerDirectory: String?
  /// Those of decoders; it is they who will read the files.
  public var limits = WorkerLimits()
  /// Bytes; a picture that alone takes more is refused before it is decoded.
  public var budget = defaultBudget

  public init(workerDirectory: String?) { self.workerDirectory = workerDirectory }

  /// As a run with this launch description probes. `memory`: the run's bound, bytes; nil: what the description says.
  public init(_ launch: LaunchDescription, memory: UInt64?, workerDirectory: String?) {
    self.workerDirectory = workerDirectory
    limits = launch.decoder.limits
    budget = memory ?? launch.memory ?? Self.defaultBudget
  }

  /// A source that cannot be used.
  public struct Failure: Error, Sendable {
    public var key: String
    public var error: SluiceError
  }

  /// What the sources hold, by key, and those that cannot be used, in order; what several have in common is said once.
  public func media(_ keys: [String]) -> (media: [String: MediaInfo], failures: [Failure]) {
    var media: [String: MediaInfo] = [:]
    var failures: [Failure] = []
    var told: Set<String> = []
    for (key, result) in zip(keys, probe(keys)) {
      switch result {
      case .success(let info): media[key] = info
      case .failure(let error):
        if told.insert(error.description).inserted { failures.append(Failure(key: key, error: error)) }
      }
    }
    return (media, failures)
  }

  /// Results are in the order of the keys: absolute paths, `lavfi:GRAPH`, or what else `SourceKey` reads. A key that is named
  /// several times is probed once. Several programs share many keys.
  public func probe(_ keys: [String]) -> [Result<MediaInfo, SluiceError>] {
    let unique = Self.unique(keys)
    let programs = max(1, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), unique.count / 2, 8))
    let parts = (0..<programs).map { part in
      Array(unique[unique.count * part / programs..<unique.count * (part + 1) / programs])
    }
    let results = Parallel.map(parts, threads: programs) { probeInTurn($0) }.flatMap { $0 }
    let byKey = Dictionary(uniqueKeysWithValues: zip(unique, results))
    return keys.compactMap { byKey[$0] }
  }

  /// In order of first appearance.
  private static func unique(_ keys: [String]) -> [String] {
    var seen: Set<String> = []
    return keys.filter { seen.insert($0).inserted }
  }

  private func probeInTurn(_ keys: [String]) -> [Result<MediaInfo, SluiceError>] {
    var results: [Result<MediaInfo, SluiceError>] = []
    var faults = ProbeFaults()
    while results.count < keys.count {
      let rest = Array(keys[results.count...])
      do throws(SluiceError) {
        let answer = try run(rest)
        results += answer.lines.map(Self.parse)
        guard answer.lines.count < rest.count else { continue }
        let end = answer.status.map {
          ProbeFaults.End.ended(WorkerEnd(status: $0, used: answer.peakBytes, limit: memoryLimit))
        }
        switch faults.take(end ?? .silent, gotOn: !answer.lines.isEmpty) {
        case .again(let pause): _ = poll(nil, 0, pause)
        case .fault(let reason):
          let key = rest[answer.lines.count]
          results.append(.failure(SluiceError(.badInput, reason, at: ProbeKey(key)?.source.place ?? key)))
        case .giveUp(let reason): throw SluiceError(.tryAgain, reason, advice: "look for what ends it, and run it again")
        }
      } catch {
        results += keys[results.count...].map { _ in .failure(error) }
      }
    }
    return results
  }

  private var memoryLimit: WorkerEnd.MemoryLimit {
    WorkerEnd.MemoryLimit(
      bytes: limits.memoryLimit(planned: 0, budget: budget), key: "workers.decoder.memoryLimit in a launch file, --memory")
  }

  /// Lines that the program answered, in order; fewer than keys when it ended or was silent for too long.
  private func run(_ keys: [String]) throws(SluiceError) -> ProgramAnswer {
    let program = try WorkerPrograms.find("sluice-decoder", directory: workerDirectory)
    // All keys are there before the first answer, because the program contains itself to them: in memory, so that neither
    // side can wait for the other.
    let question = FileDescriptor(sluice_memfd("paths"))
    guard (try? System.writeAll(question.raw, keys.joined(separator: "\0"))) != nil, lseek(question.raw, 0, SEEK_SET) == 0
    else { throw SluiceError(.unavailable, "memfd: \(SystemError("memfd_create").reason)") }
    return try ProgramAnswer.run(
      program, ["--probe"], environment: limits.environment(budget: budget), descriptors: [(question.raw, 0)],
      bounds: .init(limits: limits, memoryLimit: memoryLimit.bytes), wanted: keys.count, silence: Self.patienceMilliseconds)
  }

  /// A line is a `MediaInfo`, or `{"error": {"code": 66, "what": …, "place": …, "advice": …}}`.
  private static func parse(_ line: String) -> Result<MediaInfo, SluiceError> {
    guard let value = try? JSONReader.read(line) else {
      return .failure(SluiceError(.software, "the decoder's answer to a probe is not JSON"))
    }
    if let error = value["error"] {
      return .failure(SluiceError(json: error, code: .badInput, what: "cannot be read"))
    }
    guard let info = MediaInfo(value) else {
      return .failure(SluiceError(.software, "the decoder's answer to a probe is incomplete"))
    }
    return .success(info)
  }
}
