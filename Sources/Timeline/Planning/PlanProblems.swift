import FrameModel
import SluiceBase

/// What the compiler has to say: errors, all of them, and warnings. Also bounds the work that a small file can ask for.
final class PlanProblems {
  private(set) var errors: [SluiceError] = []
  private(set) var warnings: [String] = []
  private var uncounted = 0
  private var visits = 0
  static let limit = 100
  /// Clips that are drawn, counted as often as timelines within timelines repeat them.
  static let maximumVisits = 250_000

  /// Notes what `body` throws; nil then.
  func collect<T>(_ body: () throws(SluiceError) -> T) -> T? {
    do throws(SluiceError) {
      return try body()
    } catch {
      if errors.count < Self.limit { errors.append(error) } else { uncounted += 1 }
      return nil
    }
  }

  func warn(_ text: String) { if warnings.count < Self.limit { warnings.append(text) } }

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
