import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// The sound of an output that is joined: the packets of its segment file, one at a time, when their time has come.
final class JoinedSound {
  static let place = "segment of the sound"
  private let settings: SoundSettings
  private let encoderName: String
  private let sink: any PacketSink
  private let packet: UnsafeMutablePointer<AVPacket>
  private var reader: SegmentReader?
  private var hasPacket = false
  private var packets: Int64 = 0

  /// Takes the muxer's options from those of the sound; the encoder has had its own.
  init(_ settings: SoundSettings, _ muxer: Muxer) throws(SluiceError) {
    let codec = try Encoder.find(settings.codec, for: AVMEDIA_TYPE_AUDIO)
    try muxer.check(codec.pointee.id, encoder: settings.codec, isSound: true)
    var context = avcodec_alloc_context3(codec)
    defer { avcodec_free_context(&context) }
    guard let context, let packet = av_packet_alloc() else { throw SluiceError(.unavailable, "no memory for a muxer") }
    self.packet = packet
    self.settings = settings
    encoderName = String(cString: codec.pointee.name)
    sink = muxer.track()
    try OutputOptions.apply(
      SoundEncoder.options(of: settings),
      to: [
        OutputOptions.Target(object: context, name: encoderName),
        OutputOptions.Target(object: muxer.context, name: muxer.name),
      ], for: .sound)
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  func open(_ segment: Int32, frames: Int64) throws(SluiceError) {
    guard reader == nil else { throw SluiceError(.software, "came twice", at: JoinedSound.place) }
    let reader = try SegmentReader(segment, place: JoinedSound.place)
    guard reader.frames == frames else {
      throw SluiceError(.software, "holds \(reader.frames) sample frames", at: JoinedSound.place)
    }
    guard reader.timeBase.num == 1, reader.timeBase.den == settings.sampleRate else {
      throw SluiceError(.software, "was encoded at another sample rate", at: JoinedSound.place)
    }
    self.reader = reader
  }

  /// Adds the stream to the muxer, as the second where there are pictures.
  func start() throws(SluiceError) {
    guard let reader else { throw SluiceError(.software, "was not given before the pictures", at: JoinedSound.place) }
    try sink.start(.sound(settings, encoder: encoderName)) { SegmentFile.read(reader.parameters, into: $0) }
    try advance()
  }

  /// Writes what is decoded before a picture of that time.
  func write(before time: Int64, _ timeBase: AVRational) throws(SluiceError) {
    let ours = AVRational(num: 1, den: Int32(settings.sampleRate))
    while hasPacket, av_compare_ts(PacketMerger.time(packet), ours, time, timeBase) < 0 {
      try sink.write(packet)
      try advance()
    }
  }

  /// Writes the rest and ends the stream.
  func finish() throws(SluiceError) {
    while hasPacket {
      try sink.write(packet)
      try advance()
    }
    guard let reader, packets == reader.packets else {
      throw SluiceError(.software, "holds \(packets) packets, not \(reader?.packets ?? 0)", at: JoinedSound.place)
    }
    try sink.finish()
  }

  private func advance() throws(SluiceError) {
    av_packet_unref(packet)
    hasPacket = try reader?.next(packet) ?? false
    if hasPacket { packets += 1 }
  }
}
