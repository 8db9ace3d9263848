import CSluice
import SluiceBase

/// A project that was read, and what it holds.
struct ParsedProject {
  var project: Project
  /// The number of clips. Those of a nested timeline count as often as it is shown, because a few small files that name each other
  /// many times would be a very large project.
  var clips: Int

  static let maximumClips = 1_000_000
}

/// The files that are read for one project. Each is read once, and a file must not contain itself.
final class TimelineFiles {
  enum Answer {
    case project(ParsedProject)
    /// What is wrong with that file.
    case failed(ProjectErrors)
    /// The file failed before, and its errors were reported then.
    case failedBefore
    /// The file may not be named here; the text tells why.
    case refused(String, advice: String)
  }

  static let maximumDepth = 32
  private static let chainAdvice = "take one of these references out"

  /// The files that are being read, the outermost first.
  private var chain: [(path: String, identity: String)] = []
  /// What was read, by the identity of the file; nil for a file that failed.
  private var known: [String: ParsedProject?] = [:]

  /// Call them before and after a file is read.
  func enter(_ path: String) { chain.append((path, Self.identity(of: path))) }
  func leave() { chain.removeLast() }

  /// The timeline of a file that the innermost file names.
  func nested(_ path: String) -> Answer {
    let identity = Self.identity(of: path)
    if let start = chain.firstIndex(where: { $0.identity == identity }) {
      let circle = chain[start...].map(\.path) + [path]
      return .refused("goes in a circle: " + circle.joined(separator: " > "), advice: Self.chainAdvice)
    }
    if chain.count >= Self.maximumDepth {
      return .refused(
        "timelines nested deeper than \(Self.maximumDepth) files: \(chain[0].path) > … > \(path)", advice: Self.chainAdvice)
    }
    if let known = known[identity] { return known.map(Answer.project) ?? .failedBefore }
    do throws(ProjectErrors) {
      let parsed = try ProjectReader.readNested(path, self)
      known[identity] = .some(parsed)
      return .project(parsed)
    } catch {
      known[identity] = .some(nil)
      if error.code == .noInput, let first = error.errors.first, error.errors.count == 1 {
        return .refused(first.place.isEmpty ? first.what : "\(first.place): \(first.what)", advice: first.advice)
      }
      return .failed(error)
    }
  }

  /// An identity that is the same for all names of a file.
  private static func identity(of path: String) -> String {
    guard let raw = realpath(path, nil) else { return path }
    defer { free(raw) }
    return String(cString: raw)
  }
}
