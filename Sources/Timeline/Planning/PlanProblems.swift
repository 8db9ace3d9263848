import FrameModel
import SluiceBase

/// Collects the compiler's errors and warnings. It also limits the work that a small file can cause.
final class PlanProblems {
  private(set) var errors: [SluiceError] = []
  private(set) var warnings: [String] = []
  private var uncounted = 0
  private var visits = 0
  static let limit = 100
  /// Clips that are drawn. A clip in a nested timeline counts as often as the timeline is shown.
  static let maximumVisits = 250_000

  /// Returns the result of `body`. When it throws, the error is noted and the result is nil.
  func collect<T>(_ body: () throws(SluiceError) -> T) -> T? {
    do throws(SluiceError) {
      return try body()
    } catch {
      if errors.count < Self.limit { errors.append(error) } else { uncounted += 1 }
      return nil
    }
  }

  func warn(_ text: String) { if warnings.count < Self.limit { warnings.append(text) } }

  /// What is looked at several times.
  func warnOnce(_ text: String) { if !warnings.contains(text) { warn(text) } }

  func visit(_ place: String) throws(SluiceError) {
    visits += 1
    guard visits <= Self.maximumVisits else {
      throw SluiceError(
        .badInput, "timelines within timelines show more than \(Self.maximumVisits) clips", at: place,
        advice: "render the inner ones to files first")
    }
  }

  /// nil when there are none.
  var found: ProjectErrors? {
    guard let first = errors.first else { return nil }
    var rest = Array(errors.dropFirst())
    if uncounted > 0 { rest.append(SluiceError(.badInput, "and \(uncounted) more errors", at: first.place)) }
    return ProjectErrors(first, rest)
  }
}
