import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// What a container must know of a stream besides its codec parameters.
struct PacketStream {
  /// Of the packets.
  var timeBase: AVRational
  /// Name of the encoder that made them.
  var encoder: String
  /// nil: sound.
  var pictures: Pictures?

  struct Pictures {
    var rate: Rational
    var sampleAspect: Rational
  }

  static func pictures(_ settings: OutputSettings, encoder: String) -> PacketStream {
    PacketStream(
      timeBase: AVRational(Rational.one / settings.rate), encoder: encoder,
      pictures: Pictures(rate: settings.rate, sampleAspect: settings.sampleAspect))
  }

  static func sound(_ settings: SoundSettings, encoder: String) -> PacketStream {
    PacketStream(timeBase: AVRational(num: 1, den: Int32(settings.sampleRate)), encoder: encoder, pictures: nil)
  }
}

/// Where an encoder's packets go: to a stream of a container, or into a segment file. For one thread.
protocol PacketSink: AnyObject {
  /// Describes the stream, once, before the first packet. `fill` gives its codec parameters.
  func start(_ stream: PacketStream, fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32) throws(SluiceError)
  /// Takes the packet's contents over.
  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(SluiceError)
  /// No more packets of this stream; the end of the file follows the last one's.
  func finish() throws(SluiceError)
}
