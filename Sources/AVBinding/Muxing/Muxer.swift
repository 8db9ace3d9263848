import CAVCodec
import CAVFormat
import CAVUtil
import FrameModel
import SluiceBase

/// One libavformat muxer: streams are added, then the header is written, packets, and the trailer. It decides nothing: which
/// packet comes next is its user's business. For one thread.
public final class Muxer {
  public let name: String
  private let context: UnsafeMutablePointer<AVFormatContext>
  /// Outlives the context, which refers to it.
  private let io: MuxerIO

  /// Why libavformat did not do what it was asked for.
  public struct Failure: Error {
    /// In libavformat's words.
    public let reason: String
    /// There was no memory; else it is what it was asked for that is wrong.
    public let isOutOfMemory: Bool
  }

  /// The muxer of that name, writing to `destination`, which is kept. Throws `usage` for an unknown name and for a muxer that
  /// makes files of its own, `unavailable` without memory.
  public init(_ name: String, writingTo destination: any MuxerDestination) throws(SluiceError) {
    let format = try Muxer.find(name)
    var made: UnsafeMutablePointer<AVFormatContext>?
    guard avformat_alloc_output_context2(&made, format, nil, nil) >= 0, let context = made else {
      throw SluiceError(.unavailable, "no memory for a muxer")
    }
    guard let io = MuxerIO(destination) else {
      avformat_free_context(context)
      throw SluiceError(.unavailable, "no memory for a muxer")
    }
    self.name = String(cString: format.pointee.name)
    self.context = context
    self.io = io
    context.pointee.pb = io.context
    context.pointee.opaque = io.opaque
    context.pointee.io_open = { context, result, _, flags, _ in openForReading(context, result, flags: flags) }
    context.pointee.io_close2 = { _, reader in closeReader(reader) }
    // No dates and no random identifiers, so that equal runs make equal bytes.
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
    if !destination.isSeekable { context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS }
  }

  deinit { avformat_free_context(context) }

  private static func find(_ name: String) throws(SluiceError) -> UnsafePointer<AVOutputFormat> {
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

  // MARK: Settings

  /// Encoders are to give their headers once, not in the packets.
  public var wantsGlobalHeader: Bool { context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 }

  /// Whether the container has a place for what that encoder makes, as far as it knows.
  public func holds(_ codec: EncoderCodec) -> Bool {
    avformat_query_codec(context.pointee.oformat, codec.id, FF_COMPLIANCE_NORMAL) != 0
  }

  /// Its options; `name`: see `OptionTarget`. To be set before the header is written.
  public func options(named name: String) -> OptionTarget { OptionTarget(of: self, object: context, name: name) }

  /// Sets one of its options, where it has it.
  public func set(_ option: String, _ value: String) { av_opt_set(context, option, value, AV_OPT_SEARCH_CHILDREN) }

  /// All packets are written later by so much. Before the header is written.
  public func delay(milliseconds: Int64) { context.pointee.output_ts_offset += milliseconds * (sluice_av_time_base() / 1000) }

  /// Large pieces go to the destination without a stay in the muxer's buffer.
  public func writeDirectly() { io.context.pointee.direct = 1 }

  // MARK: Streams

  /// Pictures have a rate and an aspect; sound has none.
  public struct Pictures {
    public var rate: Rational
    public var sampleAspect: Rational
    public init(rate: Rational, sampleAspect: Rational) { (self.rate, self.sampleAspect) = (rate, sampleAspect) }
  }

  /// Adds a stream before the header is written; its number, from 0. Throws `unavailable` without memory.
  /// - Parameters:
  ///   - timeBase: the wish for the stream's ticks; the muxer may choose others.
  ///   - encoder: name of the one that makes the packets.
  public func addStream(
    _ parameters: CodecParameters, timeBase: Rational, pictures: Pictures?, encoder: String
  ) throws(SluiceError) -> Int {
    guard let added = avformat_new_stream(context, nil), avcodec_parameters_copy(added.pointee.codecpar, parameters.raw) >= 0
    else { throw SluiceError(.unavailable, "no memory for a stream") }
    added.pointee.time_base = AVRational(timeBase)
    if let pictures {
      added.pointee.avg_frame_rate = AVRational(pictures.rate)
      added.pointee.r_frame_rate = AVRational(pictures.rate)
      added.pointee.sample_aspect_ratio = AVRational(pictures.sampleAspect)
    }
    av_dict_set(&added.pointee.metadata, "encoder", "Lavc \(encoder)", 0)
    return Int(added.pointee.index)
  }

  /// A time in ticks of a stream, rounded to the nearest one. After the header was written.
  public func ticks(milliseconds: Int64, of stream: Int) -> Int64 {
    guard let stream = context.pointee.streams[stream] else { return 0 }
    return av_rescale_q(milliseconds, AVRational(num: 1, den: 1000), stream.pointee.time_base)
  }

  // MARK: Writing

  public func writeHeader() throws(Failure) {
    try check(AVLog.capture { avformat_write_header(context, nil) })
    avio_flush(io.context)
    try check((io.context.pointee.error, nil))
  }

  /// Makes a packet, whose times count in `timeBase`, one of a stream. After the header was written.
  public func assign(_ packet: PacketBox, to stream: Int, from timeBase: Rational) {
    guard let its = context.pointee.streams[stream] else { return }
    av_packet_rescale_ts(packet.raw, AVRational(timeBase), its.pointee.time_base)
    packet.raw.pointee.stream_index = Int32(stream)
  }

  /// Writes a packet that was assigned to a stream, and empties it. Packets of several streams come in the order of their times,
  /// or the muxer is to order them (`interleaving`).
  public func write(_ packet: PacketBox, interleaving: Bool) throws(Failure) {
    let result = AVLog.capture {
      interleaving ? av_interleaved_write_frame(context, packet.raw) : av_write_frame(context, packet.raw)
    }
    packet.clear()
    try check(result)
  }

  public func writeTrailer() throws(Failure) {
    let result = AVLog.capture { av_write_trailer(context) }
    avio_flush(io.context)
    try check(result)
    try check((io.context.pointee.error, nil))
  }

  private func check(_ result: (code: Int32, message: String?)) throws(Failure) {
    guard result.code < 0 else { return }
    throw Failure(reason: result.message ?? AVErrorText.text(result.code), isOutOfMemory: result.code == AVErrorText.noMemory)
  }
}
