import SluiceBase
import Testing

@testable import AudioEngine

#if canImport(Glibc)
import Glibc
#endif

/// AudioParam as the specification's prose has it, frame by frame and without any cleverness.
struct ReferenceParam {
  var initial: Double
  var events: [ParameterEvent] = []

  mutating func insert(_ event: ParameterEvent, now: Double) {
    let event = event.notBefore(now)
    var index = 0
    while index < events.count, events[index].time <= event.time { index += 1 }
    if event.isRamp {
      if index == 0 {
        events.insert(.setValue(initial, at: now), at: 0)
        index = 1
      } else if case .setTarget(_, let time, _) = events[index - 1], time < now {
        events.insert(.setValue(value(now), at: now), at: index)
        index += 1
      }
    }
    events.insert(event, at: index)
  }

  func mayInsert(_ event: ParameterEvent, now: Double) -> Bool {
    let event = event.notBefore(now)
    for case .setValueCurve(_, let start, let duration) in events
    where start <= event.time && event.time < start + duration { return false }
    if case .setValueCurve(_, let start, let duration) = event {
      return !events.contains { $0.time > start && $0.time < start + duration }
    }
    return true
  }

  func value(_ t: Double) -> Double { Self.value(events[...], initial, t) }

  /// The value at `t` as if there were only `events`.
  private static func value(_ events: ArraySlice<ParameterEvent>, _ initial: Double, _ t: Double) -> Double {
    guard let k = events.lastIndex(where: { $0.time <= t }) else {
      // Only a ramp's anchor could come before it, and that is an event.
      return initial
    }
    let own = after(events, k, initial, t)
    guard k + 1 < events.endIndex, t >= events[k].end else { return own }
    var from = own
    if case .setTarget = events[k] { from = value(events[..<k], initial, events[k].time) }
    let (t0, progress) = (events[k].end, { (t1: Double) in (t - events[k].end) / (t1 - events[k].end) })
    switch events[k + 1] {
    case .linearRamp(let to, let t1) where t1 > t0: return from + (to - from) * progress(t1)
    case .exponentialRamp(let to, let t1) where t1 > t0: return from * to > 0 ? from * Glibc.pow(to / from, progress(t1)) : from
    default: return own
    }
  }

  /// What event `k` alone makes of `t`.
  private static func after(_ events: ArraySlice<ParameterEvent>, _ k: Int, _ initial: Double, _ t: Double) -> Double {
    switch events[k] {
    case .setValue(let value, _), .linearRamp(let value, _), .exponentialRamp(let value, _): return value
    case .setTarget(let target, let t0, let constant):
      if constant == 0 { return target }
      let from = value(events[..<k], initial, t0)
      return target + (from - target) * Glibc.exp(-(t - t0) / constant)
    case .setValueCurve(let values, let t0, let duration):
      if t >= t0 + duration { return Double(values[values.count - 1]) }
      let position = Double(values.count - 1) / duration * (t - t0)
      let index = min(Int(position), values.count - 2)
      return Double(values[index]) + (Double(values[index + 1]) - Double(values[index])) * (position - Double(index))
    }
  }
}

@Suite struct AutomationTests {
  func randomEvent(_ g: inout SeededGenerator, _ from: Double) -> ParameterEvent {
    var time = Double.random(in: from - 200...from + 2500, using: &g)
    if Bool.random(using: &g) { time = (time / 64).rounded() * 64 }
    time = max(0, time)
    let value = [Double.random(in: -2...2, using: &g), Double.random(in: 0.1...2, using: &g), 0.5].randomElement(using: &g)!
    switch Int.random(in: 0..<5, using: &g) {
    case 0: return .setValue(value, at: time)
    case 1: return .linearRamp(value, at: time)
    case 2: return .exponentialRamp(value, at: time)
    case 3: return .setTarget(value, at: time, timeConstant: [0, 30, 400].randomElement(using: &g)!)
    default:
      let values = (0..<Int.random(in: 2...9, using: &g)).map { _ in Float.random(in: -1...1, using: &g) }
      return .setValueCurve(values, at: time, duration: Double.random(in: 10...600, using: &g))
    }
  }

  func apply(_ event: ParameterEvent, _ param: AudioParam) throws(SluiceError) {
    func seconds(_ frames: Double) -> AudioTime { .seconds(frames / 8192) }
    switch event {
    case .setValue(let value, let time): try param.setValueAtTime(value, seconds(time))
    case .linearRamp(let value, let time): try param.linearRampToValueAtTime(value, seconds(time))
    case .exponentialRamp(let value, let time): try param.exponentialRampToValueAtTime(value, seconds(time))
    case .setTarget(let value, let time, let constant):
      try param.setTargetAtTime(value, seconds(time), timeConstant: constant / 8192)
    case .setValueCurve(let values, let time, let duration):
      try param.setValueCurveAtTime(values, seconds(time), duration: seconds(duration))
    }
  }

