import CSchema
import FrameModel

// The values of what moves, at one frame. Pure. The bits are the same on every machine: only +, -, * and / of doubles are used.

/// A number of a plan that may change over time.
struct PlanValue {
  let record: sluice_plan_value
  let keys: (Int) -> sluice_plan_key

  /// `time` in seconds of the clip.
  func at(_ time: ClipTime) -> Double {
    guard record.key_count > 0 else { return record.constant }
    // Finds the first key after the time.
    var low = 0, high = Int(record.key_count)
    while low < high {
      let middle = (low + high) / 2
      if time.reaches(key(middle).time.value) { low = middle + 1 } else { high = middle }
    }
    if low == 0 { return key(0).value }
    let before = key(low - 1)
    guard low < Int(record.key_count) else { return before.value }
    let after = key(low)
    let start = before.time.value.double, end = after.time.value.double
    let progress = after.easing.progress(min(max((time.seconds - start) / (end - start), 0), 1))
    return before.value + (after.value - before.value) * progress
  }

  private func key(_ index: Int) -> sluice_plan_key { keys(Int(record.first_key) + index) }
}

extension sluice_plan_key {
  var easing: Ease {
    switch ease {
    case SLUICE_EASE_HOLD.rawValue: .hold
    case SLUICE_EASE_BEZIER.rawValue: .bezier(x1: x1, y1: y1, x2: x2, y2: y2)
    default: .linear
    }
  }
}

/// Seconds of a clip, exact where they fit.
struct ClipTime {
  let exact: Rational?
  let seconds: Double

  /// The time of an output frame: offset + speed * frame / rate.
  init(frame: Int64, rate: Rational, offset: Rational, speed: Rational) {
    exact = Rational(reducing: Int128(frame) * Int128(rate.den), Int128(rate.num)).flatMap { $0.multiplied(by: speed) }
      .flatMap(offset.adding)
    seconds = exact?.double ?? offset.double + Double(frame) / rate.double * speed.double
  }

  init(_ exact: Rational) {
    self.exact = exact
    seconds = exact.double
  }

  func reaches(_ time: Rational) -> Bool {
    if let exact { exact >= time } else { seconds >= time.double }
  }
}

/// Where a motion puts its picture at one frame.
struct PlanMotion {
  let record: sluice_plan_motion
  let time: ClipTime
  let keys: (Int) -> sluice_plan_key

  private func value(_ value: sluice_plan_value) -> PlanValue { PlanValue(record: value, keys: keys) }
  private func box(_ values: (sluice_plan_value, sluice_plan_value, sluice_plan_value, sluice_plan_value)) -> Rect {
    func at(_ number: sluice_plan_value) -> Double { value(number).at(time) }
    return Rect(x: at(values.0), y: at(values.1), width: max(at(values.2), 0), height: max(at(values.3), 0))
  }

  var rotation: Double { value(record.rotation).at(time) }
  var opacity: Double { min(max(value(record.opacity).at(time), 0), 1) }

  /// The picture's place on the canvas on which it lies, not yet on whole pixels; nil when nothing of it shows.
  var placed: Placed? {
    let picture = Rect(x: 0, y: 0, width: record.width, height: record.height)
    let crop = box(record.crop).intersection(picture)
    let box = box(record.place)
    guard !crop.isEmpty, !box.isEmpty else { return nil }
    let fit = Fit(planValue: record.fit)
    return Fitting(width: record.width, height: record.height, aspect: record.aspect).place(crop: crop, box: box, fit: fit)
  }
}

/// What stays constant in a motion.
struct MotionConstancy {
  /// The size. A constant size is made one of whole pixels, so that a still is scaled once.
  var size: Bool
  /// Size and place. A constant place is put on whole pixels, as for a picture without a motion.
  var place: Bool

  init(_ record: sluice_plan_motion, parent: MotionConstancy?) {
    func constant(_ values: sluice_plan_value...) -> Bool { values.allSatisfy { $0.key_count == 0 } }
    let (crop, place) = (record.crop, record.place)
    size = constant(crop.2, crop.3, place.2, place.3) && parent?.size != false
    self.place = size && constant(crop.0, crop.1, place.0, place.1) && parent?.place != false
  }
}

