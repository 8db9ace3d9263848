import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// What a container must know of a coded stream: owns an `AVCodecParameters`. Used from one thread at a time.
public final class CodecParameters {
  let raw: UnsafeMutablePointer<AVCodecParameters>

  init() throws(SluiceError) {
    guard let raw = avcodec_parameters_alloc() else { throw SluiceError(.unavailable, "no memory for a stream") }
    self.raw = raw
  }

  deinit {
    var raw: UnsafeMutablePointer<AVCodecParameters>? = raw
    avcodec_parameters_free(&raw)
  }

  /// Those of an open encoder.
  convenience init(of context: UnsafeMutablePointer<AVCodecContext>) throws(SluiceError) {
    try self.init()
    guard avcodec_parameters_from_context(raw, context) >= 0 else { throw SluiceError(.unavailable, "no memory for a stream") }
  }

  /// Those of pictures that are not encoded.
  public convenience init(
    uncoded format: CodecPixelFormat, width: Int, height: Int, sampleAspect: Rational
  ) throws(SluiceError) {
    try self.init()
    raw.pointee.codec_type = AVMEDIA_TYPE_VIDEO
    raw.pointee.codec_id = AV_CODEC_ID_RAWVIDEO
    raw.pointee.codec_tag = avcodec_pix_fmt_to_codec_tag(format.raw)
    raw.pointee.format = format.raw.rawValue
    raw.pointee.width = Int32(width)
    raw.pointee.height = Int32(height)
    raw.pointee.sample_aspect_ratio = AVRational(sampleAspect)
  }

  /// FFmpeg's name of the codec.
  public var codec: String { String(cString: avcodec_get_name(raw.pointee.codec_id)) }
  /// Pictures by which packets are decoded before they are shown, as far as the encoder knew.
  public var videoDelay: Int { Int(raw.pointee.video_delay) }
  public var sampleRate: Int { Int(raw.pointee.sample_rate) }
  /// Samples that the encoder puts before the first one.
  public var initialPadding: Int {
    get { Int(raw.pointee.initial_padding) }
    set { raw.pointee.initial_padding = Int32(newValue) }
  }

  // MARK: As bytes

  /// All fields, little-endian; equal bytes are equal parameters. Numbers of enumerations are those of this libavcodec.
  public var bytes: [UInt8] {
    let from = raw.pointee
    var out = LittleEndianWriter()
    out.append(text: codec)
    out.append(from.codec_type.rawValue)
    out.append(from.codec_tag)
    out.append(from.format)
    out.append(from.bit_rate)
    for value in [from.bits_per_coded_sample, from.bits_per_raw_sample, from.profile, from.level, from.width, from.height] {
      out.append(value)
    }
    out.append(from.sample_aspect_ratio.num)
    out.append(from.sample_aspect_ratio.den)
    out.append(from.field_order.rawValue)
    out.append(from.color_range.rawValue)
    out.append(from.color_primaries.rawValue)
    out.append(from.color_trc.rawValue)
    out.append(from.color_space.rawValue)
    out.append(from.chroma_location.rawValue)
    out.append(from.video_delay)
    out.append(from.ch_layout.nb_channels)
    out.append(from.ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? from.ch_layout.u.mask : 0)
    for value in [
      from.sample_rate, from.block_align, from.frame_size, from.initial_padding, from.trailing_padding, from.seek_preroll,
    ] {
      out.append(value)
    }
    out.append(UInt32(from.extradata_size))
    out.append(UnsafeRawBufferPointer(start: from.extradata, count: Int(from.extradata_size)))
    return out.bytes
  }

  /// What `bytes` said. nil when they mean no parameters.
  public convenience init?(bytes: [UInt8]) throws(SluiceError) {
    try self.init()
    var fields = LittleEndianReader(bytes)
    guard let codec = avcodec_descriptor_get_by_name(fields.text()) else { return nil }
    raw.pointee.codec_id = codec.pointee.id
    raw.pointee.codec_type = AVMediaType(rawValue: fields.next())
    raw.pointee.codec_tag = fields.next()
    raw.pointee.format = fields.next()
    raw.pointee.bit_rate = fields.next()
    raw.pointee.bits_per_coded_sample = fields.next()
    raw.pointee.bits_per_raw_sample = fields.next()
    raw.pointee.profile = fields.next()
    raw.pointee.level = fields.next()
    raw.pointee.width = fields.next()
    raw.pointee.height = fields.next()
    raw.pointee.sample_aspect_ratio.num = fields.next()
    raw.pointee.sample_aspect_ratio.den = fields.next()
    raw.pointee.field_order = AVFieldOrder(rawValue: fields.next())
    raw.pointee.color_range = AVColorRange(rawValue: fields.next())
    raw.pointee.color_primaries = AVColorPrimaries(rawValue: fields.next())
    raw.pointee.color_trc = AVColorTransferCharacteristic(rawValue: fields.next())
    raw.pointee.color_space = AVColorSpace(rawValue: fields.next())
    raw.pointee.chroma_location = AVChromaLocation(rawValue: fields.next())
    raw.pointee.video_delay = fields.next()
    let channels: Int32 = fields.next(), mask: UInt64 = fields.next()
    if mask != 0 {
      guard av_channel_layout_from_mask(&raw.pointee.ch_layout, mask) >= 0 else { return nil }
    } else {
      raw.pointee.ch_layout.nb_channels = channels
    }
    guard raw.pointee.ch_layout.nb_channels == channels else { return nil }
    raw.pointee.sample_rate = fields.next()
    raw.pointee.block_align = fields.next()
    raw.pointee.frame_size = fields.next()
    raw.pointee.initial_padding = fields.next()
    raw.pointee.trailing_padding = fields.next()
    raw.pointee.seek_preroll = fields.next()
    let extra = fields.bytes(Int(fields.next(UInt32.self)))
    guard fields.isWhole else { return nil }
    guard !extra.isEmpty else { return }
    guard let memory = av_mallocz(extra.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else {
      throw SluiceError(.unavailable, "no memory for a stream")
    }
    extra.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: extra.count) }
    raw.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
    raw.pointee.extradata_size = Int32(extra.count)
  }
}
