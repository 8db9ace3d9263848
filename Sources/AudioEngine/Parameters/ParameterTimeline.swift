import SluiceBase

/// The events of a parameter, in the order of their times, and what they mean: a pure value. `now` is the frame that is rendered next.
struct ParameterTimeline: Equatable, Sendable {
  /// The value before the first event.
  private(set) var initial: Double
  private(set) var events: [ParameterEvent] = []

  init(initial: Double) { self.initial = initial }

  /// Adds an event behind those of the same time. A time before `now` is `now`.
  mutating func insert(_ event: ParameterEvent, now: Double) throws(SluiceError) {
    let event = event.notBefore(now)
    try check(event)
    if case .setValue(let value, let time) = event, events.isEmpty, time <= 0, now <= 0 {
      initial = value
      return
    }
    // The list without what is over: a long-lived parameter does not grow.
    prune(before: now)
    let index = events.firstIndex { $0.time > event.time } ?? events.count
    if event.isRamp { anchor(before: index, now: now) }
    events.insert(event, at: events.firstIndex { $0.time > event.time } ?? events.count)
  }

  /// Removes what begins at `time` or later, ramps that end there or later, and a value curve that is under way there.
  mutating func cancel(from time: Double) {
    events.removeAll { event in
      if case .setValueCurve(_, let start, let duration) = event { return start + duration >= time }
      return event.time >= time
    }
  }

  /// Stops at `time` with the value of that moment.
  mutating func cancelAndHold(at time: Double) {
    let (segments, curves) = segments
    let storage = SegmentStorage(segments, curves: curves)
    let value = storage.value(at: time)
    guard let index = events.firstIndex(where: { $0.time > time || $0.end > time }) else {
      if case .setTarget? = events.last { events.append(.setValue(value, at: time)) }
      return
    }
    switch events[index] {
    case .linearRamp: events[index] = .linearRamp(value, at: time)
    case .exponentialRamp: events[index] = value == 0 ? .setValue(value, at: time) : .exponentialRamp(value, at: time)
    case .setValueCurve(_, let start, _) where start <= time:
      events[index] = Self.shortened(storage, start: start, to: time)
    default:
      events.removeSubrange(index...)
      if case .setTarget? = events.last { events.append(.setValue(value, at: time)) }
      return
    }
    events.removeSubrange((index + 1)...)
  }

  /// A curve cut off at `time`: as many points as the part of it had, and one at its end.
  private static func shortened(_ storage: SegmentStorage, start: Double, to time: Double) -> ParameterEvent {
    guard time > start else { return .setValue(storage.value(at: start), at: start) }
    let points = max(2, Int((time - start).rounded(.up)) + 1)
    let values = (0..<points).map { Float(storage.value(at: start + (time - start) * Double($0) / Double(points - 1))) }
    return .setValueCurve(values, at: start, duration: time - start)
  }

  /// The rules of the specification that make an event impossible.
  private func check(_ event: ParameterEvent) throws(SluiceError) {
    func refuse(_ what: String) throws(SluiceError) -> Never { throw SluiceError(.software, what, at: "audio parameter") }
    if case .setValueCurve(let values, let start, let duration) = event {
      if values.count < 2 { try refuse("a value curve needs two values, this has \(values.count)") }
      if !(duration > 0) { try refuse("a value curve needs a duration above 0, this has \(duration) frames") }
      for other in events where other.time > start && other.time < start + duration {
        try refuse("a value curve from frame \(start) to \(start + duration) is over another event, at \(other.time)")
      }
    }
    if case .exponentialRamp(let value, _) = event, value == 0 { try refuse("an exponential ramp cannot end at 0") }
    if case .setTarget(_, _, let timeConstant) = event, !(timeConstant >= 0) {
      try refuse("a time constant cannot be negative, this is \(timeConstant)")
    }
    for case .setValueCurve(_, let start, let duration) in events where event.time >= start && event.time < start + duration {
      try refuse("an event at frame \(event.time) is within a value curve from \(start) to \(start + duration)")
    }
  }

  /// A ramp needs a beginning: without an event before it that is the value of now, behind a target under way what it has reached.
  private mutating func anchor(before index: Int, now: Double) {
    if index == 0 {
      events.insert(.setValue(initial, at: now), at: 0)
    } else if case .setTarget(_, let time, _) = events[index - 1], time < now {
      let (list, curves) = segments
      events.insert(.setValue(SegmentStorage(list, curves: curves).value(at: now), at: now), at: index)
    }
  }

  /// Folds what came before the last finished event into one value.
  private mutating func prune(before now: Double) {
    guard let last = events.lastIndex(where: { $0.end <= now }), last > 0 else { return }
    var earlier = self
    earlier.events.removeSubrange(last...)
    let (list, curves) = earlier.segments
    let before = SegmentStorage(list, curves: curves).value(at: events[last].time)
    let ramped: ParameterEvent? =
      switch events[last] {
      case .linearRamp(let value, let time), .exponentialRamp(let value, let time): .setValue(value, at: time)
      default: nil
      }
    if let ramped {
      events[last] = ramped
      events.removeSubrange(..<last)
    } else {
      events.removeSubrange(..<last)
      initial = before
    }
  }
}

extension ParameterEvent {
  func notBefore(_ now: Double) -> ParameterEvent {
    guard time < now else { return self }
    return switch self {
    case .setValue(let value, _): .setValue(value, at: now)
    case .linearRamp(let value, _): .linearRamp(value, at: now)
    case .exponentialRamp(let value, _): .exponentialRamp(value, at: now)
    case .setTarget(let value, _, let timeConstant): .setTarget(value, at: now, timeConstant: timeConstant)
    case .setValueCurve(let values, _, let duration): .setValueCurve(values, at: now, duration: duration)
    }
  }
}
