import FrameModel
import Plan
import SluiceBase

/// A Transition: from `inOffset` before the cut it lies on to `outOffset` behind it.
struct OTIOTransition {
  let object: OTIOObject
  let inOffset: Rational
  let outOffset: Rational

  init(_ object: OTIOObject) {
    self.object = object
    func offset(_ key: String) -> Rational {
      guard let time = object.time(key)?.seconds else { return .zero }
      if time < .zero { object.fail(key, "must not be negative") }
      return max(.zero, time)
    }
    inOffset = offset("in_offset")
    outOffset = offset("out_offset")
    object.noteOthers(["in_offset", "out_offset", "transition_type", "enabled"])
  }
}

/// The items of one track one after the other, with the transitions between them.
///
/// Between two items the one that comes starts `inOffset` early, with that much more of its media, and the one that goes plays
/// on. Next to a gap, a disabled clip or the end of the track a clip fades in from nothing, or out into it.
struct OTIOJoints {
  private enum Element {
    case item(OTIOItem, at: Rational)
    case transition(OTIOTransition)
  }
  private let context: OTIOContext
  private let canvas: Canvas
  private let kind: Project.TrackKind
  private var elements: [Element] = []
  /// Where the next item starts.
  private(set) var end = Rational.zero
  private var clock: OTIOClock { OTIOClock(rate: canvas.rate) }

  init(context: OTIOContext, canvas: Canvas, kind: Project.TrackKind) {
    self.context = context
    self.canvas = canvas
    self.kind = kind
  }

  mutating func append(_ item: OTIOItem) {
    var item = item
    item.piece?.at = end
    elements.append(.item(item, at: end))
    end = clock.sum(end, item.duration)
  }

  mutating func append(_ transition: OTIOTransition) { elements.append(.transition(transition)) }

  /// As the reference library counts it: a transition before the first and one behind the last item lengthen the track.
  var extent: Rational {
    var extent = end
    if case .transition(let first)? = elements.first { extent = clock.sum(extent, first.inOffset) }
    if case .transition(let last)? = elements.last { extent = clock.sum(extent, last.outOffset) }
    return extent
  }

  func joined() -> [OTIOPiece] {
    var items = elements.map { element in if case .item(let item, _) = element { item } else { OTIOItem(duration: .zero) } }
    // Time at the start of each item that the transition before it uses.
    var headUsed = [Rational](repeating: .zero, count: items.count)
    for (index, element) in elements.enumerated() {
      guard case .transition(let transition) = element else { continue }
      let left = index > 0 && isItem(index - 1) ? index - 1 : nil
      let right = index + 1 < elements.count && isItem(index + 1) ? index + 1 : nil
      apply(transition, left, right, &items, &headUsed)
    }
    return items.compactMap(\.piece)
  }

  private func isItem(_ index: Int) -> Bool { if case .item = elements[index] { true } else { false } }

  private func apply(
    _ transition: OTIOTransition, _ left: Int?, _ right: Int?, _ items: inout [OTIOItem], _ headUsed: inout [Rational]
  ) {
    let object = transition.object
    let inLimit = left.map { clock.difference(items[$0].duration, headUsed[$0]) } ?? transition.inOffset
    let outLimit = right.map { items[$0].duration } ?? transition.outOffset
    let before = min(transition.inOffset, inLimit), after = min(transition.outOffset, outLimit)
    let length = clock.sum(before, after)
    if before < transition.inOffset || after < transition.outOffset {
      context.note(.warning, object, "is longer than what it lies between: shortened to \(DecimalText.text(length)) s")
    }
    if let right { headUsed[right] = after }
    guard length > .zero, transition.object.bool("enabled", otherwise: true) else {
      context.note(.ignored, object, length > .zero ? "is disabled: a cut" : "has no length: a cut")
      return
    }
    let goes = left.flatMap { items[$0].isShown ? $0 : nil }, comes = right.flatMap { items[$0].isShown ? $0 : nil }
    switch (goes, comes) {
    case (_?, let comes?):
      items[comes].piece?.extendHead(by: before, clock)
      items[comes].piece?.transition = kind(of: transition, length)
    case (nil, let comes?):
      if let left, before < inLimit || left == 0 {
        items[comes].piece?.extendHead(by: before, clock)
        items[comes].piece?.transition = kind(of: transition, length)
      } else if left != nil {
        // It would touch the clip before the gap, and come out of that one.
        noteFading(transition)
        items[comes].piece?.extendHead(by: before, clock)
        items[comes].piece?.fadeIn = (.zero, length)
      } else {
        // The part before the start of the track cannot be seen.
        noteFading(transition)
        if after > .zero { items[comes].piece?.fadeIn = (clock.quotient(before, length), after) }
      }
    case (let goes?, nil):
      noteFading(transition)
      items[goes].piece?.extendTail(by: after, clock)
      items[goes].piece?.fadeOut = length
    case (nil, nil):
      context.note(.ignored, object, "there is nothing on either side of it")
    }
  }

  private func kind(of transition: OTIOTransition, _ length: Rational) -> Project.Transition {
    let object = transition.object
    if let extras = object.extras,
      let own = OTIOExtras(context: context, canvas: canvas).transition(extras, of: object, duration: length)
    {
      return own
    }
    noteKind(transition)
    return Project.Transition(.dissolve, duration: .seconds(length))
  }

  private func noteKind(_ transition: OTIOTransition) {
    let type = transition.object.string("transition_type") ?? "SMPTE_Dissolve"
    if type != "SMPTE_Dissolve", kind != .audio, transition.object.extras == nil {
      context.note(.warning, transition.object, "the transition \"\(type.prefix(60))\" is shown as a dissolve")
    }
  }

  private func noteFading(_ transition: OTIOTransition) {
    noteKind(transition)
    if transition.object.extras != nil {
      context.note(.warning, transition.object, "its metadata.sluice only has a meaning between two clips: shown as a fade")
    }
  }
}
