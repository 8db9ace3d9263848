import AVBinding
import FrameModel
import SluiceBase

/// Joins segment files into one container without encoding again: those of the pictures in order, and between them, by decoding
/// time, the packets of that of the sound. One packet of each is in memory at a time. For one thread.
///
/// Times: a segment's count from 0 and are shifted by its first frame. Packets of a codec that reorders come in with
/// decoding times `delay` frames early, so those of consecutive segments follow each other without a gap; only an
/// encoder that got fewer frames than it delays does not know its delay, and has its decoding times lowered here.
final class PacketJoiner {
  private let settings: OutputSettings
  private let encoderName: String
  private let output: OutputDescriptor
  private let pictures: any PacketSink
  private let sound: JoinedSound?
  private let packet: PacketBox
  private var parameters: [UInt8]?
  /// Frames by which packets are decoded before they are shown.
  private var delay: Int64 = 0
  private var endFrame: Int64 = 0
  private var lastDecodingTime = Int64.min

  /// Opens the container and takes the options that are not the encoder's. Nothing is written before the first
  /// segment. The descriptor stays the caller's and must outlive this. Throws as `PictureOutput` does. With sound in the
  /// settings its segment must be given before the pictures'.
  init(settings: OutputSettings, fd: Int32) throws(SluiceError) {
    AVLog.silence()
    output = try OutputDescriptor(fd)
    let container = try OutputContainer(
      settings.format, output: output, pictures: settings.hasPictures, sound: settings.sound)
    pictures = container.track()
    encoderName = settings.hasPictures ? try PacketJoiner.tellApart(settings, container) : ""
    sound = try settings.sound.map { (wanted) throws(SluiceError) in try JoinedSound(wanted, container) }
    packet = try PacketBox()
    self.settings = settings
  }

  /// The encoder took its own options when it made the segments: here they are only told apart from the muxer's.
  private static func tellApart(_ settings: OutputSettings, _ container: OutputContainer) throws(SluiceError) -> String {
    let codec = try EncoderCodec.find(settings.codec)
    try container.check(codec, encoder: settings.codec)
    try OutputOptions.apply(
      settings.options,
      to: [codec.options(named: settings.codec), container.muxer.options(named: settings.format)])
    return codec.name
  }

  /// Gives the segment of the whole sound, before the first of the pictures. The descriptor must stay open until `finish`. The
  /// file is checked whole. Throws `software` for a file that is cut off, damaged, of another length or other settings.
  func appendSound(_ segment: Int32, frames: Int64) throws(SluiceError) {
    guard let sound, parameters == nil else {
      throw SluiceError(.software, "came when no sound was to be joined", at: JoinedSound.place)
    }
    try sound.open(segment, frames: frames)
    if !settings.hasPictures { try sound.start() }
  }

  /// Adds the segment of output frames `firstFrame ..< firstFrame + frames`, whose file is read from its start; the
  /// descriptor's position stays as it is, and it may be closed afterwards. Segments come in order, without gaps, the
  /// first at frame 0. The file is checked whole before anything of it is written.
  /// Throws `software`, naming the segment, for a file that is cut off, damaged, of other length or other settings;
  /// `cannotCreate` and `usage` as the container does.
  func append(_ segment: Int32, firstFrame: Int64, frames: Int64) throws(SluiceError) {
    let place = PacketJoiner.place(firstFrame, frames)
    guard firstFrame == endFrame else {
      throw SluiceError(.software, "came when that of frame \(endFrame) was to be joined", at: place)
    }
    var reader = try SegmentReader(segment, place: place)
    guard reader.frames == frames else { throw SluiceError(.software, "holds \(reader.frames) frames", at: place) }
    let early = try -(reader.firstDecodingTime() ?? 0)
    try begin(reader, early: early, place)
    let lowering = max(0, delay - early)
    try reader.forEach(packet) { (pts) throws(SluiceError) in
      let decoded = max(packet.decodingTime + firstFrame - lowering, lastDecodingTime + 1)
      guard decoded <= pts + firstFrame else {
        throw SluiceError(.software, "frame \(pts + firstFrame) would be shown before it is decoded", at: place)
      }
      packet.pts = pts + firstFrame
      packet.dts = decoded
      lastDecodingTime = decoded
      try sound?.write(before: PacketTime(ticks: decoded, timeBase: .one / settings.rate))
      try pictures.write(packet)
    }
    endFrame += frames
  }

  /// Writes the end of the file, and waits until a regular file is on the disk. Returns its size in bytes. To be
  /// called once, last.
  func finish() throws(SluiceError) -> UInt64 {
    guard parameters != nil || !settings.hasPictures else { throw SluiceError(.software, "there is no segment to join") }
    if settings.hasPictures { try pictures.finish() }
    try sound?.finish()
    try output.synchronize()
    return UInt64(output.bytes)
  }

  /// Time spent waiting for the reader of a pipe or device.
  var blockedNanoseconds: UInt64 { output.blockedNanoseconds }

  /// Writes the header from what the first segment says of itself; the others must say the same.
  private func begin(_ reader: SegmentReader, early: Int64, _ place: String) throws(SluiceError) {
    if let parameters {
      guard reader.parameters == parameters else {
        throw SluiceError(.software, "its codec parameters are not those of the segments before", at: place)
      }
      return
    }
    guard reader.counts(in: .one / settings.rate) else {
      throw SluiceError(.software, "was encoded at another frame rate", at: place)
    }
    guard let described = try CodecParameters(bytes: reader.parameters) else {
      throw SluiceError(.unavailable, "no memory for a stream")
    }
    delay = max(Int64(described.videoDelay), early)
    try pictures.start(.pictures(settings, encoder: encoderName), described)
    parameters = reader.parameters
    try sound?.start()
  }
}
