import AVBinding
import FrameModel
import SluiceBase

/// What becomes of finished pictures: encoded, or written as they are.
protocol PictureConsumer: AnyObject {
  /// Takes the picture and clears the frame; an encoder may keep a reference to it.
  func take(_ frame: FrameBox, number: Int64) throws(SluiceError)
  /// No more pictures: writes what is still held and the end of the file.
  func finish() throws(SluiceError)
  /// Bytes of picture that it moved without computing anything.
  var copiedBytes: UInt64 { get }
}

/// A video output: pictures in memory, and sound beside them where the settings have it, become a file on a descriptor. The
/// bytes depend on the settings, the pictures and the samples alone. Used from one thread at a time; `release` closures may run on any.
final class PictureOutput {
  /// What happened so far.
  struct Tally: Sendable {
    /// Given to the encoder where they lie, and converted first.
    var directFrames: UInt64 = 0
    var convertedFrames: UInt64 = 0
    /// Bytes of picture moved without computing anything.
    var copiedBytes: UInt64 = 0
    /// Private picture buffers made for conversion.
    var buffersCreated: UInt64 = 0
    /// Time spent waiting for the reader of a pipe or device.
    var blockedNanoseconds: UInt64 = 0
  }

  private let settings: OutputSettings
  private let input: PixelFormat
  private let output: OutputDescriptor
  private let pixels: OutputPixelFormat
  private let consumer: any PictureConsumer
  private let converter: OutputConverter?
  private let source: FrameBox
  private let segment: SegmentWriter?
  /// Beside the pictures.
  private let sound: SoundTrack?
  private let isLast: Bool
  private var lastNumber = Int64.min
  private var frames: UInt64 = 0

  /// Opens everything and writes the header. The descriptor stays the caller's and must outlive this.
  /// Throws `usage` for what the user asked wrongly, `unavailable` for what this FFmpeg lacks, `cannotCreate` for
  /// what the output refuses.
  ///
  /// With `asSegment` the packets go to a segment file for a `PacketJoiner`, and no container is made. The encoder is
  /// opened as for the container all the same. Numbers then count from 0 without gaps. Sound has a segment of its own.
  ///
  /// A stream of raw pictures without a container may be written in parts: one that `continues` has no header, and only the
  /// last is waited for until it is on the disk.
  init(
    settings: OutputSettings, input: PixelFormat, fd: Int32, asSegment: Bool = false, continues: Bool = false, isLast: Bool = true
  ) throws(SluiceError) {
    self.isLast = isLast
    AVLog.silence()
    try PictureOutput.check(settings)
    output = try OutputDescriptor(fd)
    segment = asSegment ? SegmentWriter(output: output) : nil
    source = try FrameBox()
    let isRaw = settings.codec == "rawvideo" || settings.codec == "wrapped_avframe"
    let color = settings.color
    let sound = asSegment ? nil : settings.sound
    var container: OutputContainer?
    let pixels: OutputPixelFormat
    switch settings.format {
    case "yuv4mpegpipe" where sound != nil, "rawvideo" where sound != nil:
      throw SluiceError(.usage, "\(settings.format) carries no sound", advice: "use nut, or --no-audio")
    case _ where (continues || !isLast) && !(isRaw && ["yuv4mpegpipe", "rawvideo"].contains(settings.format)):
      throw SluiceError(.software, "\(settings.format) cannot be written in parts")
    case _ where isRaw && asSegment:
      throw SluiceError(.usage, "raw pictures are not encoded in segments", at: settings.format)
    case "yuv4mpegpipe":
      guard isRaw else {
        throw SluiceError(.usage, "yuv4mpegpipe carries only raw pictures", at: settings.codec, advice: "leave out the codec")
      }
      pixels = try OutputPixelFormat(
        for: input, color: color, wanted: settings.pixelFormat, accepted: RawOutput.y4mFormats, encoder: "yuv4mpegpipe")
      try OutputOptions.apply(settings.options, to: [], of: settings.format)
      consumer = try RawOutput(settings: settings, pixels: pixels, output: output, continues: continues)
    case "rawvideo" where isRaw:
      pixels = try OutputPixelFormat(
        for: input, color: color, wanted: settings.pixelFormat, accepted: nil, encoder: "rawvideo")
      try OutputOptions.apply(settings.options, to: [], of: settings.format)
      consumer = try RawOutput(settings: settings, pixels: pixels, output: output, continues: continues)
    case "nut" where isRaw:
      let nut = try OutputContainer("nut", output: output, sound: sound)
      container = nut
      pixels = try OutputPixelFormat(
        for: input, color: color, wanted: settings.pixelFormat, accepted: nil, encoder: "rawvideo")
      try OutputOptions.apply(settings.options, to: [nut.muxer.options(named: "nut")])
      consumer = try RawPacketOutput(settings: settings, pixels: pixels, container: nut)
    default:
      let codec = try EncoderCodec.find(settings.codec)
      let file = try OutputContainer(settings.format, output: output, sound: sound)
      container = file
      pixels = try OutputPixelFormat(
        for: input, color: color, wanted: settings.pixelFormat, accepted: codec.pixelFormats,
        encoder: settings.codec)
      consumer = try CodedOutput(codec: codec, settings: settings, pixels: pixels, container: file, segment: segment)
    }
    if let sound, let container {
      self.sound = try SoundTrack(sound, container: container)
    } else {
      self.sound = nil
    }
    converter = pixels.isConverted ? try OutputConverter(pixels, width: settings.width, height: settings.height) : nil
    self.pixels = pixels
    self.settings = settings
    self.input = input
  }

