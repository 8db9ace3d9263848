import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

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
  private let path: String
  /// Why what could not be decoded last never will be: a picture that is too large (65). nil: what follows may be.
  public private(set) var refusal: SluiceError?

  /// Throws 65 for a stream without a usable size, 69 when FFmpeg has no decoder for it.
  public init(_ demuxer: Demuxer, threads: Int, allocator: any PictureAllocator) throws(SluiceError) {
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
    buffers = DirectBuffers(allocator)
    avcodec_parameters_to_context(context, parameters)
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.thread_count = Int32(max(1, threads))
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
    let (opened, message) = AVLog.capture { avcodec_open2(context, codec, nil) }
    if opened < 0 {  // every field is set, so deinit frees the context
      let reason = message ?? AVErrorText.text(opened)
      throw SluiceError(.badInput, "cannot open the \(name) decoder: \(reason)", at: demuxer.path)
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
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
  public func flush() { avcodec_flush_buffers(context) }

  /// The allocator's memory in which a frame of this decoder lies; nil when libavcodec used its own.
  public func memory(of frame: FrameBox) -> (any PictureMemory)? {
    guard let buffer = frame.raw.pointee.buf.0, frame.raw.pointee.buf.1 == nil else { return nil }
    return buffers.memory(at: buffer.pointee.data)
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
    if code >= 0 { return .done }
    if code == AVErrorText.again { return .blocked }
    if code == AVErrorText.endOfFile { return .end }
    if code == AVErrorText.noMemory { ShortMemory.check() }
    if refusal == nil { refusal = PictureBound.refusal(message, path: path) }
    return .damaged(message ?? AVErrorText.text(code))
  }
}

/// Turns an allocator's memory into the `AVBufferRef`s of `get_buffer2`, and finds it again from a frame's buffer.
/// Thread-safe.
private final class DirectBuffers: Sendable {
  private let allocator: any PictureAllocator
  private let live = Monitor<[UInt: any PictureMemory]>([:])

  init(_ allocator: any PictureAllocator) { self.allocator = allocator }

  func memory(at data: UnsafeMutablePointer<UInt8>?) -> (any PictureMemory)? {
    live.with { $0[UInt(bitPattern: data)] }
  }

  /// `get_buffer2`: see `libavcodec/avcodec.h`.
  func provide(
    _ codec: UnsafeMutablePointer<AVCodecContext>, _ frame: UnsafeMutablePointer<AVFrame>, _ flags: Int32
  ) -> Int32 {
    let format = AVPixelFormat(frame.pointee.format)
    guard codec.pointee.codec.pointee.capabilities & AV_CODEC_CAP_DR1 != 0,
      PixelFormatMap.mapping(format)?.isDirect == true,
      let layout = DirectLayout(codec, format: format, width: frame.pointee.width, height: frame.pointee.height),
      let memory = allocator.memory(bytes: layout.bytes)
    else { return avcodec_default_get_buffer2(codec, frame, flags) }

    let base = memory.base.assumingMemoryBound(to: UInt8.self)
    let lease = Unmanaged.passRetained(Lease(memory, self))
    // Read-only: a codec that changes its last picture in place must take a new one; ours may be on its way already.
    let buffer = av_buffer_create(
      base, layout.bytes,
      { opaque, data in
        guard let opaque else { return }
        let lease = Unmanaged<Lease>.fromOpaque(opaque).takeRetainedValue()
        lease.owner.live.with { $0[UInt(bitPattern: data)] = nil }
        lease.memory.letGo()
      }, lease.toOpaque(), AV_BUFFER_FLAG_READONLY)
    guard let buffer else {
      lease.release()
      memory.letGo()
      return AVErrorText.noMemory
    }
    live.with { $0[UInt(bitPattern: base)] = memory }
    frame.pointee.buf.0 = buffer
    func place(_ plane: Int, _ offset: Int) -> UnsafeMutablePointer<UInt8>? { plane < layout.planes ? base + offset : nil }
    frame.pointee.data.0 = place(0, layout.offset.0)
    frame.pointee.data.1 = place(1, layout.offset.1)
    frame.pointee.data.2 = place(2, layout.offset.2)
    frame.pointee.data.3 = place(3, layout.offset.3)
    frame.pointee.linesize.0 = layout.stride.0
    frame.pointee.linesize.1 = layout.stride.1
    frame.pointee.linesize.2 = layout.stride.2
    frame.pointee.linesize.3 = layout.stride.3
    frame.pointee.extended_data = UnsafeMutableRawPointer(frame).advanced(by: MemoryLayout<AVFrame>.offset(of: \.data) ?? 0)
      .assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
    return 0
  }

  /// Retained by the `AVBuffer`.
  private final class Lease {
    let memory: any PictureMemory
    let owner: DirectBuffers
    init(_ memory: any PictureMemory, _ owner: DirectBuffers) {
      self.memory = memory
      self.owner = owner
    }
  }
}
