import SharedRing
import SluiceBase
import Timeline

/// Draws the layers of one output frame into a slot. Implementations are held to one conformance suite
/// (`CompositorConformance` in the tests) and must give the same picture within one code value.
///
/// The picture that is drawn: the canvas's background, then every layer from the bottom to the top. A layer's source
/// rectangle (pixels of the upright picture) is stretched over its destination rectangle with a bicubic kernel
/// (b = 0, c = 0.6; a triangle for pictures with alpha); nothing outside the source rectangle shows, except for the
/// pixel that a fractional edge shares. An edge of the destination or of the clip between two pixels covers the one it runs
/// through in part; so does an odd edge the chroma sample of a subsampled canvas. Matrix, range and primaries are converted to the
/// canvas's; the transfer function is converted only where primaries are.
///
/// - Rotation: by right angles, samples are moved. By other angles the picture is scaled to its destination's size first, and then
///   sampled with a Catmull-Rom kernel; edge pixels and chroma cells are covered by their exact areas.
/// - Blend modes other than normal work in the canvas's non-linear R'G'B', on full resolution: chroma samples are repeated for their
///   pixels, the result's are averaged over the cell, and where the blend function gives the backdrop no byte changes. Within a group
///   that has alpha the formula is W3C's. `plus` adds premultiplied colours and alphas; what goes beyond one keeps its light there, and
///   is cut off on an opaque canvas.
/// - Groups are drawn by themselves, over their own background, and are then pictures of the canvas's format (with alpha where
///   neither background nor opaque members cover all of it). Opaque content of the same size and place comes out as it is.
/// - A tint mixes the layer's colours with its own before anything else; alpha stays.
///
/// Not thread-safe: a compositor belongs to one thread.
public protocol Compositor: AnyObject {
  /// Draws `layers` (bottom first) into `output`, header included. `input` gives the slot that holds a stream's picture
  /// for this frame; slots are read during the call only. A picture is recognised by its slot's index and generation,
  /// so that a still is not scaled again for every frame.
  ///
  /// Throws `.software` when a stream has no input, an input's header is damaged, or the output slot is too small.
  /// The slot's contents are undefined then.
  func render(frame: Int64, layers: [Layer], input: (Int) -> ReadableSlot?, into output: WritableSlot) throws(SluiceError)
}
