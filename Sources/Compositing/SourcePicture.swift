import CSluice
import FrameModel
import Plan
import SharedRing
import SluiceBase

/// A picture to be drawn, from an input slot or of a group, with a checked header. Borrows its memory.
public struct SourcePicture {
  public let identity: PictureIdentity
  /// nil for a group that is not drawn yet.
  public var memory: UnsafeRawPointer?
  /// Its `rotation` includes the layer's own quarter turns.
  public var frame: FrameDescription
  /// Its colours are multiplied by alpha.
  public let premultiplied: Bool

  /// Throws `.software` when the header is damaged.
  init(_ slot: ReadableSlot, stream: Int) throws(SluiceError) {
    guard let frame = FrameDescription(reading: slot.memory, slotBytes: slot.bytes) else {
      throw SluiceError(.software, "damaged frame header in slot \(slot.index)", at: "stream \(stream)")
    }
    self.frame = frame
    memory = slot.memory
    identity = .slot(slot.index, generation: slot.generation, memory: slot.memory)
    premultiplied =
      slot.memory.load(as: sluice_frame.self).flags & UInt32(SLUICE_FRAME_PREMULTIPLIED.rawValue) != 0
  }

  /// The picture of a group as it will be, laid out by `PlaneLayout`.
  init(_ scene: Scene, turned: Int) {
    identity = scene.identity
    let format = scene.isOpaque ? scene.canvas.format : scene.canvas.format.straight
    frame = FrameDescription(format: format, width: scene.canvas.width, height: scene.canvas.height)
    frame.color = scene.canvas.color
    frame.rotation = turned
    premultiplied = false
  }

  public var isUpright: Bool { frame.rotation == 0 && !frame.mirrored }
  public var upright: Orientation { Orientation(frame) }

  /// The first sample of a plane. Traps for a group that is not drawn yet.
  public func samples(_ plane: Int) -> UnsafeRawPointer {
    guard let memory else { preconditionFailure("samples of a group that is not drawn") }
    return memory + frame.planes[plane].offset
  }
}
