import AVBinding
import FrameModel
import SluiceBase

/// A sound output without pictures: blocks of samples become a file, or a segment file of the whole sound for a `PacketJoiner`.
/// The bytes depend on the settings and the samples alone. Used from one thread at a time.
final class SampleOutput {
  private let output: OutputDescriptor
  private let segment: SegmentWriter?
  private let track: SoundTrack

  /// Opens everything and writes the header. The descriptor stays the caller's and must outlive this. Throws as `PictureOutput`
  /// does. With `asSegment` the encoder is opened as for the container, and its packets go to a segment file.
  init(settings: OutputSettings, fd: Int32, asSegment: Bool = false) throws(SluiceError) {
    AVLog.silence()
    guard let sound = settings.sound else { throw SluiceError(.software, "there is no sound to encode") }
    output = try OutputDescriptor(fd)
    segment = asSegment ? SegmentWriter(output: output) : nil
    let container = try OutputContainer(settings.format, output: output, pictures: false, sound: sound)
    // Without pictures, options of the output are the muxer's.
    if !settings.hasPictures {
      try OutputOptions.apply(settings.options, to: [container.muxer.options(named: container.muxer.name)])
    }
    track = try SoundTrack(sound, container: container, segment: segment)
  }

  /// Encodes a block of the slot at `memory`. It has been read when this returns. Blocks come in order from 0.
  func encode(_ block: SoundBlock, in memory: UnsafeRawPointer) throws(SluiceError) {
    try track.encode(block, in: memory)
  }

  /// Writes what the encoder still holds and the end of the file, and waits until a regular file is on the disk, unless it is a
  /// segment. Returns its size in bytes. To be called once, last.
  func finish() throws(SluiceError) -> UInt64 {
    segment?.frames = track.frames
    try track.finish()
    if segment == nil { try output.synchronize() }
    return UInt64(output.bytes)
  }

  /// Time spent waiting for the reader of a pipe or device.
  var blockedNanoseconds: UInt64 { output.blockedNanoseconds }
}
