import AVBinding
import FrameModel
import SluiceBase

/// What a container must know of a stream besides its codec parameters.
struct PacketStream {
  /// Of the packets.
  var timeBase: Rational
  /// Name of the encoder that made them.
  var encoder: String
  /// nil: sound.
  var pictures: Muxer.Pictures?

  static func pictures(_ settings: OutputSettings, encoder: String) -> PacketStream {
    PacketStream(
      timeBase: .one / settings.rate, encoder: encoder,
      pictures: Muxer.Pictures(rate: settings.rate, sampleAspect: settings.sampleAspect))
  }

  static func sound(_ settings: SoundSettings, encoder: String) -> PacketStream {
    PacketStream(timeBase: Rational(1, Int64(settings.sampleRate)), encoder: encoder, pictures: nil)
  }
}

/// Where an encoder's packets go: to a stream of a container, or into a segment file. For one thread.
protocol PacketSink: AnyObject {
  /// Describes the stream, once, before the first packet.
  func start(_ stream: PacketStream, _ parameters: CodecParameters) throws(SluiceError)
  /// Takes the packet's contents over.
  func write(_ packet: PacketBox) throws(SluiceError)
  /// No more packets of this stream; the end of the file follows the last one's.
  func finish() throws(SluiceError)
}
