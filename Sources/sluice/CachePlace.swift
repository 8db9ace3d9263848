import CSluice
import CommandInterface
import ContentStore
import SluiceBase
import Supervisor
import SystemBase

/// Where finished segments are kept, as options, environment and configuration say.
enum CachePlace {
  /// nil: neither XDG_CACHE_HOME nor HOME is set.
  static func directory(_ settings: Settings) -> String? {
    settings.text(.cache) ?? Store.standardDirectory(environment: System.environment)
  }

  static func check(_ settings: Settings) -> DoctorReport.Check {
    let name = "cache"
    guard let directory = directory(settings) else {
      return .init(name, .warn, "there is no place for it", advice: "set XDG_CACHE_HOME or give --cache")
    }
    let limit = settings.size(.cacheLimit) ?? StoreLimits.standardTotal
    let bound = "at most \(Values.sizeText(limit))"
    guard access(directory, F_OK) == 0 else { return .init(name, .ok, "\(directory): empty, \(bound)") }
    do throws(SluiceError) {
      let index = StoreIndex(try Store(directory: directory, access: .readOnly).entries())
      return .init(name, .ok, "\(directory): \(Values.sizeText(index.bytes())) in \(count(index)), \(bound)")
    } catch {
      return .init(name, .warn, error.description, advice: error.advice.isEmpty ? "give another with --cache" : "")
    }
  }

  /// "4 segments": pieces of outputs, pictures or sound; what was found out about files is not counted.
  static func count(_ index: StoreIndex) -> String {
    let count = index.entries.count { $0.kind != .analysis }
    return "\(count) segment\(count == 1 ? "" : "s")"
  }
}
