import FrameModel
import SluiceBase
public struct ProjectErrors: Error { public var errors: [SluiceError] }
public enum ProjectReader {
  public static func read(path: String) throws(ProjectErrors) -> Project {
    throw ProjectErrors(errors: [SluiceError(.noInput, "no such file", at: path)])
  }
}
public struct GridOptions: Sendable {
  public var columns: Int? = nil, canvas: (width: Int, height: Int)? = nil, rate: Rational? = nil, gap = 0, duration: TimeValue? = nil
  public init(files: [String]) {}
}
public enum GridBuilder {
  public static func project(_ options: GridOptions, media: [String: MediaInfo]) throws(SluiceError) -> Project { throw SluiceError(.usage, "stub") }
}
public enum FrameProject {
  public enum Position { case time(TimeValue), number(Int64) }
  public static func project(_ info: MediaInfo, at position: Position) throws(SluiceError) -> Project { throw SluiceError(.usage, "stub") }
}
public enum ProjectWriter { public static func json(_ p: Project) -> String { "" } }
public enum PlanCompiler {
  public static func compile(_ project: Project, media: [String: MediaInfo], from: TimeValue?, to: TimeValue?, settings: OutputSettings, decodeThreads: Int) throws(SluiceError) -> Plan { throw SluiceError(.usage, "stub") }
}
