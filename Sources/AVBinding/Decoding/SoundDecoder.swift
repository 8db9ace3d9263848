import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import SluiceBase
import SystemBase

/// libavcodec's decoder of a sound stream. What a container says of encoder delay, priming and padding is cut off by libavcodec itself.
/// Used from one thread.
final class SoundDecoder {
  private let context: UnsafeMutablePointer<AVCodecContext>
  let frame: FrameBox

  /// Throws 65 for a stream that is no sound, 69 when FFmpeg has no decoder for it.
  init(_ demuxer: Demuxer) throws(SluiceError) {
    guard let stream = demuxer.stream, let parameters = stream.pointee.codecpar else {
      throw SluiceError(.badInput, "no such sound stream in this file", at: demuxer.path)
    }
    let name = String(cString: avcodec_get_name(parameters.pointee.codec_id))
    guard let codec = avcodec_find_decoder(parameters.pointee.codec_id) else {
      throw SluiceError(.unavailable, "FFmpeg has no decoder for \(name)", at: demuxer.path)
    }
    frame = try FrameBox()
    guard let context = avcodec_alloc_context3(codec) else { throw SluiceError(.unavailable, "out of memory") }
    self.context = context
    avcodec_parameters_to_context(context, parameters)
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.thread_count = 1
    // What a hostile header may make a decoder allocate for a frame.
    context.pointee.max_samples = 1 << 22
    let (opened, message) = AVLog.capture { avcodec_open2(context, codec, nil) }
    if opened < 0 {  // every field is set, so deinit frees the context
      throw SluiceError(.badInput, "cannot open the \(name) decoder: \(message ?? AVErrorText.text(opened))", at: demuxer.path)
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// nil: the end; what the codec holds back comes out then.
  func send(_ packet: PacketBox?) -> Decoder.Outcome {
    let (code, message) = AVLog.capture { avcodec_send_packet(context, packet?.raw) }
    return Decoder.Outcome(code, message)
  }

  /// Into `frame`.
  func receive() -> Decoder.Outcome {
    let (code, message) = AVLog.capture { avcodec_receive_frame(context, frame.raw) }
    return Decoder.Outcome(code, message)
  }
}
