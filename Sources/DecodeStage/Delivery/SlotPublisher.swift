import AVBinding
import CSluice
import FrameModel
import SharedRing
import SluiceBase

/// Hands pictures on: the slot itself where libavcodec decoded into one, else a slot into which the picture is copied
/// or converted. Used from one thread.
final class SlotPublisher {
  private let source: any PictureSource
  private let effects: ShownEffects?
  private let provider: any SlotProvider
  private let place: String
  private let converter: PictureConverter
  private let still: (@Sendable (ReadableSlot, WritableSlot) throws(SluiceError) -> Void)?
  /// Size of the first picture, for which the slots were made.
  private var usualSize: (width: Int, height: Int)?

  init(
    _ source: any PictureSource, _ provider: any SlotProvider, place: String, effects: ShownEffects? = nil,
    still: (@Sendable (ReadableSlot, WritableSlot) throws(SluiceError) -> Void)?
  ) {
    self.still = still
    self.effects = effects
    self.source = source
    self.provider = provider
    self.place = place
    converter = PictureConverter()
  }

  /// Throws 65 for a picture that no slot can hold and for effects that fail, 70 when there is no slot although nothing
  /// was cancelled.
  func publish(_ picture: Picture, first: Int64, count: Int64) throws(SluiceError) {
    guard let effects else { return try handOn(picture, first: first, count: count) }
    try effects.results(of: picture, first: first, count: count) { (result, first, count) throws(SluiceError) in
      if !provider.isCancelled { try handOn(result, first: first, count: count) }
    }
  }

  private func handOn(_ picture: Picture, first: Int64, count: Int64) throws(SluiceError) {
    guard let mapping = picture.frame.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(picture.frame.formatName) cannot be used", at: place)
    }
    var description = picture.frame.description(effects?.outputTraits ?? source.traits, format: mapping.format)
    description.pts = source.clock.time(picture.tick)
    if usualSize == nil { usualSize = (picture.frame.width, picture.frame.height) }
    if let still {
      try publish(picture, description, through: still, first: first, count: count)
    } else if mapping.isDirect, let memory = source.memory(of: picture) as? SlotMemory,
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

  /// A still that is scaled on its way: read where the codec put it, or unpacked first where its samples are not planar.
  private func publish(
    _ picture: Picture, _ description: FrameDescription,
    through still: @Sendable (ReadableSlot, WritableSlot) throws(SluiceError) -> Void, first: Int64, count: Int64
  ) throws(SluiceError) {
    guard let slot = provider.acquire() else {
      if provider.isCancelled { return }
      throw SluiceError(.software, "no slot is left for a picture", at: place)
    }
    do throws(SluiceError) {
      var description = description
      if picture.frame.mapping?.isDirect == true, let memory = source.memory(of: picture),
        let planes = picture.frame.planes(at: memory.base, bytes: memory.bytes, format: description.format)
      {
        description.planes = planes
        description.write(to: memory.base)
        try still(ReadableSlot(index: 0, generation: 0, memory: memory.base, bytes: memory.bytes), slot)
        provider.counters.add(.directFrames, 1)
      } else {
        let layout = PlaneLayout(description.format, width: description.width, height: description.height)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: layout.bytes, alignment: Int(SLUICE_PLANE_ALIGN))
        defer { memory.deallocate() }
        description.planes =
          FrameDescription(format: description.format, width: description.width, height: description.height).planes
        let work = try converter.fill(
          memory, format: description.format, width: description.width, height: description.height, from: picture.frame)
        if case .copied(let bytes) = work { provider.counters.add(.copiedBytes, bytes) }
        description.write(to: memory)
        try still(ReadableSlot(index: 0, generation: 0, memory: memory, bytes: layout.bytes), slot)
        provider.counters.add(.fallbackFrames, 1)
      }
    } catch {
      provider.recycle(slot)
      throw error
    }
    provider.publish(slot, first: first, count: count, held: false)
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
