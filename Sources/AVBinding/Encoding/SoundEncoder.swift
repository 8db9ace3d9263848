import CAVCodec
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// One libavcodec sound encoder: blocks of samples in, packets out, whose times count samples. A codec's priming comes before
/// time 0; the last packet is as long as what is left, and says what a decoder is to drop. For one thread.
public final class SoundEncoder {
  /// Sample frames a packet where the codec takes any number.
  private static let freeLength = 4096

  public let name: String
  private let codec: EncoderCodec
  private let settings: SoundSettings
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let packet: PacketBox
  private let queue: SampleQueue
  private var length = SoundEncoder.freeLength

  /// A context with everything set but the user's options; `open` follows those. Throws `usage`, naming what it takes, for a
  /// sample rate, channels or samples that it does not take.
  /// - Parameter globalHeader: the container wants the codec's headers once, not in the packets.
  public init(_ codec: EncoderCodec, settings: SoundSettings, globalHeader: Bool) throws(SluiceError) {
    name = codec.name
    let format = try SoundFormat(codec.raw, settings: settings)
    queue = try SampleQueue(format, rate: settings.sampleRate)
    packet = try PacketBox()
    guard let context = avcodec_alloc_context3(codec.raw) else { throw SluiceError(.unavailable, "no memory for an encoder") }
    self.codec = codec
    self.context = context
    self.settings = settings
    context.pointee.sample_rate = Int32(settings.sampleRate)
    context.pointee.sample_fmt = format.samples
    context.pointee.ch_layout = format.layout
    context.pointee.time_base = AVRational(num: 1, den: Int32(settings.sampleRate))
    context.pointee.thread_count = 1
    if settings.bitRate > 0 { context.pointee.bit_rate = settings.bitRate }
    // Encoders that take 32 bits for 24 say so aloud otherwise.
    if format.samples == AV_SAMPLE_FMT_S32 || format.samples == AV_SAMPLE_FMT_S32P, isLossless, !isPCM {
      context.pointee.bits_per_raw_sample = 24
    }
    // Exact arithmetic, no version strings: the bytes depend on the settings alone.
    context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// Its options; `name`: see `OptionTarget`. To be set before `open`.
  public func options(named name: String) -> OptionTarget { OptionTarget(of: self, object: context, name: name) }

  private var properties: Int32 { avcodec_descriptor_get(codec.id)?.pointee.props ?? 0 }
  private var isLossless: Bool { properties & AV_CODEC_PROP_LOSSY == 0 }
  private var isPCM: Bool { name.hasPrefix("pcm_") }

  /// Starts it. Throws `usage` for what it refuses, `unavailable` for what the machine lacks.
  public func open() throws(SluiceError) {
    if settings.bitRate > 0, isLossless {
      throw SluiceError(.usage, "has no bit rate: it keeps every sample", at: name, advice: "leave out --audio-bitrate")
    }
    let (result, lines) = AVLog.captureLines { avcodec_open2(context, codec.raw, nil) }
    guard result >= 0 else {
      let missing = [AVErrorText.noMemory, sluice_averror(ENOSYS)].contains(result)
      let reason = lines.first { $0.isError }?.text ?? AVErrorText.text(result)
      throw SluiceError(
        missing ? .unavailable : .usage, "cannot start the encoder: \(reason)", at: name,
        advice: settings.bitRate > 0 && !missing ? "is \(settings.bitRate) bits a second right?" : "")
    }
    if settings.bitRate > 0, let refused = lines.first(where: { $0.text.contains("clamping") }) {
      throw SluiceError(
        .usage, "\(settings.bitRate) bits a second are more than it makes: \(refused.text)", at: name, advice: "try 192k")
    }
    let takesAny = codec.raw.pointee.capabilities & AV_CODEC_CAP_VARIABLE_FRAME_SIZE != 0 || context.pointee.frame_size <= 0
    length = takesAny ? SoundEncoder.freeLength : Int(context.pointee.frame_size)
  }

  public typealias Receiver = (PacketBox) throws(SluiceError) -> Void

  /// What the container must know of it, once it is open.
  public func parameters() throws(SluiceError) -> CodecParameters { try CodecParameters(of: context) }

  /// Reads the block whole, and hands on the packets that are ready. Packets are lent for the call, which may take their
  /// contents over.
  public func encode(_ block: SoundBlock, in slot: UnsafeRawPointer, packets: Receiver) throws(SluiceError) {
    try queue.put(block, in: slot)
    while queue.count >= length { try send(queue.take(length), packets) }
  }

  /// There are no more: the rest, and what the codec still holds.
  public func finish(packets: Receiver) throws(SluiceError) {
    if queue.count > 0 { try send(queue.take(queue.count), packets) }
    try send(nil, packets)
  }

  private func send(_ frame: UnsafeMutablePointer<AVFrame>?, _ packets: Receiver) throws(SluiceError) {
    while true {
      let (sent, message) = AVLog.capture { avcodec_send_frame(context, frame) }
      if sent == AVErrorText.again {
        try receive(packets)
        continue
      }
      guard sent >= 0 || sent == AVErrorText.endOfFile else { throw failure(sent, message, frame?.pointee.pts) }
      break
    }
    try receive(packets)
  }

  private func receive(_ packets: Receiver) throws(SluiceError) {
    while true {
      let (result, message) = AVLog.capture { avcodec_receive_packet(context, packet.raw) }
      if result == AVErrorText.again || result == AVErrorText.endOfFile { return }
      guard result >= 0 else { throw failure(result, message, nil) }
      defer { packet.clear() }
      try tellPadding()
      try packets(packet)
    }
  }

  /// What a decoder must drop at the end, where the encoder itself does not say.
  private func tellPadding() throws(SluiceError) {
    let missing = Int64(context.pointee.frame_size) - packet.raw.pointee.duration
    guard !isLossless, packet.size > 0, packet.raw.pointee.duration > 0, missing > 0,
      context.pointee.codec_id != AV_CODEC_ID_VORBIS,
      av_packet_get_side_data(packet.raw, AV_PKT_DATA_SKIP_SAMPLES, nil) == nil
    else { return }
    let data = try packet.addSideData(AV_PKT_DATA_SKIP_SAMPLES.rawValue, 10)
    data.storeBytes(of: 0, as: UInt32.self)
    data.storeBytes(of: UInt32(missing).littleEndian, toByteOffset: 4, as: UInt32.self)
    data.storeBytes(of: 0, toByteOffset: 8, as: UInt16.self)
  }

  private func failure(_ code: Int32, _ message: String?, _ sample: Int64?) -> SluiceError {
    SluiceError(
      code == AVErrorText.noMemory ? .unavailable : .software, "cannot encode: \(message ?? AVErrorText.text(code))",
      at: sample.map { "\(name), sample \($0)" } ?? name)
  }
}
