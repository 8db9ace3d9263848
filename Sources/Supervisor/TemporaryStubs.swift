import FrameModel
import SluiceBase
import Timeline

public enum Run {
  public static func run(_ c: RunConfiguration, observer: any RunObserver) throws(SluiceError) -> RunStatistics {
    var progress = RunProgress()
    progress.totalFrames = 100
    observer.progress(progress)
    throw SluiceError(.unavailable, "no run yet")
  }
}
public enum ProbeClient {
  public static func probe(_ paths: [String], workerDirectory: String?) -> [Result<MediaInfo, SluiceError>] {
    paths.map { .failure(SluiceError(.noInput, "no such file", at: $0)) }
  }
}
public enum Leftovers { public static func sweep() -> Int { 0 } }
public enum WorkerPrograms {
  public static func find(_ name: String, directory: String?) throws(SluiceError) -> String {
    throw SluiceError(.unavailable, "not found", at: name)
  }
}
public enum HandoffBench {
  public static func run() throws(SluiceError) { throw SluiceError(.unavailable, "no bench yet") }
}
