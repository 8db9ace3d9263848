import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase
import SystemBase

/// Decodes the video stream of a `Demuxer`, into memory of a `PictureAllocator` where the codec can. Used from one
/// thread; the allocator is called on libavcodec's threads.
public final class Decoder {
  /// Answer to a packet, or to the wish for a picture.
  public enum Outcome: Equatable, Sendable {
    case done
    /// Pictures must be taken out first, or packets be put in.
    case blocked
    case end
    /// It cannot be decoded; what follows may be.
    case damaged(String)
  }

  let context: UnsafeMutablePointer<AVCodecContext>
  private let buffers: DirectBuffers
  private let signs = DamageSigns()
  private let path: String
  /// Why what could not be decoded last never will be: a picture that is too large (65). nil: what follows may be.
  public private(set) var refusal: SluiceError?

  /// - Parameters:
  ///   - live: where the memory of the pictures can be found again; give the same one to a decoder that replaces another.
  ///   - clears: pictures are zeroed before the codec gets them, so that what it leaves out does not show what was there.
  ///     It is always so for codecs that leave something out without a word.
  ///
  /// Throws 65 for a stream without a usable size, 69 when FFmpeg has no decoder for it.
  public init(
    _ demuxer: Demuxer, threads: Int, allocator: any PictureAllocator, live: LivePictures = LivePictures(), clears: Bool = false
  ) throws(SluiceError) {
    guard let stream = demuxer.stream, let parameters = stream.pointee.codecpar else {
      throw SluiceError(.badInput, "no video in this file", at: demuxer.path)
    }
    path = demuxer.path
    try PictureBound.check(
      Int(parameters.pointee.width), Int(parameters.pointee.height), AVPixelFormat(parameters.pointee.format), path: path)
    let name = String(cString: avcodec_get_name(parameters.pointee.codec_id))
    guard let codec = Self.codec(stream) else {
      throw SluiceError(.unavailable, "FFmpeg has no decoder for \(name)", at: demuxer.path)
    }
    guard let context = avcodec_alloc_context3(codec) else { throw SluiceError(.unavailable, "out of memory") }
    self.context = context
    buffers = DirectBuffers(
      allocator, live, signs, clears: clears || !Self.alwaysFills(parameters.pointee.codec_id))
    avcodec_parameters_to_context(context, parameters)
    context.pointee.pkt_timebase = stream.pointee.time_base
    // Pictures of HEVC that are damaged without a word depend on who decodes beside them: its threads would decide about bytes.
    context.pointee.thread_count = parameters.pointee.codec_id == AV_CODEC_ID_HEVC ? 1 : Int32(max(1, threads))
    context.pointee.thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE
    context.pointee.max_pixels = Int64(PictureBound.pixels)
    _ = PictureBound.installed
    context.pointee.opaque = Unmanaged.passUnretained(buffers).toOpaque()
    sluice_thread_safe_callbacks(context)
    context.pointee.get_buffer2 = { codec, frame, flags in
      guard let codec, let frame, let opaque = codec.pointee.opaque else { return AVErrorText.invalidData }
      let buffers = Unmanaged<DirectBuffers>.fromOpaque(opaque).takeUnretainedValue()
      return buffers.provide(codec, frame, flags)
    }
    AVLog.watch(context.pointee.opaque, signs)
    let (opened, message) = AVLog.capture { avcodec_open2(context, codec, nil) }
    signs.forget()  // of the stream's header: the same from every place
    if opened < 0 {  // every field is set, so deinit frees the context
      let reason = message ?? AVErrorText.text(opened)
      throw SluiceError(.badInput, "cannot open the \(name) decoder: \(reason)", at: demuxer.path)
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    AVLog.watch(context?.pointee.opaque, nil)
    avcodec_free_context(&context)
  }

  /// nil: the end; what the codec holds back comes out then.
  public func send(_ packet: PacketBox?) -> Outcome {
    let (code, message) = AVLog.capture { avcodec_send_packet(context, packet?.raw) }
    return outcome(code, message)
  }

  public func receive(into frame: FrameBox) -> Outcome {
    let (code, message) = AVLog.capture { avcodec_receive_frame(context, frame.raw) }
    return outcome(code, message)
  }

  /// Pictures that the codec may hold back to put them in order, as far as it knows by now.
  public var reorder: Int { Int(max(0, context.pointee.has_b_frames)) }

  /// Whether pictures that no other refers to are left out. Holds for the packets sent from now on.
  public var skipsUnreferenced: Bool {
    get { context.pointee.skip_frame == AVDISCARD_NONREF }
    set { context.pointee.skip_frame = newValue ? AVDISCARD_NONREF : AVDISCARD_DEFAULT }
  }

  /// Forgets everything: what follows comes from another place of the file, or after the end.
  public func flush() {
    avcodec_flush_buffers(context)
    signs.forget()
  }

  /// What the codec complained of since the last call, on whatever thread, except in pictures before `tick`: the last line.
  /// nil: nothing. All that touches a picture has been seen when that picture comes out; of later ones something may be.
  public func takeSign(from tick: Int64?) -> String? { signs.take(from: tick) }

  /// No picture depends on another.
  public var isIntraOnly: Bool {
    avcodec_descriptor_get(context.pointee.codec_id).map { $0.pointee.props & AV_CODEC_PROP_INTRA_ONLY != 0 } ?? false
  }

  /// Codecs that write every sample of a picture, or conceal what is missing, or say that something is wrong.
  ///
  /// VP8 and HEVC show, or predict from, samples that damaged data did not set, without an error.
  private static func alwaysFills(_ codec: AVCodecID) -> Bool {
    switch codec {
    case AV_CODEC_ID_H264, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4, AV_CODEC_ID_VP9: true
    default: false
    }
  }

  /// FFmpeg's own decoders of VP8 and VP9 leave alpha out; libvpx is taken where the stream has it.
  private static func codec(_ stream: UnsafeMutablePointer<AVStream>) -> UnsafePointer<AVCodec>? {
    let id = stream.pointee.codecpar.pointee.codec_id
    let mode = av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0).map { String(cString: $0.pointee.value) }
    if mode == "1", id == AV_CODEC_ID_VP8 || id == AV_CODEC_ID_VP9 {
      return avcodec_find_decoder_by_name(id == AV_CODEC_ID_VP8 ? "libvpx" : "libvpx-vp9")
    }
    return avcodec_find_decoder(id)
  }

  private func outcome(_ code: Int32, _ message: String?) -> Outcome {
    let outcome = Outcome(code, message)
    if case .damaged = outcome, refusal == nil { refusal = PictureBound.refusal(message, path: path) }
    return outcome
  }
}

extension Decoder.Outcome {
  /// What libavcodec's answer means, with what it said meanwhile.
  init(_ code: Int32, _ message: String?) {
    if code >= 0 {
      self = .done
    } else if code == AVErrorText.again {
      self = .blocked
    } else if code == AVErrorText.endOfFile {
      self = .end
    } else {
      if code == AVErrorText.noMemory { ShortMemory.check() }
      self = .damaged(message ?? AVErrorText.text(code))
    }
  }
}
