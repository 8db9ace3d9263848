import CSluice
import Plan
import SluiceBase
import SystemBase

extension LaunchDescription {
  /// Workers of one filter (`workers.filters.NAME`).
  public struct Filter: Sendable, Equatable {
    /// `count` nil: one where there is a command, else none.
    public var role = Role(credit: 2, nice: 3)
    /// Program and arguments; those that name a file beside the launch file are absolute. Empty: the workers attach by
    /// themselves.
    public var command: [String] = []
    /// Private memory that one of them takes, for the budget.
    public var memory: UInt64 = 64 << 20
    /// How long a render waits for a worker of this filter, seconds; nil: for ever.
    public var waitSeconds: Int? = nil

    public var count: Int { command.isEmpty ? 0 : role.count ?? 1 }
  }

  func role(of worker: WorkerHandle) -> Role {
    guard worker.role == .filter else { return role(worker.role) }
    return (worker.filter.name.flatMap { filters[$0] } ?? Filter()).role
  }

  /// Of all that the run starts by itself and the plan needs.
  func filterBytes(_ names: Set<String>) -> UInt64 {
    filters.reduce(0) { names.contains($1.key) ? $0 + $1.value.memory * UInt64($1.value.count) : $0 }
  }
}

extension LaunchReader {
  /// One of several words; returns it.
  func choice(_ value: JSONValue, _ place: String, _ words: [String]) throws(SluiceError) -> String {
    guard let word = value.string, words.contains(word) else {
      throw fail("must be " + words.map { "\"\($0)\"" }.joined(separator: " or "), at: value, place)
    }
    return word
  }

  /// null: our own encoder.
  func shellCommand(_ value: JSONValue) throws(SluiceError) -> String? {
    if value.isNull { return nil }
    guard let text = value.string, !text.isEmpty, !text.utf8.contains(0) else {
      throw fail("must be a command for the shell, or null", at: value, "encoderCommand")
    }
    return text
  }

  static let filterKeys =
    ["command", "count", "credit", "restarts", "deadlineSeconds", "nice", "memory", "waitSeconds"] + WorkerLimits.foreignKeys

  func filters(_ value: JSONValue, _ place: String) throws(SluiceError) -> [String: LaunchDescription.Filter] {
    guard let members = value.object else { throw fail("must be an object, not \(value.kind)", at: value, place) }
    var filters: [String: LaunchDescription.Filter] = [:]
    for member in members {
      guard WorkerEffect.isName(member.key) else {
        throw fail(
          "\"\(member.key.prefix(80))\" is not a filter's name", at: member.value, place,
          advice: "write 1 to \(WorkerEffect.maximumNameBytes) letters, digits, - and _")
      }
      filters[member.key] = try filter(member.value, "\(place).\(member.key)")
    }
    return filters
  }

  private func filter(_ value: JSONValue, _ place: String) throws(SluiceError) -> LaunchDescription.Filter {
    var filter = LaunchDescription.Filter()
    for member in try members(value, place, Self.filterKeys) {
      switch member.key {
      case "command": filter.command = try command(member.value, "\(place).command")
      case "memory":
        guard let text = member.value.string, let size = ByteSize.parse(text) else {
          throw fail("must be a size such as \"512MiB\"", at: member.value, "\(place).memory")
        }
        filter.memory = size
      case "waitSeconds": filter.waitSeconds = try integer(member.value, "\(place).waitSeconds", 1...86400)
      default: try set(member, place, &filter.role)
      }
    }
    return filter
  }

  /// A list of words; the program is looked for beside the launch file, then where the shell would.
  private func command(_ value: JSONValue, _ place: String) throws(SluiceError) -> [String] {
    guard let values = value.array, !values.isEmpty, values.count <= 1000 else {
      throw fail("must be a list of a program and its arguments", at: value, place)
    }
    var words: [String] = []
    for value in values {
      guard let word = value.string, !word.isEmpty || !words.isEmpty, !word.utf8.contains(0) else {
        throw fail("must be strings, the first of them a program", at: value, place)
      }
      words.append(beside(word) ?? word)
    }
    if words[0].contains("/") {
      guard access(words[0], X_OK) == 0 else {
        throw fail("\(words[0]): \(String(cString: strerror(sluice_errno())))", at: value, place, advice: "name a program")
      }
      return words
    }
    for folder in (System.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
      let path = folder + "/" + words[0]
      if access(path, X_OK) == 0 {
        words[0] = path
        return words
      }
    }
    throw fail(
      "\(words[0]): no such program", at: value, place, advice: "install it, or put it beside the launch file")
  }

  /// Absolute path of a file beside the launch file that the word names; nil: it names none.
  private func beside(_ word: String) -> String? {
    guard !word.hasPrefix("/"), !word.hasPrefix("-"), !word.isEmpty else { return nil }
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let folder = path.contains("/") ? path[...(path.lastIndex(of: "/") ?? path.startIndex)] : "./"
    guard realpath(folder + word, &buffer) != nil else { return nil }
    let found = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var info = stat()
    return stat(found, &info) == 0 && info.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) ? found : nil
  }
}
