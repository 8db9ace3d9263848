import SluiceBase

/// Everything that is wrong with a project file, at once, in the order of the file. Each error's place is
/// `FILE:LINE:COLUMN: tracks[1].clips[3].place.width`.
public struct ProjectErrors: Error, Sendable, CustomStringConvertible {
  /// The errors, at least one.
  public let errors: [SluiceError]

  public init(_ first: SluiceError, _ rest: [SluiceError] = []) { errors = [first] + rest }

  public var code: ExitCode { errors.first?.code ?? .badInput }
  /// One line for each.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// Collects the errors of one file while it is read.
final class ErrorCollector {
  private let file: String
  private let bytes: [UInt8]
  /// `isPlaced`: the error is of another file, and its place is complete.
  private var found: [(offset: Int, error: SluiceError, isPlaced: Bool)] = []
  /// Further errors are only counted.
  private static let limit = 100
  private var uncounted = 0

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  /// `advice` is evaluated only when the error is kept, because finding a near name among many takes time.
  func add(_ what: String, at offset: Int, _ place: String, advice: @autoclosure () -> String = "") {
    guard found.count < Self.limit else {
      uncounted += 1
      return
    }
    found.append((offset, SluiceError(.badInput, what, at: place, advice: advice()), false))
  }

  /// The errors of another file, which is named at `offset` of this one.
  func add(_ others: ProjectErrors, at offset: Int) {
    let room = max(0, Self.limit - found.count)
    found += others.errors.prefix(room).map { (offset, $0, true) }
    uncounted += max(0, others.errors.count - room)
  }

  func notSupported(_ what: String, at offset: Int, _ place: String) {
    add("not supported yet: \(what)", at: offset, place)
  }

  /// nil when there are none.
  var errors: ProjectErrors? {
    var sorted = found.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }.map(\.element)
    guard !sorted.isEmpty else { return nil }
    for index in sorted.indices where !sorted[index].isPlaced {
      let (line, column) = JSONReader.position(of: sorted[index].offset, in: bytes)
      let place = sorted[index].error.place
      sorted[index].error.place = "\(file):\(line):\(column)" + (place.isEmpty ? "" : ": \(place)")
    }
    var rest = sorted.dropFirst().map(\.error)
    if uncounted > 0 { rest.append(SluiceError(.badInput, "and \(uncounted) more errors", at: file)) }
    return ProjectErrors(sorted[0].error, rest)
  }
}
