/// The name that somebody meant who wrote something else.
public enum NearestName {
  /// The nearest candidate, when it is near enough to be meant: a prefix of it, or few edits away.
  public static func of(_ word: String, in candidates: [String]) -> String? {
    guard !word.isEmpty else { return nil }
    let word = word.lowercased()
    var best: (name: String, distance: Int)?
    for name in candidates {
      let distance = name.hasPrefix(word) && word.count > 1 ? 1 : edits(Array(word.utf8), Array(name.utf8))
      if distance < best?.distance ?? .max { best = (name, distance) }
    }
    guard let best, best.distance <= max(2, word.count / 3), best.distance < max(word.count, 2) else { return nil }
    return best.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
  public static func edits<Letter: Equatable>(_ a: [Letter], _ b: [Letter]) -> Int {
    var before = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
        row.append(cost)
      }
      before = last
      last = row
    }
    return last[b.count]
  }
}