extension Placed {
  /// The place with what does not move put on whole pixels.
  func settled(_ constancy: MotionConstancy, turns: Bool) -> Placed {
    guard constancy.size else { return self }
    if constancy.place, !turns { return rounded }
    var out = self
    // Clip and destination are computed from the same numbers in different ways, and may differ in their last bits.
    let fills = clip.isNear(destination)
    out.destination.width = max(destination.width.rounded(), 1)
    out.destination.height = max(destination.height.rounded(), 1)
    if fills { out.clip = out.destination }
    return out
  }
}

extension Rect {
  fileprivate func isNear(_ other: Rect) -> Bool {
    [x - other.x, y - other.y, maxX - other.maxX, maxY - other.maxY].allSatisfy { $0.magnitude < 1e-6 }
  }
}

extension Fit {
  init(planValue: UInt32) {
    switch planValue {
    case SLUICE_FIT_COVER.rawValue: self = .cover
    case SLUICE_FIT_STRETCH.rawValue: self = .stretch
    case SLUICE_FIT_NONE.rawValue: self = .none
    default: self = .contain
    }
  }

  var planValue: UInt32 {
    switch self {
    case .contain: SLUICE_FIT_CONTAIN.rawValue
    case .cover: SLUICE_FIT_COVER.rawValue
    case .stretch: SLUICE_FIT_STRETCH.rawValue
    case .none: SLUICE_FIT_NONE.rawValue
    }
  }
}

extension Layer {
  /// Applies a transition at `progress` in 0...1. `entering`: the layer is the one that comes, not the one that goes.
  mutating func apply(_ transition: sluice_plan_transition, progress: Double, entering: Bool) {
    switch transition.kind {
    case SLUICE_TRANSITION_DISSOLVE.rawValue: if entering { opacity *= progress }
    case SLUICE_TRANSITION_CROSS.rawValue: opacity *= entering ? progress : 1 - progress
    case SLUICE_TRANSITION_FADE.rawValue:
      let amount = entering ? 2 - 2 * progress : 2 * progress
      if entering ? progress < 0.5 : progress >= 0.5 { opacity = 0 }
      tint = transition.color.value
      tint.alpha = min(max(amount, 0), 1)
    case SLUICE_TRANSITION_WIPE.rawValue: clip = clip.intersection(transition.part(progress, entering: entering))
    default:
      guard entering || transition.kind == SLUICE_TRANSITION_PUSH.rawValue else { return }
      let way = transition.way(entering ? progress - 1 : progress)
      destination.x += way.x
      destination.y += way.y
      clip.x += way.x
      clip.y += way.y
    }
  }
}

extension sluice_plan_transition {
  /// The part of the area on one side of a wipe's edge. The edge lies on even pixels, so that no chroma sample lies on both sides.
  fileprivate func part(_ progress: Double, entering: Bool) -> Rect {
    let area = area.value
    func edge(_ length: Double) -> Double { (length * progress / 2).rounded() * 2 }
    let x = edge(area.width), y = edge(area.height)
    switch direction {
    case SLUICE_RIGHT.rawValue:
      return Rect(x: entering ? area.x : area.x + x, y: area.y, width: entering ? x : area.width - x, height: area.height)
    case SLUICE_LEFT.rawValue:
      return Rect(
        x: entering ? area.maxX - x : area.x, y: area.y, width: entering ? x : area.width - x, height: area.height)
    case SLUICE_DOWN.rawValue:
      return Rect(x: area.x, y: entering ? area.y : area.y + y, width: area.width, height: entering ? y : area.height - y)
    default:
      return Rect(
        x: area.x, y: entering ? area.maxY - y : area.y, width: area.width, height: entering ? y : area.height - y)
    }
  }

  /// The vector of a slide or push after this part of the way over the area.
  fileprivate func way(_ part: Double) -> (x: Double, y: Double) {
    switch direction {
    case SLUICE_RIGHT.rawValue: (area.width * part, 0)
    case SLUICE_LEFT.rawValue: (-area.width * part, 0)
    case SLUICE_DOWN.rawValue: (0, area.height * part)
    default: (0, -area.height * part)
    }
  }
}
