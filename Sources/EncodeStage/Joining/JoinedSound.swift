import AVBinding
import FrameModel
import SluiceBase

/// The sound of an output that is joined: the packets of its segment file, one at a time, when their time has come.
final class JoinedSound {
  static let place = "segment of the sound"
  private let settings: SoundSettings
  private let encoderName: String
  private let sink: any PacketSink
  private let packet: PacketBox
  private var reader: SegmentReader?
  private var hasPacket = false
  private var packets: Int64 = 0

  /// Takes the muxer's options from those of the sound; the encoder has had its own.
  init(_ settings: SoundSettings, _ container: OutputContainer) throws(SluiceError) {
    let codec = try EncoderCodec.find(settings.codec, for: .sound)
    try container.check(codec, encoder: settings.codec, isSound: true)
    packet = try PacketBox()
    self.settings = settings
    encoderName = codec.name
    sink = container.track()
    let muxer = container.muxer
    try OutputOptions.apply(
      SoundTrack.options(of: settings), to: [codec.options(named: encoderName), muxer.options(named: muxer.name)], for: .sound)
  }

  func open(_ segment: Int32, frames: Int64) throws(SluiceError) {
    guard reader == nil else { throw SluiceError(.software, "came twice", at: JoinedSound.place) }
    let reader = try SegmentReader(segment, place: JoinedSound.place)
    guard reader.frames == frames else {
      throw SluiceError(.software, "holds \(reader.frames) sample frames", at: JoinedSound.place)
    }
    guard reader.counts(in: tick) else {
      throw SluiceError(.software, "was encoded at another sample rate", at: JoinedSound.place)
    }
    self.reader = reader
  }

  /// Adds the stream to the muxer, as the second where there are pictures.
  func start() throws(SluiceError) {
    guard let reader else { throw SluiceError(.software, "was not given before the pictures", at: JoinedSound.place) }
    guard let parameters = try CodecParameters(bytes: reader.parameters) else {
      throw SluiceError(.unavailable, "no memory for a stream")
    }
    try sink.start(.sound(settings, encoder: encoderName), parameters)
    try advance()
  }

  /// Writes what is decoded before a picture of that time.
  func write(before time: PacketTime) throws(SluiceError) {
    while hasPacket, PacketTime(ticks: packet.decodingTime, timeBase: tick) < time {
      try sink.write(packet)
      try advance()
    }
  }

  private var tick: Rational { Rational(1, Int64(settings.sampleRate)) }

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
    packet.clear()
    hasPacket = try reader?.next(packet) ?? false
    if hasPacket { packets += 1 }
  }
}