  /// Events come while it plays, at times before and after now, in any order; some are cancelled. (At 8192 Hz a time in seconds is exact.)
  @Test func randomEventsFollowTheSpecification() throws {
    var inserted = 0, refused = 0
    for seed in 1...400 as ClosedRange<UInt64> {
      var g = SeededGenerator(seed)
      let graph = try makeGraph(rate: 8192, channels: 1)
      let gain = try graph.makeGain()
      try graph.play([[Float](repeating: 1, count: 8192)]).connect(gain).connect(graph.destination)
      var reference = ReferenceParam(initial: 1)
      var worst = 0.0
      for quantum in 0..<40 {
        let now = Double(quantum * 128)
        for _ in 0..<(quantum == 0 ? 4 : Int.random(in: 0...12, using: &g) == 0 ? 2 : 0) {
          let event = randomEvent(&g, now)
          let allowed = reference.mayInsert(event, now: now)
          do {
            try apply(event, gain.gain)
            #expect(allowed, "seed \(seed): \(event) should be refused")
            reference.insert(event, now: now)
            inserted += 1
          } catch {
            #expect(!allowed, "seed \(seed): \(event): \(error)")
            refused += 1
          }
        }
        if Int.random(in: 0..<30, using: &g) == 0 {
          let time = now + Double.random(in: 0...1500, using: &g).rounded()
          gain.gain.cancelScheduledValues(.seconds(time / 8192))
          reference.events.removeAll { event in
            if case .setValueCurve = event { return event.end >= time }
            return event.time >= time
          }
        }
        #expect((gain.gain.value - reference.value(now)).magnitude < 1e-9, "seed \(seed), \(now): \(reference.events)")
        try graph.renderQuantum { output in
          for i in 0..<128 { worst = max(worst, (Double(output[0][i]) - reference.value(now + Double(i))).magnitude) }
        }
      }
      #expect(worst < 1e-6, "seed \(seed): \(worst)")
    }
    #expect(inserted > 1000 && refused > 20)
  }

  @Test func impossibleEventsAreRefusedWithAReason() throws {
    let gain = try makeGraph().makeGain().gain
    func reason(_ body: () throws(SluiceError) -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return "accepted"
    }
    #expect(
      reason { () throws(SluiceError) in try gain.exponentialRampToValueAtTime(0, .frame(9)) }
        == "audio parameter: an exponential ramp cannot end at 0")
    #expect(
      reason { () throws(SluiceError) in try gain.setValueCurveAtTime([1], .frame(9), duration: .frame(9)) }
        == "audio parameter: a value curve needs two values, this has 1")
    #expect(
      reason { () throws(SluiceError) in try gain.setTargetAtTime(1, .frame(9), timeConstant: -1) }
        == "audio parameter: a time constant cannot be negative, this is -48000.0")
    try gain.setValueCurveAtTime([0, 1], .frame(100), duration: .frame(100))
    #expect(
      reason { () throws(SluiceError) in try gain.setValueAtTime(1, .frame(150)) }
        == "audio parameter: an event at frame 150.0 is within a value curve from 100.0 to 200.0")
    #expect(reason { () throws(SluiceError) in try gain.setValueAtTime(1, .frame(200)) } == "accepted")
    #expect(reason { () throws(SluiceError) in try gain.setValueAtTime(.nan, .frame(300)) } != "accepted")
  }

  @Test func holdingStopsEveryKindOfMovement() throws {
    let cases: [(AudioParam) throws -> Void] = [
      { try $0.linearRampToValueAtTime(0, .frame(1000)) },
      { try $0.exponentialRampToValueAtTime(0.01, .frame(1000)) },
      { try $0.setTargetAtTime(0, .frame(0), timeConstant: 0.01) },
      { try $0.setValueCurveAtTime([1, 0.2, 0.9, 0], .frame(0), duration: .frame(1000)) },
    ]
    for (index, begin) in cases.enumerated() {
      func output(hold: Bool) throws -> [Float] {
        let graph = try makeGraph(channels: 1)
        let gain = try graph.makeGain()
        try begin(gain.gain)
        if hold { gain.gain.cancelAndHoldAtTime(.frame(500)) }
        try graph.play([[Float](repeating: 1, count: 2000)]).connect(gain).connect(graph.destination)
        return try render(graph, 2000)[0]
      }
      let (moving, held) = (try output(hold: false), try output(hold: true))
      #expect(difference(Array(held[..<500]), moving[..<500].map(Double.init)) < 1e-6, "case \(index)")
      #expect(held[501...].allSatisfy { ($0 - moving[500]).magnitude < 1e-6 }, "case \(index)")
    }
  }

  @Test func longLivedParametersDoNotGrow() throws {
    let graph = try makeGraph()
    let gain = try graph.makeGain()
    try gain.connect(graph.destination)
    for step in 0..<500 {
      try gain.gain.setTargetAtTime(Double(step % 3), .frame(graph.currentFrame + 64), timeConstant: 0.001)
      try graph.renderQuantum { _ in }
    }
    #expect(graph.record(gain.id).timelines[0].events.count < 5)
    #expect(graph.compilations == 1)
  }

  @Test func rampsAreExactToAMillionth() throws {
    let graph = try makeGraph(channels: 1)
    let gain = try graph.makeGain(0.25)
    try gain.gain.setValueAtTime(0.25, .frame(1001))
    try gain.gain.linearRampToValueAtTime(1, .exact(.init(1001, 30000)))
    try gain.gain.exponentialRampToValueAtTime(0.001, .seconds(0.1))
    try graph.play([[Float](repeating: 1, count: 6000)]).connect(gain).connect(graph.destination)
    let end = 1001.0 / 30000 * 48000
    let expected = (0..<6000).map { n -> Double in
      let t = Double(n)
      if t < 1001 { return 0.25 }
      if t < end { return 0.25 + 0.75 * (t - 1001) / (end - 1001) }
      return t < 4800 ? Glibc.pow(0.001, (t - end) / (4800 - end)) : 0.001
    }
    #expect(difference(try render(graph, 6000)[0], expected) < 1e-6)
  }
}
