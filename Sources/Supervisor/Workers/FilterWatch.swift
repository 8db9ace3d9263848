import SluiceBase

/// Follows which filters pictures wait for although no worker serves them, and says when that has taken too long.
struct FilterWatch: Sendable {
  /// A filter that nobody serves.
  struct Missing: Sendable {
    var name: String
    /// A worker of its own is about to come.
    var isComing: Bool
    /// Seconds after which the run ends; nil: it waits for ever.
    var limitSeconds: Int?
  }

  enum Finding: Equatable, Sendable {
    /// The user is to be told, once.
    case waits(String)
    /// Nobody came within so many seconds.
    case nobodyCame(String, seconds: Int)
  }

  private var since: [String: UInt64] = [:]
  private var told: Set<String> = []
  /// Nanoseconds before the user is told.
  static let patience: UInt64 = 2_000_000_000

  mutating func look(_ missing: [Missing], now: UInt64) -> [Finding] {
    guard !missing.isEmpty || !since.isEmpty else { return [] }
    let names = Set(missing.map(\.name))
    since = since.filter { names.contains($0.key) }
    told.formIntersection(names)
    var findings: [Finding] = []
    for filter in missing {
      let begin = since[filter.name] ?? now
      since[filter.name] = begin
      if now - begin > Self.patience, !filter.isComing, told.insert(filter.name).inserted { findings.append(.waits(filter.name)) }
      if let limit = filter.limitSeconds, hasPassed(limit, since: begin, now: now) {
        findings.append(.nobodyCame(filter.name, seconds: limit))
      }
    }
    return findings
  }
}

extension FilterWatch.Finding {
  /// The run ends with it; nil: it goes on.
  func error(launchFile: String?) -> SluiceError? {
    guard case .nobodyCame(let name, let seconds) = self else { return nil }
    return SluiceError(
      .unavailable, "no worker came for filter \"\(name)\" in \(seconds) s",
      at: launchFile.map { "\($0): workers.filters.\(name)" } ?? "", advice: "attach one, or give it a longer \"waitSeconds\"")
  }

  /// For the user, while the run goes on.
  func words(socket: String) -> String {
    let name =
      switch self {
      case .waits(let name), .nobodyCame(let name, _): name
      }
    return
      "filter \"\(name)\" has no worker, the render waits for one: attach it with --socket \(socket) "
      + "--role filter --filter \(name), or name its command in the launch file (workers.filters.\(name))"
  }
}

/// How long a worker has been at the job that it has longest.
struct JobWatch: Sendable {
  private var current: (job: UInt32, since: UInt64)?

  /// - Parameter job: the job that it has longest; nil: it has none.
  /// - Returns: whether it has been at this one for more than `seconds`.
  mutating func isLate(job: UInt32?, seconds: Int, now: UInt64) -> Bool {
    guard let job else {
      current = nil
      return false
    }
    guard let current, current.job == job else {
      self.current = (job, now)
      return false
    }
    return hasPassed(seconds, since: current.since, now: now)
  }
}
