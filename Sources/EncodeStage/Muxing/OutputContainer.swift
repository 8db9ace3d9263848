import AVBinding
import FrameModel
import SluiceBase

/// The file of an output: one container with a stream of pictures, one of sound, or both, on a descriptor. For one thread.
///
/// Each stream is a `track()` that takes packets in its own order; the file has them in the order of their times.
final class OutputContainer {
  let muxer: Muxer
  let output: OutputDescriptor
  /// The header waits for so many.
  private let streams: Int
  private var timeBases: [Rational] = []
  private var isSound: [Bool] = []
  private let merger: PacketMerger?
  private var unfinished: Int
  private var isStarted = false
  /// How the container wants its sound.
  private var sound: ContainerSound

  /// A file with pictures, sound or both; what it is to hold is written when all streams are described. Throws `usage` for a
  /// name that is none.
  init(
    _ format: String, output: OutputDescriptor, pictures: Bool = true, sound: SoundSettings? = nil
  ) throws(SluiceError) {
    muxer = try Muxer(format, writingTo: output)
    self.output = output
    streams = (pictures ? 1 : 0) + (sound == nil ? 0 : 1)
    unfinished = streams
    merger = streams > 1 ? PacketMerger() : nil
    self.sound = ContainerSound(muxer.name)
    if let sound { self.sound.prepare(muxer, for: sound, isSeekable: output.isSeekable) }
  }

  /// Throws `usage` when the container has no place for what `codec` makes. `encoder`: what the user calls that.
  func check(_ codec: EncoderCodec, encoder: String, isSound: Bool = false) throws(SluiceError) {
    guard !muxer.holds(codec) else { return }
    let name = muxer.name
    let known = OutputFormat.all.first { $0.name == name }
    let usual = isSound ? known?.sound : known?.codec
    let advice = usual.map { $0.isEmpty ? "" : "\(name) takes \($0), matroska nearly all" }
    throw SluiceError(.usage, "\(name) files cannot hold what \(encoder) makes", advice: advice ?? "try matroska")
  }

  /// Where the packets of one stream go. To be started in the order of the streams in the file: pictures first.
  func track() -> any PacketSink { Track(self) }

  /// Adds a stream; with the last one the header is written.
  private func add(_ stream: PacketStream, _ parameters: CodecParameters) throws(SluiceError) -> Int {
    if stream.pictures == nil { sound.describe(parameters, to: muxer) }
    let index = try muxer.addStream(
      parameters, timeBase: stream.timeBase, pictures: stream.pictures, encoder: stream.encoder)
    timeBases.append(stream.timeBase)
    isSound.append(stream.pictures == nil)
    merger?.add(timeBase: stream.timeBase)
    if timeBases.count == streams {
      try told { () throws(Muxer.Failure) in try muxer.writeHeader() }
      isStarted = true
    }
    return index
  }

  /// Takes the packet's contents over; its times are changed to the stream's.
  private func write(_ packet: PacketBox, stream: Int) throws(SluiceError) {
    guard let merger else { return try put(packet, stream: stream) }
    try merger.put(packet, stream: stream)
    try merger.drain { (packet, stream) throws(SluiceError) in try put(packet, stream: stream) }
  }

  private func put(_ packet: PacketBox, stream: Int) throws(SluiceError) {
    muxer.assign(packet, to: stream, from: timeBases[stream])
    if isSound[stream] { sound.adjust(packet, of: stream, muxer) }
    // Several streams are in order already; only MXF cuts sound to the length of pictures by itself.
    let isOrdered = merger != nil && muxer.name != "mxf"
    try told { () throws(Muxer.Failure) in try muxer.write(packet, interleaving: !isOrdered) }
  }

  /// After the last stream's end: writes the end of the file.
  private func end(stream: Int) throws(SluiceError) {
    unfinished -= 1
    if let merger {
      merger.end(stream: stream)
      if isStarted { try merger.drain { (packet, stream) throws(SluiceError) in try put(packet, stream: stream) } }
    }
    guard unfinished == 0, isStarted else { return }
    isStarted = false
    try told { () throws(Muxer.Failure) in try muxer.writeTrailer() }
  }

  /// Throws what a failure of the muxer means to the user. What the descriptor met comes before all else.
  private func told(_ body: () throws(Muxer.Failure) -> Void) throws(SluiceError) {
    let failure: Muxer.Failure?
    do throws(Muxer.Failure) {
      try body()
      failure = nil
    } catch {
      failure = error
    }
    if let cause = output.failure { throw cause }
    guard let failure else { return }
    if failure.reason.contains("non seekable") {
      throw SluiceError(
        .usage, "\(muxer.name) cannot be written to a pipe", at: "output",
        advice: "use --format nut or matroska, or --encoder-option movflags=frag_keyframe+empty_moov")
    }
    if failure.reason.contains("re-open") {
      throw SluiceError(
        .usage, "\(muxer.name) cannot move its index to the front", at: "output",
        advice: "leave out faststart, or open the output for reading and writing")
    }
    throw SluiceError(
      failure.isOutOfMemory ? .unavailable : .usage, "cannot write the file: \(failure.reason)", at: muxer.name)
  }

  /// One stream of a container.
  private final class Track: PacketSink {
    private let container: OutputContainer
    private var index = 0
    init(_ container: OutputContainer) { self.container = container }

    func start(_ stream: PacketStream, _ parameters: CodecParameters) throws(SluiceError) {
      index = try container.add(stream, parameters)
    }
    func write(_ packet: PacketBox) throws(SluiceError) { try container.write(packet, stream: index) }
    func finish() throws(SluiceError) { try container.end(stream: index) }
  }
}
