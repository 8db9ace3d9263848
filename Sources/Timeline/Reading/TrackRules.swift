import FrameModel

/// What the rules of a track need to know of a clip, in output frames.
struct TrackSpan {
  /// Place of the clip in the project, for errors.
  var place: String
  var first: Int64
  /// nil while the end is not known.
  var end: Int64?
  /// The frame at which the transition into the clip ends; `first` without one.
  var transitionEnd: Int64
  /// In seconds; nil: not known yet.
  var span: ClipSpan? = nil
  /// The same frames of the times just as they are written: what keeps to the rules in either way keeps to them.
  var written: (first: Int64, end: Int64?, transitionEnd: Int64)? = nil

  var hasTransition: Bool { transitionEnd > first }
}

/// The rules for the clips of one track, in frames. The parser checks what it can from the file alone, the plan compiler checks
/// everything.
///
/// Clips do not overlap, except that one may reach into the next as far as the next one's transition. A transition is not
/// longer than its clip, and there is one at a time.
enum TrackRules {
  struct Breach {
    /// Index of the span.
    var index: Int
    /// Of the clip, or its transition's duration.
    var place: String
    var text: String
    var advice: String
  }

  /// `spans` may be in any order. Breaches are returned in order of time.
  static func breaches(_ spans: [TrackSpan], _ grid: FrameGrid) -> [Breach] {
    let order = spans.indices.filter { spans[$0].end ?? .max > spans[$0].first }
      .sorted { (spans[$0].first, $0) < (spans[$1].first, $1) }
    var breaches: [Breach] = []
    for index in order {
      let span = spans[index]
      guard let end = span.end, span.transitionEnd > end else { continue }
      breaches.append(
        Breach(
          index: index, place: "\(span.place).transition.duration",
          text: "is longer than the clip: it ends at \(grid.text(span.transitionEnd)), the clip at \(grid.text(end))",
          advice: "make it shorter"))
    }
    var before: Int?
    for index in order where spans[index].end != nil {
      if let before, let breach = overlap(of: spans[before], with: spans[index], index, grid) { breaches.append(breach) }
      before = index
    }
    for (before, index) in zip(order, order.dropFirst()) {
      let earlier = spans[before], later = spans[index]
      guard later.hasTransition, earlier.transitionEnd > later.first else { continue }
      if let before = earlier.written, let after = later.written, before.transitionEnd <= after.first { continue }
      breaches.append(
        Breach(
          index: index, place: "\(later.place).transition",
          text:
            "starts at \(grid.text(later.first)), before that of \(earlier.place) ends at \(grid.text(earlier.transitionEnd))",
          advice: "make one of them shorter"))
    }
    return breaches
  }

  private static func overlap(of before: TrackSpan, with after: TrackSpan, _ index: Int, _ grid: FrameGrid) -> Breach? {
    guard let end = before.end, end > after.transitionEnd else { return nil }
    if let earlier = before.written, let later = after.written, let end = earlier.end, end <= later.transitionEnd { return nil }
    if !after.hasTransition, let span = before.span, let next = after.span, span.touches(next, within: grid.reach) { return nil }
    var text = Overlap.text(with: before.place, endsAt: end, startsAt: after.first, grid)
    if after.hasTransition { text += ", its transition ends at \(grid.text(after.transitionEnd))" }
    return Breach(
      index: index, place: after.place, text: text, advice: after.first == 0 ? Overlap.adviceAtZero : Overlap.advice)
  }
}

/// The texts for two clips of one track that overlap.
enum Overlap {
  static let adviceAtZero = "a clip without \"at\" starts at 0: give this one an \"at\", or move it to another track"
  static let advice = "give the earlier one a shorter \"duration\", or move one to another track"

  static func text(with other: String, endsAt end: Int64, startsAt start: Int64, _ grid: FrameGrid) -> String {
    "overlaps \(other): that clip ends at \(grid.text(end)), this one starts at \(grid.text(start))"
  }
}
