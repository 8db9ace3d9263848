import AVBinding
import FrameModel
import SharedRing
import SluiceBase

/// Hands pictures on: the slot itself where libavcodec decoded into one, else a slot into which the picture is copied
/// or converted. Used from one thread.
final class SlotPublisher {
  private let source: any PictureSource
  private let provider: any SlotProvider
  private let place: String
  private let converter: PictureConverter
  /// Size of the first picture, for which the slots were made.
  private var usualSize: (width: Int, height: Int)?

  init(_ source: any PictureSource, _ provider: any SlotProvider, place: String) throws(SluiceError) {
    self.source = source
    self.provider = provider
    self.place = place
    converter = PictureConverter()
  }

  /// Throws 65 for a picture that no slot can hold, 70 when there is no slot although nothing was cancelled.
  func publish(_ picture: Picture, first: Int64, count: Int64) throws(SluiceError) {
    guard let mapping = picture.frame.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(picture.frame.formatName) cannot be used", at: place)
    }
    var description = picture.frame.description(source.traits, format: mapping.format)
    description.pts = source.clock.time(picture.tick)
    if usualSize == nil { usualSize = (picture.frame.width, picture.frame.height) }
    if mapping.isDirect, let memory = source.memory(of: picture) as? SlotMemory,
      let planes = picture.frame.planes(at: memory.base, bytes: memory.slot.bytes, format: mapping.format)
    {
      description.planes = planes
      memory.publish(description, first: first, count: count)
      provider.counters.add(.directFrames, 1)
    } else {
      guard let slot = provider.acquire() else {
        if provider.isCancelled { return }
        throw SluiceError(.software, "no slot is left for a picture", at: place)
      }
      do throws(SluiceError) {
        try fill(slot, picture, &description)
      } catch {
        provider.recycle(slot)
        throw error
      }
      description.write(to: slot.memory)
      provider.publish(slot, first: first, count: count, held: false)
      provider.counters.add(.fallbackFrames, 1)
    }
    provider.counters.add(.frames, 1)
  }

  private func fill(_ slot: WritableSlot, _ picture: Picture, _ description: inout FrameDescription) throws(SluiceError) {
    let format = description.format
    var size = (width: description.width, height: description.height)
    func fits() -> Bool { PlaneLayout(format, width: size.width, height: size.height).bytes <= slot.bytes }
    if !fits(), let usualSize { size = usualSize }
    guard fits() else {
      throw SluiceError(
        .badInput, "a picture of \(description.width)x\(description.height) \(format) does not fit the stream's slots",
        at: place, advice: "its size or format changes in mid-stream")
    }
    if size.width != description.width || size.height != description.height {
      description.width = size.width
      description.height = size.height
    }
    description.planes = FrameDescription(format: format, width: size.width, height: size.height).planes
    let work = try converter.fill(slot.memory, format: format, width: size.width, height: size.height, from: picture.frame)
    if case .copied(let bytes) = work { provider.counters.add(.copiedBytes, bytes) }
  }
}
