import FrameModel
import SluiceBase
public struct ProjectErrors: Error { public var errors: [SluiceError] }
public enum ProjectReader {
  public static func read(path: String) throws(ProjectErrors) -> Project {
    throw ProjectErrors(errors: [SluiceError(.noInput, "no such file", at: path)])
  }
}
public struct GridOptions {
  public var columns: Int? = nil, width = 1920, height = 1080, rate = Rational(30), gap = 0, duration: TimeValue? = nil
  public init() {}
}
public enum GridBuilder {
  public static func build(_ m: [MediaInfo], options: GridOptions) throws(SluiceError) -> Project { throw SluiceError(.usage, "stub") }
}
public enum ProjectWriter { public static func text(_ p: Project) -> String { "" } }
public enum PlanCompiler {
  public static func compile(_ project: Project, media: [String: MediaInfo], from: TimeValue?, to: TimeValue?, settings: OutputSettings, decodeThreads: Int) throws(SluiceError) -> Plan { throw SluiceError(.usage, "stub") }
}
