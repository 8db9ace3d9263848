/// Which of the known names a mistyped one means.
public enum NearestName {
  /// Longer words are compared by their beginnings.
  private static let comparedLetters = 64

  /// The known name that `word` begins, or that is the fewest edits away, the first of several; case does not count. nil when
  /// more than a third of the letters, and more than two, would have to change.
  public static func of(_ word: String, in known: [String]) -> String? {
    guard !word.isEmpty else { return nil }
    let letters = letters(of: word)
    var best: (name: String, length: Int, distance: Int)?
    for name in known {
      let other = Self.letters(of: name)
      let isBeginning = letters.count > 1 && other.starts(with: letters)
      let distance = isBeginning ? min(1, other.count - letters.count) : edits(letters, other)
      if distance < best?.distance ?? .max { best = (name, other.count, distance) }
    }
    guard let best, best.distance <= max(2, letters.count / 3), best.distance < max(2, min(letters.count, best.length)) else {
      return nil
    }
    return best.name
  }

  /// `did you mean "width"?`, or the names that there are when none is near. `what`: what the names are of, in the plural.
  public static func advice(for word: String, among known: [String], what: String) -> String {
    if let nearest = of(word, in: known) { return "did you mean \"\(nearest)\"?" }
    if known.isEmpty { return "there are no \(what)" }
    return "known \(what): " + known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
  }

  private static func letters(of word: String) -> [UnicodeScalar] {
    Array(word.lowercased().unicodeScalars.prefix(comparedLetters))
  }

  /// Insertions, deletions, replacements and swaps of neighbours from one to the other (optimal string alignment).
  private static func edits(_ a: [UnicodeScalar], _ b: [UnicodeScalar]) -> Int {
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
