import SluiceBase

/// A parameter of a node, with Web Audio's automation, exact to the frame: times may lie between frames, and before now they are now.
/// A handle: used on the graph's thread.
public struct AudioParam {
  let graph: AudioGraph
  let node: NodeID
  let index: Int

  private var now: Double { Double(graph.currentFrame) }
  private func frames(_ time: AudioTime) -> Double { time.frames(graph.configuration.sampleRate) }

  /// The value at the frame that is rendered next, held to the nominal range.
  public var value: Double {
    let record = graph.record(node)
    let description = record.kind.parameters[index]
    let value = record.storages[index]?.value(at: now) ?? record.timelines[index].initial
    return ParameterRange(description.low, description.high).clamp(value)
  }

  /// As Web Audio's setter: `setValueAtTime(value, now)`.
  public func setValue(_ value: Double) throws(SluiceError) { try insert(.setValue(value, at: now)) }

  public func setValueAtTime(_ value: Double, _ time: AudioTime) throws(SluiceError) {
    try insert(.setValue(value, at: frames(time)))
  }

  public func linearRampToValueAtTime(_ value: Double, _ time: AudioTime) throws(SluiceError) {
    try insert(.linearRamp(value, at: frames(time)))
  }

  /// - Throws: also for a value of 0.
  public func exponentialRampToValueAtTime(_ value: Double, _ time: AudioTime) throws(SluiceError) {
    try insert(.exponentialRamp(value, at: frames(time)))
  }

  /// - Parameter timeConstant: seconds until 1 - 1/e of the way; 0 jumps.
  public func setTargetAtTime(_ value: Double, _ time: AudioTime, timeConstant: Double) throws(SluiceError) {
    try insert(.setTarget(value, at: frames(time), timeConstant: timeConstant * graph.configuration.sampleRate))
  }

  /// - Parameter duration: a length of time.
  /// - Throws: also when other events lie within it.
  public func setValueCurveAtTime(_ values: [Float], _ time: AudioTime, duration: AudioTime) throws(SluiceError) {
    try insert(.setValueCurve(values, at: frames(time), duration: frames(duration)))
  }

  /// Removes all events at `time` or later.
  public func cancelScheduledValues(_ time: AudioTime) {
    change { $0.cancel(from: max(frames(time), now)) }
  }

  /// Removes all events after `time`, and stays at the value of that moment.
  public func cancelAndHoldAtTime(_ time: AudioTime) {
    change { $0.cancelAndHold(at: max(frames(time), now)) }
  }

  /// Replaces all events by the whole course of the value.
  public func setCurve(_ curve: ParameterCurve) throws(SluiceError) {
    let segments = try curve.segments(graph.configuration.sampleRate)
    graph.setSegments(node, index, SegmentStorage(segments, curves: [:]))
  }

  private func insert(_ event: ParameterEvent) throws(SluiceError) {
    guard event.isFinite else {
      throw SluiceError(.software, "a value or time that is not a number: \(event)", at: "audio parameter")
    }
    var timeline = graph.record(node).timelines[index]
    try timeline.insert(event, now: now)
    graph.setTimeline(node, index, timeline)
  }

  private func change(_ body: (inout ParameterTimeline) -> Void) {
    var timeline = graph.record(node).timelines[index]
    body(&timeline)
    graph.setTimeline(node, index, timeline)
  }
}

extension ParameterEvent {
  var isFinite: Bool {
    switch self {
    case .setValue(let value, let time), .linearRamp(let value, let time), .exponentialRamp(let value, let time):
      value.isFinite && time.isFinite
    case .setTarget(let value, let time, let constant): value.isFinite && time.isFinite && constant.isFinite
    case .setValueCurve(let values, let time, let duration):
      time.isFinite && duration.isFinite && !values.contains { !$0.isFinite }
    }
  }
}

extension AudioGraph {
  /// What a parameter renders from the next quantum on. The steps stay as they are.
  func setTimeline(_ node: NodeID, _ index: Int, _ timeline: ParameterTimeline) {
    let parameter = parameter(node, index)
    parameter.pointee.cursor = 0
    if timeline.events.isEmpty {
      setStorage(node, index, nil, timeline)
      parameter.pointee.value = timeline.initial
      parameter.pointee.segments = nil
    } else {
      let (segments, curves) = timeline.segments
      let storage = SegmentStorage(segments, curves: curves)
      parameter.pointee.segments = storage.segments
      parameter.pointee.count = storage.count
      setStorage(node, index, storage, timeline)
    }
  }

  func setSegments(_ node: NodeID, _ index: Int, _ storage: SegmentStorage) {
    let parameter = parameter(node, index)
    parameter.pointee.cursor = 0
    parameter.pointee.segments = storage.segments
    parameter.pointee.count = storage.count
    setStorage(node, index, storage, ParameterTimeline(initial: storage.value(at: Double(currentFrame))))
  }

  private func parameter(_ node: NodeID, _ index: Int) -> UnsafeMutablePointer<Parameter> {
    let record = record(node)
    return pools.parameter(record.kind, record.slot, index)
  }
}
