import CSluice
import FrameModel
import SluiceBase
import SystemBase

/// What an OpenTimelineIO file becomes, and what there is to say about it.
public struct OTIOResult: Sendable {
  public var project: Project
  /// For every clip what will be shown, and for every object what has no meaning here; in the order of the file.
  public var notes: [OTIONote]
}

/// One line about one object of an OpenTimelineIO file.
public struct OTIONote: Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// What the output shows of it, and when.
    case shown
    /// It has no meaning here; the output is right without it.
    case ignored
    /// The output is not what the file asks for: media that is missing, a generator that nobody knows.
    case warning
  }
  public var kind: Kind
  /// `tracks[0].children[3]`; empty for the timeline itself.
  public var place: String
  /// The object's own name; may be empty.
  public var name: String
  public var text: String

  /// `tracks[0].children[3] "name": text`, on one line.
  public var description: String {
    var line = place.isEmpty ? "timeline" : place
    if !name.isEmpty { line += " \"\(name)\"" }
    return (line + ": " + text).printable
  }
}

/// Reads OpenTimelineIO's JSON (`.otio`). Times mean what they mean to the reference library, and every duration is the
/// same; what has no meaning here is in the notes. All errors of a file come at once. A picture that is missing is no
/// error: an edit that is nearly complete can be looked at, and the notes say exactly what is missing.
public enum OTIOReader {
  public static func read(path: String) throws(ProjectErrors) -> OTIOResult {
    try read(bytes: ProjectReader.load(path), path: path)
  }

  /// `path` names the bytes in errors; its folder is where relative media paths start.
  public static func read(bytes: [UInt8], path: String) throws(ProjectErrors) -> OTIOResult {
    try read(bytes: bytes, path: path, isNested: false)
  }

  /// `isNested`: inside another timeline, where nothing is what lies below. `exists` tells whether there is a file at an
  /// absolute path.
  static func read(
    bytes: [UInt8], path: String, isNested: Bool = false, exists: @escaping (String) -> Bool = { access($0, F_OK) == 0 }
  ) throws(ProjectErrors) -> OTIOResult {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.read(bytes)
    } catch {
      throw ProjectErrors(SluiceError(.badInput, error.what, at: "\(path):\(error.line):\(error.column)"))
    }
    let errors = ErrorCollector(file: path, bytes: bytes)
    let context = OTIOContext(errors: errors, folder: Folder.of(path), exists: exists)
    let project = OTIORoot(context: context, isNested: isNested).project(root)
    if let errors = errors.errors { throw errors }
    guard var project else { throw ProjectErrors(SluiceError(.badInput, "holds no timeline", at: path)) }
    project.path = path
    return OTIOResult(project: project, notes: context.notes)
  }
}

/// What is known and found while one file is read.
final class OTIOContext {
  let errors: ErrorCollector
  /// Where relative paths start.
  let folder: String
  private(set) var notes: [OTIONote] = []
  private let exists: (String) -> Bool
  private var known: [String: Bool] = [:]

  init(errors: ErrorCollector, folder: String, exists: @escaping (String) -> Bool) {
    self.errors = errors
    self.folder = folder
    self.exists = exists
  }

  func note(_ kind: OTIONote.Kind, _ object: OTIOObject, _ text: String) {
    note(kind, object.place, object.name, text)
  }

  func note(_ kind: OTIONote.Kind, _ place: String, _ name: String, _ text: String) {
    notes.append(OTIONote(kind: kind, place: place, name: name, text: text))
  }

  func isThere(_ path: String) -> Bool {
    if let answer = known[path] { return answer }
    let answer = !path.utf8.contains(0) && exists(path)
    known[path] = answer
    return answer
  }
}
