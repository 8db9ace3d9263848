import FrameModel
import Plan
import SluiceBase
import Timeline

/// What is right, worked out from the plan: which source picture each stream shows at each frame, and the layers of each
/// frame.
final class Truth {
  let plan: PlanView
  private let storage: UnsafeMutableRawPointer
  let records: [StreamRecord]
  /// `pictures[record][frame - firstFrame]`: the source in the high half, the number of its picture in the low one.
  let pictures: [[UInt64]]
  let layers: [[Layer]]
  /// Frame at which a record's source cannot be decoded any more; `.max`: never.
  var failsAt: [Int64]
  /// Frames of records whose pictures end decoders, and the first from which on the scheduler has given the records up.
  var poison: [Int: Int64] = [:]
  var heldFrom: [Int: Int64] = [:]

  init?(_ plan: CompiledPlan) {
    let storage = UnsafeMutableRawPointer.allocate(byteCount: plan.bytes.count, alignment: 64)
    self.storage = storage
    plan.bytes.withUnsafeBytes { raw in if let base = raw.baseAddress { storage.copyMemory(from: base, byteCount: raw.count) } }
    guard let view = PlanView(storage, count: plan.bytes.count) else {
      storage.deallocate()
      return nil
    }
    self.plan = view
    let records = (0..<view.streamCount).map(view.stream)
    self.records = records
    pictures = records.map { record in
      let rate = view.source(record.source).rate
      return (record.firstFrame..<record.endFrame).map { frame in
        var number: UInt64 = 0
        if !record.isStill {
          let time = (record.start + Rational(frame - record.firstFrame) * record.step) * rate
          number = UInt64(max(0, time.num / time.den))
        }
        return UInt64(record.source) << 32 | number
      }
    }
    var all: [[Layer]] = []
    var layers: [Layer] = []
    for frame in 0..<view.frameCount {
      view.layers(at: frame, into: &layers)
      all.append(layers)
    }
    self.layers = all
    failsAt = Array(repeating: .max, count: records.count)
  }

  deinit { storage.deallocate() }

  func filters(_ record: Int) -> Range<Int> {
    records[record].firstFilter..<records[record].firstFilter + records[record].workerFilters.count
  }

  /// Of what comes to the encoder: the whole frame's, after those of the stream where it is an untouched picture.
  func filters(of content: Content, _ layers: [Layer]) -> [Int] {
    var inner = content
    while case .filtered(_, _, let next) = inner { inner = next }
    if case .picture = inner, layers.count == 1, layers[0].stream >= 0 {
      return Array(filters(layers[0].stream)) + Array(plan.outputFilters)
    }
    return Array(plan.outputFilters)
  }

  func picture(_ record: Int, _ frame: Int64) -> UInt64 { pictures[record][Int(frame - records[record].firstFrame)] }

  /// Frames from `first` on that show the same picture, not beyond `end`.
  func run(_ record: Int, from first: Int64, end: Int64) -> Range<Int64> {
    var last = first + 1
    while last < end, picture(record, last) == picture(record, first) { last += 1 }
    return first..<last
  }

  /// nil stands for no picture.
  func allows(_ picture: UInt64?, record: Int, frame: Int64) -> Bool {
    // What is held is the last that the lane had of it.
    if let held = heldFrom[record], frame >= held {
      guard let picture else { return true }
      return (records[record].firstFrame...frame).contains { self.picture(record, $0) == picture }
    }
    if frame >= failsAt[record] {
      guard let picture else { return true }
      return failsAt[record] > records[record].firstFrame && picture == self.picture(record, failsAt[record] - 1)
    }
    return picture == self.picture(record, frame)
  }
}

/// What a slot holds.
enum Content: Equatable {
  case nothing
  /// Being written, or written by somebody who lies.
  case garbage(UInt64)
  case picture(UInt64)
  /// Rendered for `frame` from these pictures, one for each layer.
  case composite(frame: Int64, [UInt64?])
  /// By a filter of the plan; `frame` where that counts.
  case sound(Int64)
  indirect case filtered(Int, frame: Int64?, Content)
}
