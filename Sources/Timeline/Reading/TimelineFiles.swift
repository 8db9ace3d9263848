import CSluice
import SluiceBase

/// A project that was read, and what it holds.
struct ParsedProject {
  var project: Project
  /// Its clips, those of a nested timeline counted as often as it is shown: what a few small files that name each other
  /// many times would come to.
  var clips: Int

  static let maximumClips = 1_000_000
}

/// The files of one reading: each is read once, and none within itself.
final class TimelineFiles {
  enum Answer {
    case project(ParsedProject)
    /// What is wrong with that file.
    case failed(ProjectErrors)
    /// It failed before, and that was said.
    case failedBefore
    /// What is wrong with naming that file here.
    case refused(String, advice: String)
  }

  static let maximumDepth = 32
  private static let chainAdvice = "take one of these references out"

  /// Those that are being read, the outermost first.
  private var chain: [(path: String, identity: String)] = []
  /// nil: it failed.
  private var known: [String: ParsedProject?] = [:]

  /// Between `enter` and `leave` that file is being read.
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

  /// The same for all names of a file.
  private static func identity(of path: String) -> String {
    guard let raw = realpath(path, nil) else { return path }
    defer { free(raw) }
    return String(cString: raw)
  }
}
