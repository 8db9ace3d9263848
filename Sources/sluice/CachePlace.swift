import CSluice
import CommandInterface
import SluiceBase
import Supervisor

/// Where finished segments are kept, as options, environment and configuration say.
enum CachePlace {
  /// nil: neither XDG_CACHE_HOME nor HOME is set.
  static func directory(_ settings: Settings) -> String? {
    settings.text(.cache) ?? SegmentStore.standardDirectory(environment: System.environment)
  }

  static func check(_ settings: Settings) -> DoctorReport.Check {
    let name = "cache"
    guard let directory = directory(settings) else {
      return .init(name, .warn, "there is no place for it", advice: "set XDG_CACHE_HOME or give --cache")
    }
    let limit = settings.size(.cacheLimit) ?? SegmentStore.defaultLimit
    let bound = "at most \(Values.sizeText(limit))"
    guard access(directory, F_OK) == 0 else { return .init(name, .ok, "\(directory): empty, \(bound)") }
    do throws(SluiceError) {
      let entries = try SegmentStore(directory: directory, limit: limit).entries()
      let bytes = entries.reduce(0) { $0 + $1.bytes }
      let count = "\(entries.count) segment\(entries.count == 1 ? "" : "s")"
      return .init(name, .ok, "\(directory): \(Values.sizeText(bytes)) in \(count), \(bound)")
    } catch {
      return .init(name, .warn, error.description, advice: error.advice.isEmpty ? "give another with --cache" : "")
    }
  }
}
