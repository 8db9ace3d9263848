/// A node in use: its place among the graph's records, and which use of that place.
public struct NodeID: Hashable, Sendable {
  let index: Int32
  let generation: UInt32
}

/// What the graph knows of a node in use.
struct NodeRecord {
  var generation: UInt32 = 0
  var inUse = false
  var kind = NodeKind.mixer
  /// In the pool of its kind.
  var slot: Int32 = 0
  var channelCount = 2
  var mode = ChannelCountMode.max
  var interpretation = ChannelInterpretation.speakers
  /// In the order of the connections, which is the order of summing.
  var inputs: [NodeID] = []
  var provider: SampleProvider?
  /// One a parameter; nil segments: constant.
  var timelines: [ParameterTimeline] = []
  var storages: [SegmentStorage?] = []
}
