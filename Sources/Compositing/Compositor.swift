import Plan
import SharedRing
import SluiceBase

/// Draws the layers of output frames into slots. All implementations pass one conformance suite (Tests/CompositingTests), each
/// within a tolerance of its own, and give the same picture within one code value.
///
/// ## The picture
/// The canvas's background is drawn first, then every layer from the bottom to the top. A layer's source rectangle (pixels of the
/// upright picture) is stretched over its destination rectangle with a bicubic kernel (b = 0, c = 0.6; a triangle for pictures with
/// alpha). Nothing outside the source rectangle shows, except for the pixel that a fractional edge shares. An edge of the destination
/// or of the clip that lies between two pixels covers the pixel that it runs through in part. In the same way an odd edge covers the
/// chroma sample of a subsampled canvas in part. Matrix, range and primaries are converted to the canvas's; the transfer function is
/// converted only where primaries are.
///
/// - Rotation: a turn by right angles moves samples. By other angles the picture is scaled to its destination's size first, and then
///   sampled with a Catmull-Rom kernel; edge pixels and chroma cells are covered by their exact areas.
/// - Blend modes other than normal work in the canvas's non-linear R'G'B', on full resolution: chroma samples are repeated for their
///   pixels, and the result's are averaged over the cell. Where the blend function gives the backdrop, no byte changes. Within a group
///   that has alpha the formula is W3C's. `plus` adds premultiplied colours and alphas; what goes beyond one keeps its light there, and
///   is cut off on an opaque canvas.
/// - A group is drawn on a canvas of its own, over its own background. It is then a picture of the canvas's format, with alpha unless
///   its background or opaque members cover all of it. Opaque content of the same size and place comes out unchanged.
/// - A tint mixes the layer's colours with its own before anything else; alpha stays.
///
/// ## Frames in flight
/// `submit` begins a frame, `finish` ends it. Up to `depth` frames may be between the two, which is how a GPU draws one frame while
/// the next is prepared. An implementation that draws within `submit` has a depth of 1.
///
/// - Order: frames end in the order of their submission. `finish` is always about the oldest frame in flight.
/// - Slots: from `submit` until its frame has ended, the output slot is the compositor's: nobody else reads or writes it. Input slots
///   are read until then, so the caller keeps them from being granted anew. The slots of frames in flight differ from each other.
/// - Errors: when `submit` throws, its frame was never in flight. When `finish` throws, the oldest frame has ended. In both cases the
///   compositor no longer touches that frame's slots, the contents of its output slot are undefined, all other frames in flight go on,
///   and the compositor stays usable.
/// - End: when a compositor is released, the frames in flight are abandoned. Its `deinit` returns only when their slots are not touched
///   any more.
///
/// Not thread-safe: a compositor is made, used and released on one thread.
public protocol Compositor: AnyObject {
  /// The number of frames that may be in flight, at least 1. It never changes.
  var depth: Int { get }

  /// Begins to draw `layers` (bottom first) into `output`, header included, and returns without waiting for a device. Called with
  /// fewer than `depth` frames in flight.
  ///
  /// `input` gives the slot that holds a stream's picture for this frame; it is called during `submit` only. A picture is recognised
  /// by its slot's index and generation, so that a still is not scaled again for every frame.
  ///
  /// Throws `.software` when a stream has no input, an input's header is damaged, or the output slot is too small.
  func submit(frame: Int64, layers: [Layer], input: (Int) -> ReadableSlot?, into output: WritableSlot) throws(SluiceError)

  /// Waits until the oldest frame in flight has ended, for `nanoseconds` at the most; 0 asks without waiting, `.max` waits as long as it
  /// takes. Returns true when the frame has ended: its slot is complete, and visible to other processes. Returns false when it has not,
  /// and when no frame is in flight. Throws what the frame failed with.
  func finish(within nanoseconds: UInt64) throws(SluiceError) -> Bool
}

extension Compositor {
  /// Draws one frame and waits for it. Called with no frame in flight.
  public func draw(frame: Int64, layers: [Layer], input: (Int) -> ReadableSlot?, into output: WritableSlot) throws(SluiceError) {
    try submit(frame: frame, layers: layers, input: input, into: output)
    _ = try finish(within: .max)
  }
}
