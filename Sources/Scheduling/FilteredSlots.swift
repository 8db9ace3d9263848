/// Slots of the filter rings that are not free, by the place whose pictures they are for.
struct FilteredSlots: Sendable {
  private var places: [Int: FilterPlace] = [:]
  private var counts: [FilterPlace: Int] = [:]

  var isEmpty: Bool { places.isEmpty && counts.isEmpty }
  func count(_ place: FilterPlace) -> Int { counts[place] ?? 0 }

  /// How many slots of a place are so.
  func slots(of place: FilterPlace, where isSo: (Int) -> Bool) -> Int { places.count { $0.value == place && isSo($0.key) } }

  mutating func take(_ slot: Int, _ place: FilterPlace) {
    places[slot] = place
    counts[place, default: 0] += 1
  }

  /// The place that it was for.
  mutating func free(_ slot: Int) -> FilterPlace? {
    guard let place = places.removeValue(forKey: slot) else { return nil }
    let left = (counts[place] ?? 1) - 1
    counts[place] = left == 0 ? nil : left
    return place
  }
}
