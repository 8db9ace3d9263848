import CSchema
import Plan

/// A frame between compositing and encoder.
struct OutputFrame: Sendable {
  var number: Int64
  var slot: SlotReference
  var ready: Bool
  /// Filters of the whole frame that it is through.
  var stage = 0
  /// The frame before it that it shows, when its own cannot be drawn: to a filter it is that one.
  var shown: Int64? = nil
  var filterFrame: Int64 { shown ?? number }
}

/// What a rendered frame was made from: equal to the next frame's means that its slot serves again.
struct FrameSignature: Equatable, Sendable {
  var layers: [Layer]
  var inputs: [SlotReference?]
}

struct RenderJob: Sendable {
  var sequence: UInt64
  var lane: Int
  var frame: Int64
  var slot: SlotReference
  /// nil: waits for a renderer.
  var worker: Int?
  var inputs: [sluice_input]
}
