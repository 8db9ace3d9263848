import CAVCodec
import CAVFormat
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// One libavformat muxer with one video stream, written to a descriptor. For one thread.
final class Muxer {
  let name: String
  let context: UnsafeMutablePointer<AVFormatContext>
  private let output: OutputDescriptor
  private let io: UnsafeMutablePointer<AVIOContext>
  private var timeBase = AVRational(num: 1, den: 1)
  private var isStarted = false

  /// The muxer of that name. `usage` for an unknown one and for one that makes files of its own.
  static func find(_ name: String) throws(SluiceError) -> UnsafePointer<AVOutputFormat> {
    var names: [String] = []
    var state: UnsafeMutableRawPointer?
    while let format = av_muxer_iterate(&state) {
      let its = String(cString: format.pointee.name)
      guard its.split(separator: ",").contains(Substring(name)) else {
        names.append(its)
        continue
      }
      guard format.pointee.flags & AVFMT_NOFILE == 0, name != "image2" else {
        let advice = name == "image2" ? "image2pipe writes pictures one after another into one" : "choose mp4, matroska or nut"
        throw SluiceError(.usage, "the format \(name) makes files of its own", advice: advice)
      }
      return format
    }
    let users = OutputFormat.all.map(\.name) + names
    throw SluiceError(
      .usage, "there is no format \(name)",
      advice: NearestName.of(name, in: users).map { "did you mean \($0)?" } ?? "`ffmpeg -muxers` lists those that there are")
  }

  init(_ format: UnsafePointer<AVOutputFormat>, output: OutputDescriptor) throws(SluiceError) {
    var context: UnsafeMutablePointer<AVFormatContext>?
    guard avformat_alloc_output_context2(&context, format, nil, nil) >= 0, let context else {
      throw SluiceError(.unavailable, "no memory for a muxer")
    }
    let opaque = Unmanaged.passUnretained(output).toOpaque()
    let size: Int32 = 256 << 10
    guard let buffer = av_malloc(Int(size)),
      let io = avio_alloc_context(
        buffer.assumingMemoryBound(to: UInt8.self), size, 1, opaque, nil, writeBytes, output.isSeekable ? seekTo : nil)
    else {
      avformat_free_context(context)
      throw SluiceError(.unavailable, "no memory for a muxer")
    }
    name = String(cString: format.pointee.name)
    self.context = context
    self.output = output
    self.io = io
    io.pointee.seekable = output.isSeekable ? AVIO_SEEKABLE_NORMAL : 0
    context.pointee.pb = io
    context.pointee.opaque = opaque
    context.pointee.io_open = { context, result, _, flags, _ in openForReading(context, result, flags: flags) }
    context.pointee.io_close2 = { _, reader in closeReader(reader) }
    // No dates and no random identifiers, so that equal runs make equal bytes.
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
    if !output.isSeekable { context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS }
  }

  deinit {
    avformat_free_context(context)
    av_free(io.pointee.buffer)
    var io: UnsafeMutablePointer<AVIOContext>? = io
    avio_context_free(&io)
  }

  var wantsGlobalHeader: Bool { context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 }

  /// Large pieces go to the descriptor without a stay in the muxer's buffer.
  func writeDirectly() { io.pointee.direct = 1 }

  /// Throws `usage` when the container has no place for that codec.
  func check(_ codec: AVCodecID, encoder: String) throws(SluiceError) {
    guard avformat_query_codec(context.pointee.oformat, codec, FF_COMPLIANCE_NORMAL) == 0 else { return }
    let usual = OutputFormat.all.first { $0.name == name }.map { "\(name) takes \($0.codec), matroska nearly all" }
    throw SluiceError(.usage, "\(name) files cannot hold what \(encoder) makes", advice: usual ?? "try matroska")
  }

  /// Adds the stream that `fill` describes and writes the header. `timeBase` is that of the packets.
  func start(
    timeBase: AVRational, rate: Rational, sampleAspect: Rational, encoder: String,
    fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32
  ) throws(SluiceError) {
    guard let stream = avformat_new_stream(context, nil), fill(stream.pointee.codecpar) >= 0 else {
      throw SluiceError(.unavailable, "no memory for a stream")
    }
    self.timeBase = timeBase
    stream.pointee.time_base = timeBase
    stream.pointee.avg_frame_rate = AVRational(rate)
    stream.pointee.r_frame_rate = AVRational(rate)
    stream.pointee.sample_aspect_ratio = AVRational(sampleAspect)
    av_dict_set(&stream.pointee.metadata, "encoder", "Lavc \(encoder)", 0)
    let (result, message) = AVLog.capture { avformat_write_header(context, nil) }
    try check(result, message)
    isStarted = true
    avio_flush(io)
    try check(io.pointee.error, nil)
  }

  /// Writes a packet; its contents are taken over, and its times are changed to the stream's.
  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(SluiceError) {
    guard let stream = context.pointee.streams[0] else { return }
    av_packet_rescale_ts(packet, timeBase, stream.pointee.time_base)
    packet.pointee.stream_index = 0
    let (result, message) = AVLog.capture { av_interleaved_write_frame(context, packet) }
    try check(result, message)
  }

  /// Writes the end of the file.
  func finish() throws(SluiceError) {
    guard isStarted else { return }
    isStarted = false
    let (result, message) = AVLog.capture { av_write_trailer(context) }
    avio_flush(io)
    try check(result, message)
    try check(io.pointee.error, nil)
  }

  private func check(_ result: Int32, _ message: String?) throws(SluiceError) {
    if let failure = output.failure { throw failure }
    guard result < 0 else { return }
    let reason = message ?? AVErrorText.text(result)
    if reason.contains("non seekable") {
      throw SluiceError(
        .usage, "\(name) cannot be written to a pipe", at: "output",
        advice: "use --format nut or matroska, or --encoder-option movflags=frag_keyframe+empty_moov")
    }
    if reason.contains("re-open") {
      throw SluiceError(
        .usage, "\(name) cannot move its index to the front", at: "output",
        advice: "leave out faststart, or open the output for reading and writing")
    }
    throw SluiceError(result == AVErrorText.noMemory ? .unavailable : .usage, "cannot write the file: \(reason)", at: name)
  }
}

private func descriptor(_ opaque: UnsafeMutableRawPointer) -> OutputDescriptor {
  Unmanaged<OutputDescriptor>.fromOpaque(opaque).takeUnretainedValue()
}

private let writeBytes: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
  opaque, bytes, count in
  guard let opaque, let bytes else { return sluice_averror(EINVAL) }
  do throws(SluiceError) {
    try descriptor(opaque).write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    return count
  } catch {
    return sluice_averror(EIO)  // the descriptor keeps the reason
  }
}

private let seekTo: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { opaque, offset, whence in
  guard let opaque else { return Int64(sluice_averror(EINVAL)) }
  let output = descriptor(opaque)
  if whence & AVSEEK_SIZE != 0 { return output.bytes }
  return output.seek(output.target(offset, whence: whence & ~AVSEEK_FORCE))
}
