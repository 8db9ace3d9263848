import CAVCodec
import CAVFormat
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// One libavformat muxer with a stream of pictures, one of sound, or both, written to a descriptor. For one thread.
///
/// Each stream is a `track()` that takes packets in its own order; the file has them in the order of their times.
final class Muxer {
  let name: String
  let context: UnsafeMutablePointer<AVFormatContext>
  /// The header waits for so many.
  private let streams: Int
  let output: OutputDescriptor
  private let io: UnsafeMutablePointer<AVIOContext>
  private var timeBases: [AVRational] = []
  private let merger: PacketMerger?
  private var unfinished: Int
  /// Milliseconds that packets of sound are written later; players know.
  var soundDelay: Int64 = 0
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

  /// A file with pictures, sound or both; what it is to hold is written when all streams are described.
  init(
    _ format: UnsafePointer<AVOutputFormat>, output: OutputDescriptor, pictures: Bool = true, sound: SoundSettings? = nil
  ) throws(SluiceError) {
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
    streams = (pictures ? 1 : 0) + (sound == nil ? 0 : 1)
    unfinished = streams
    merger = streams > 1 ? PacketMerger() : nil
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
    if let sound { prepare(for: sound) }
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
  func check(_ codec: AVCodecID, encoder: String, isSound: Bool = false) throws(SluiceError) {
    guard avformat_query_codec(context.pointee.oformat, codec, FF_COMPLIANCE_NORMAL) == 0 else { return }
    let known = OutputFormat.all.first { $0.name == name }
    let usual = isSound ? known?.sound : known?.codec
    let advice = usual.map { $0.isEmpty ? "" : "\(name) takes \($0), matroska nearly all" }
    throw SluiceError(.usage, "\(name) files cannot hold what \(encoder) makes", advice: advice ?? "try matroska")
  }

  /// Where the packets of one stream go. To be started in the order of the streams in the file: pictures first.
  func track() -> PacketSink { MuxerTrack(self) }

  /// Adds the stream that `fill` describes; with the last one the header is written.
  fileprivate func add(
    _ stream: PacketStream, fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32
  ) throws(SluiceError) -> Int {
    guard let added = avformat_new_stream(context, nil), fill(added.pointee.codecpar) >= 0 else {
      throw SluiceError(.unavailable, "no memory for a stream")
    }
    added.pointee.time_base = stream.timeBase
    if let pictures = stream.pictures {
      added.pointee.avg_frame_rate = AVRational(pictures.rate)
      added.pointee.r_frame_rate = AVRational(pictures.rate)
      added.pointee.sample_aspect_ratio = AVRational(pictures.sampleAspect)
    } else {
      delay(for: added.pointee.codecpar)
    }
    av_dict_set(&added.pointee.metadata, "encoder", "Lavc \(stream.encoder)", 0)
    timeBases.append(stream.timeBase)
    merger?.add(timeBase: stream.timeBase)
    if timeBases.count == streams { try begin() }
    return timeBases.count - 1
  }

  private func begin() throws(SluiceError) {
    let (result, message) = AVLog.capture { avformat_write_header(context, nil) }
    try check(result, message)
    isStarted = true
    avio_flush(io)
    try check(io.pointee.error, nil)
  }

  /// Takes the packet's contents over; its times are changed to the stream's.
  fileprivate func write(_ packet: UnsafeMutablePointer<AVPacket>, stream: Int) throws(SluiceError) {
    guard let merger else { return try put(packet, stream: stream) }
    try merger.put(packet, stream: stream)
    try merger.drain { (packet, stream) throws(SluiceError) in try put(packet, stream: stream) }
  }

  private func put(_ packet: UnsafeMutablePointer<AVPacket>, stream index: Int) throws(SluiceError) {
    guard let stream = context.pointee.streams[index] else { return }
    av_packet_rescale_ts(packet, timeBases[index], stream.pointee.time_base)
    packet.pointee.stream_index = Int32(index)
    if stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO { adjust(packet, of: stream) }
    // Several streams are in order already; only MXF cuts sound to the length of pictures by itself.
    let isOrdered = merger != nil && name != "mxf"
    let (result, message) = AVLog.capture {
      isOrdered ? av_write_frame(context, packet) : av_interleaved_write_frame(context, packet)
    }
    av_packet_unref(packet)
    try check(result, message)
  }

  /// After the last stream's end: writes the end of the file.
  fileprivate func end(stream: Int) throws(SluiceError) {
    unfinished -= 1
    if let merger {
      merger.end(stream: stream)
      if isStarted { try merger.drain { (packet, stream) throws(SluiceError) in try put(packet, stream: stream) } }
    }
    guard unfinished == 0, isStarted else { return }
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

/// One stream of a muxer.
private final class MuxerTrack: PacketSink {
  private let muxer: Muxer
  private var index = 0
  init(_ muxer: Muxer) { self.muxer = muxer }

  func start(_ stream: PacketStream, fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32) throws(SluiceError) {
    index = try muxer.add(stream, fill: fill)
  }
  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(SluiceError) { try muxer.write(packet, stream: index) }
  func finish() throws(SluiceError) { try muxer.end(stream: index) }
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
