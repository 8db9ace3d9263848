import SluiceBase

/// Which of the known names a mistyped one means.
enum NearestName {
  /// `did you mean "width"?`, or the list of what there is when nothing is near.
  static func advice(for name: String, among known: [String], what: String) -> String {
    if let nearest = nearest(to: name, among: known) { return "did you mean \"\(nearest)\"?" }
    if known.isEmpty { return "there are no \(what)" }
    return "known \(what): " + known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
  }

  /// The known name with the smallest distance, the first of several; nil when more than a third of the letters (at
  /// least two) would have to change.
  static func nearest(to name: String, among known: [String]) -> String? {
    let letters = Array(name.lowercased().unicodeScalars.prefix(64))
    let best = known.map { (name: $0, distance: distance(letters, Array($0.lowercased().unicodeScalars.prefix(64)))) }
      .min { $0.distance < $1.distance }
    guard let best, best.distance <= max(2, letters.count / 3), best.distance < max(2, best.name.unicodeScalars.count) else {
      return nil
    }
    return best.name
  }

  /// Edits (insert, delete, replace, swap of neighbours) from one to the other: optimal string alignment.
  static func distance(_ a: [UnicodeScalar], _ b: [UnicodeScalar]) -> Int { SluiceBase.NearestName.edits(a, b) }
}
