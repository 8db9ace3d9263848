import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// Where an encoder's packets go: into a container, or into a segment file. For one thread.
protocol PacketSink: AnyObject {
  /// Describes the stream, once, before the first packet. `timeBase` is that of the packets.
  func start(
    timeBase: AVRational, rate: Rational, sampleAspect: Rational, encoder: String,
    fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32
  ) throws(SluiceError)
  /// Takes the packet's contents over.
  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(SluiceError)
  /// No more packets: writes the end of the file.
  func finish() throws(SluiceError)
}

extension Muxer: PacketSink {}