  private static func check(_ settings: OutputSettings) throws(SluiceError) {
    guard (1...65535).contains(settings.width), (1...65535).contains(settings.height) else {
      throw SluiceError(.usage, "a picture of \(settings.width)x\(settings.height) cannot be encoded")
    }
    guard settings.rate > .zero, settings.rate.num <= Int32.max, settings.rate.den <= Int32.max else {
      throw SluiceError(.usage, "\(settings.rate) frames a second cannot be written exactly")
    }
    guard settings.sampleAspect > .zero, (1...256).contains(settings.threads) else {
      throw SluiceError(.usage, "threads must be 1 to 256, the sample aspect above zero")
    }
  }

  /// Encodes one picture: `bytes` of slot at `memory`, laid out as `description` says. `number` becomes its time in
  /// frames and must rise. The memory is read in place and must not change until `release` is called: exactly once,
  /// on any thread, also when this throws.
  func encode(
    _ memory: UnsafeRawPointer, bytes: Int, description: FrameDescription, number: Int64,
    release: @escaping @Sendable () -> Void
  ) throws(SluiceError) {
    guard description.width == settings.width, description.height == settings.height, description.format == input else {
      release()
      let got = "\(description.width)x\(description.height) \(description.format)"
      throw SluiceError(.software, "frame \(number) is \(got), not \(settings.width)x\(settings.height) \(input)")
    }
    guard segment.map({ number == $0.frames }) ?? (number > lastNumber) else {
      release()
      throw SluiceError(.software, "frame \(number) came after frame \(lastNumber)")
    }
    lastNumber = number
    try source.wrap(memory, bytes: bytes, description: description, as: pixels.source, release: release)
    defer { source.clear() }
    frames += 1
    segment?.frames += 1
    guard let converter else {
      source.reinterpret(as: pixels.target)  // the yuvj twin, where the encoder wants that
      source.tag(pixels.color, sampleAspect: settings.sampleAspect, pts: number)
      try consumer.take(source, number: number)
      return
    }
    source.tag(pixels.sourceColor, sampleAspect: settings.sampleAspect, pts: number)
    let converted = try converter.convert(source)
    source.clear()
    converted.tag(pixels.color, sampleAspect: settings.sampleAspect, pts: number)
    try consumer.take(converted, number: number)
  }

  /// Encodes a block of sound of the slot at `memory`, which has been read when this returns. Blocks come in order from 0.
  func encode(_ block: SoundBlock, in memory: UnsafeRawPointer) throws(SluiceError) {
    guard let sound else { throw SluiceError(.software, "this output has no sound") }
    try sound.encode(block, in: memory)
  }

  /// Writes what the encoder still holds and the end of the file, and waits until a regular file is on the disk, unless it
  /// is a segment, which is read soon and then gone. Returns its size in bytes. To be called once, last.
  func finish() throws(SluiceError) -> UInt64 {
    try consumer.finish()
    try sound?.finish()
    if segment == nil && isLast { try output.synchronize() }
    return UInt64(output.bytes)
  }

  var tally: Tally {
    var tally = Tally()
    tally.directFrames = converter == nil ? frames : 0
    tally.convertedFrames = frames - tally.directFrames
    tally.copiedBytes = consumer.copiedBytes
    tally.buffersCreated = UInt64(converter?.buffersCreated ?? 0)
    tally.blockedNanoseconds = output.blockedNanoseconds
    return tally
  }
}
