import SluiceBase

/// What `sluice doctor` found out.
public struct DoctorReport: Sendable {
  public enum Status: String, Sendable {
    case ok, warn
    /// Something needed is missing.
    case fail
  }
  public struct Check: Sendable {
    public var name: String
    public var status: Status
    public var value: String
    /// What to do; empty when all is well.
    public var advice: String

    public init(_ name: String, _ status: Status, _ value: String, advice: String = "") {
      self.name = name
      self.status = status
      self.value = value
      self.advice = advice
    }
  }
  public var checks: [Check]
  /// Versions that each worker program tells, as it tells them.
  public var versions: [(program: String, versions: JSONValue)]

  public init(checks: [Check], versions: [(program: String, versions: JSONValue)]) {
    self.checks = checks
    self.versions = versions
  }

  public var failures: [Check] { checks.filter { $0.status == .fail } }

  public func text() -> String {
    let width = (checks.map(\.name.count).max() ?? 0) + 2
    return checks.map { check in
      let advice = check.advice.isEmpty || check.status == .ok ? "" : "; \(check.advice)"
      return HelpText.padded(check.status.rawValue, 6) + HelpText.padded(check.name, width) + (check.value + advice).printable
        + "\n"
    }.joined()
  }

  public func json() -> JSONValue {
    .object([
      "ok": .bool(failures.isEmpty),
      "sluice": .string(Command.programVersion),
      "checks": .array(
        checks.map {
          .object([
            "name": .string($0.name), "status": .string($0.status.rawValue), "value": .string($0.value),
            "advice": .string($0.advice),
          ])
        }),
      "programs": .object(versions.map { JSONMember($0.program, $0.versions) }),
    ])
  }
}
