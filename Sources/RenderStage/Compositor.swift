import SharedRing
import SluiceBase
import Timeline

/// Draws the layers of one output frame into a slot. Implementations are held to one conformance suite
/// (`CompositorConformance` in the tests) and must give the same picture within one code value.
///
/// The picture that is drawn: the canvas's background, then every layer from the bottom to the top. A layer's source
/// rectangle (pixels of the upright picture) is stretched over its destination rectangle with a bicubic kernel
/// (b = 0, c = 0.6; a triangle for pictures with alpha); nothing outside the source rectangle shows, except for the
/// pixel that a fractional edge shares. A destination edge between two pixels covers the one it runs through in part;
/// so does an odd edge the chroma sample of a subsampled canvas. Matrix, range and primaries are converted to the
/// canvas's; the transfer function is converted only where primaries are.
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
