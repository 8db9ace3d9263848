import CSluice
import FrameModel
import Plan
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Reads project files (JSON or JSON5). All errors of a file are reported at once.
public enum ProjectReader {
  /// Larger project files are refused; in bytes.
  public static let maximumBytes = 64 << 20

  /// Source paths are relative to the file's folder.
  public static func read(path: String) throws(ProjectErrors) -> Project {
    if isOpenTimelineIO(path) { return try OTIOReader.read(path: path).project }
    return try read(bytes: load(path), path: path)
  }

  /// The project, with the notes about an OpenTimelineIO file.
  public static func readWithNotes(path: String) throws(ProjectErrors) -> OTIOResult {
    if isOpenTimelineIO(path) { return try OTIOReader.read(path: path) }
    return OTIOResult(project: try read(path: path), notes: [])
  }

  /// `path` names the text in errors. Relative paths of sources start in its folder.
  public static func read(text: String, path: String) throws(ProjectErrors) -> Project {
    try read(bytes: Array(text.utf8), path: path)
  }

  /// Every input gives a project or errors, in time proportional to its length.
  public static func read(bytes: [UInt8], path: String) throws(ProjectErrors) -> Project {
    try parse(bytes, path, TimelineFiles(), isNested: false).project
  }

  /// Reads the timeline of a file that another file names.
  static func readNested(_ path: String, _ files: TimelineFiles) throws(ProjectErrors) -> ParsedProject {
    if isOpenTimelineIO(path) {
      let project = try OTIOReader.read(bytes: load(path), path: path, isNested: true).project
      return ParsedProject(project: project, clips: project.clipCount)
    }
    return try parse(load(path), path, files, isNested: true)
  }

  private static func isOpenTimelineIO(_ path: String) -> Bool { path.hasSuffix(".otio") }

  /// The bytes of a timeline's file.
  static func load(_ path: String) throws(ProjectErrors) -> [UInt8] {
    do throws(SystemError) {
      return try System.readFile(path, limit: maximumBytes)
    } catch {
      if let address = NetworkAddress(path) { throw ProjectErrors(address.refusedAsSource(at: path)) }
      if error.errno == EFBIG, let foreign = ForeignFile.error(path, start(of: path)) { throw ProjectErrors(foreign) }
      if error.errno == ENOENT || error.errno == ENOTDIR {
        throw ProjectErrors(SluiceError(.noInput, "no such project file", at: path, advice: "check the path"))
      }
      throw ProjectErrors(SluiceError(.noInput, "cannot be read: \(error.reason)", at: path))
    }
  }

  /// The first bytes of a file that is too large for a project.
  private static func start(of path: String) -> [UInt8] {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return [] }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(fd, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  private static func parse(_ bytes: [UInt8], _ path: String, _ files: TimelineFiles, isNested: Bool) throws(ProjectErrors)
    -> ParsedProject
  {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.read(bytes)
    } catch {
      throw ProjectErrors(
        ForeignFile.error(path, bytes) ?? SluiceError(.badInput, error.what, at: "\(path):\(error.line):\(error.column)"))
    }
    files.enter(path)
    defer { files.leave() }
    let errors = ErrorCollector(file: path, bytes: bytes)
    var start = Project(canvas: Canvas(width: 1920, height: 1080))
    if isNested { start.canvas.background = .clear }
    var parsed = ProjectParser(errors: errors, folder: Folder.of(path), files: files, isNested: isNested)
      .project(root, "", startingWith: start)
    if let errors = errors.errors { throw errors }
    parsed.project.path = path
    return parsed
  }
}

/// Paths as text.
enum Folder {
  /// Absolute folder of a file.
  static func of(_ path: String) -> String {
    let absolute = absolute(path, in: current)
    guard let slash = absolute.lastIndex(of: "/") else { return current }
    return slash == absolute.startIndex ? "/" : String(absolute[..<slash])
  }

  static func absolute(_ path: String, in folder: String) -> String {
    if path.hasPrefix("/") { return path }
    var path = Substring(path)
    while path.hasPrefix("./") { path = path.dropFirst(2) }
    return folder.hasSuffix("/") ? folder + path : folder + "/" + path
  }

  static var current: String {
    guard let raw = getcwd(nil, 0) else { return "/" }
    defer { free(raw) }
    return String(cString: raw)
  }
}
