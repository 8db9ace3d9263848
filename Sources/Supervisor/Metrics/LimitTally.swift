/// Which stage a run waits for, counted by samples.
struct LimitTally: Sendable {
  private var counts: [String: Int] = [:]
  private var recent: [String] = []
  /// Samples that `now` looks back on.
  private static let window = 20

  mutating func note(_ stage: String) {
    guard !stage.isEmpty else { return }
    counts[stage, default: 0] += 1
    recent.append(stage)
    if recent.count > Self.window { recent.removeFirst() }
  }

  private static func most(_ counts: [String: Int]) -> String {
    counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
  }
  var overall: String { LimitTally.most(counts) }
  var now: String { LimitTally.most(Dictionary(recent.map { ($0, 1) }, uniquingKeysWith: +)) }
}
