import CSchema
import FrameModel
import Plan

/// Slots of one size, and the streams of the plan that use them. How many there must be depends on the number of lanes.
struct SizeClass {
  var slotBytes: Int
  var streams: [Int]
  /// The busiest moment of one lane: slots of moving streams and their number, slots of stills, and the decoder's own memory.
  var peak: (slots: Int, streams: Int, stillSlots: Int, bytes: Int)
  /// Slots of all its stills: lanes share them, but each may be at another one.
  var stills: Int
  /// Slots that a lane's encoder keeps: they are not there for the stream's own codec, nor for the next stream.
  var kept: Int

  /// Slots for codecs that turn out to need more than their kind usually does.
  func reserve(lanes: Int) -> Int { peak.slots > 0 ? peak.streams * lanes / 4 + 1 : 0 }
  /// All of them, the reserve included.
  func slots(lanes: Int) -> Int {
    peak.slots * lanes + min(peak.stillSlots * lanes, stills) + reserve(lanes: lanes) + kept * lanes
  }
  func bytes(lanes: Int) -> Int { slots(lanes: lanes) * slotBytes }
}

/// Groups the streams of a plan into rings, with as many slots as its busiest moment needs.
struct Sizing {
  let plan: PlanView
  let lookAhead: Int64
  let lanes: Int
  let slack: Int
  let encoderKeeps: Int

  /// One class for each slot size.
  func classes() -> [SizeClass] {
    var members: [Int: [Int]] = [:]
    for index in 0..<plan.streamCount { members[plan.stream(index).slotBytes, default: []].append(index) }
    return members.keys.sorted().map { sizeClass($0, members[$0] ?? []) }
  }

  /// Lets small pictures use larger slots where one common ring costs no more than two (they play at other times), and
  /// while there are more classes than rings.
  func merge(_ classes: inout [SizeClass]) {
    let limit = Int(SLUICE_MAX_RINGS) - 1 - (plan.filterCount > 0 ? FilterSizing.maximumStreamRings + 1 : 0)
    var index = 0
    while index + 1 < classes.count {
      let both = sizeClass(classes[index + 1].slotBytes, classes[index].streams + classes[index + 1].streams)
      if both.bytes(lanes: lanes) <= classes[index].bytes(lanes: lanes) + classes[index + 1].bytes(lanes: lanes)
        || classes.count > limit
      {
        classes[index] = both
        classes.remove(at: index + 1)
        index = max(0, index - 1)
      } else {
        index += 1
      }
    }
  }

  private func sizeClass(_ bytes: Int, _ streams: [Int]) -> SizeClass {
    SizeClass(
      slotBytes: bytes, streams: streams, peak: peak(streams),
      stills: streams.reduce(0) { $0 + (plan.stream($1).isStill ? plan.stream($1).slots : 0) },
      kept: streams.contains(where: isBypassable) ? encoderKeeps : 0)
  }

  /// Whether pictures of a stream may go to the encoder as they are.
  private func isBypassable(_ stream: Int) -> Bool {
    let source = plan.source(plan.stream(stream).source)
    return source.width == plan.canvas.width && source.height == plan.canvas.height
  }

  private func peak(_ streams: [Int]) -> (slots: Int, streams: Int, stillSlots: Int, bytes: Int) {
    var edges: [(frame: Int64, slots: Int, streams: Int, stills: Int, bytes: Int)] = []
    for index in streams {
      let record = plan.stream(index)
      let slots = record.isStill ? 0 : record.slots + slack
      let stills = record.isStill ? record.slots : 0
      edges.append((record.firstFrame - lookAhead, slots, record.isStill ? 0 : 1, stills, record.privateBytes))
      edges.append((record.endFrame, -slots, record.isStill ? 0 : -1, -stills, -record.privateBytes))
    }
    // At the same frame, ends come first: a cut needs no room for both clips.
    edges.sort { ($0.frame, $0.slots + $0.stills) < ($1.frame, $1.slots + $1.stills) }
    var now = (slots: 0, streams: 0, stills: 0, bytes: 0)
    var most = (slots: 0, streams: 0, stills: 0, bytes: 0)
    for edge in edges {
      now = (now.slots + edge.slots, now.streams + edge.streams, now.stills + edge.stills, now.bytes + edge.bytes)
      most = (
        max(most.slots, now.slots), max(most.streams, now.streams), max(most.stills, now.stills), max(most.bytes, now.bytes)
      )
    }
    return (most.slots, most.streams, most.stills, most.bytes)
  }
}
