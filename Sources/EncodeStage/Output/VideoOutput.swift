import AVBinding
import CSluice
import FrameModel
import SharedRing
import SluiceBase

/// The encoder of one output: slots become a stream on a descriptor, in the order of their numbers. Pictures are read
/// where they lie; those in a format that the codec does not take are converted first and counted as fallbacks. Where the
/// settings have sound, its blocks become a second stream. Pictures and blocks should come in the order of their times
/// (`DeliveryOrder`): what comes early waits in memory, encoded.
///
/// The bytes written depend on the settings, the pictures and the samples alone, not on the machine or the time.
/// Used from one thread; `release` closures may run on any. The process must ignore SIGPIPE.
public final class VideoOutput {
  private let output: PictureOutput
  private var time: WorkTime
  private var counted = PictureOutput.Tally()

  /// Starts the encoder and writes the header. `fd` is the only output; it stays the caller's and must outlive this.
  /// Throws `usage` (2) for a name, option or value that means nothing or does not fit the container, `unavailable`
  /// (69) for what this FFmpeg lacks, `cannotCreate` (73) for what the output refuses.
  ///
  /// A stream of raw pictures may be written in parts, one behind the other: each but the first `continues` what is there.
  public init(
    settings: OutputSettings, input: PixelFormat, fd: Int32, continues: Bool = false, isLast: Bool = true,
    counters: (any StageCounters)? = nil
  ) throws(SluiceError) {
    output = try PictureOutput(settings: settings, input: input, fd: fd, continues: continues, isLast: isLast)
    time = WorkTime(counters)
  }

  /// Starts an encoder of its own for one segment of an output; a `SegmentJoiner` with the same settings puts its
  /// packets into the container. `fd` gets a segment file, from its start and without seeking. Everything is checked
  /// and opened as for the container, and the same errors are thrown, but for what the container itself finds in its
  /// options and for the lack of seeking. Frame numbers count from 0 at the segment's start, without gaps. Sound has a
  /// segment of its own (`SoundOutput`).
  public init(
    segmentOf settings: OutputSettings, input: PixelFormat, fd: Int32, counters: (any StageCounters)? = nil
  ) throws(SluiceError) {
    output = try PictureOutput(settings: settings, input: input, fd: fd, asSegment: true)
    time = WorkTime(counters)
  }

  /// Encodes the picture in `slot` as output frame `number`, counted from 0; numbers must rise. Size and format must
  /// be those of the output, else a fault is thrown. `release` is called exactly once, when the slot's picture is
  /// needed no more: often before this returns, and also when it throws.
  public func encode(
    _ slot: ReadableSlot, description: FrameDescription, number: Int64, release: @escaping @Sendable () -> Void
  ) throws(SluiceError) {
    let start = sluice_now_ns()
    defer { count(since: start, frames: 1) }
    try output.encode(slot.memory, bytes: slot.bytes, description: description, number: number, release: release)
  }

  /// Encodes a block of sound. It has been read when this returns, so there is nothing to release. Blocks come in order from 0,
  /// all but the last of full length.
  public func encode(_ block: SoundBlock, in slot: ReadableSlot) throws(SluiceError) {
    let start = sluice_now_ns()
    defer { count(since: start, frames: 0) }
    try output.encode(block, in: slot.memory)
  }

  /// Writes what the codec still holds and the end of the file; a regular file is on the disk when this returns.
  /// Returns the bytes written. Without it an output is given up: every slot is released when this object goes.
  public func finish() throws(SluiceError) -> UInt64 {
    let start = sluice_now_ns()
    defer { count(since: start, frames: 0) }
    return try output.finish()
  }

  private func count(since start: UInt64, frames: UInt64) {
    guard time.counters != nil else { return }
    let now = output.tally
    time.count(since: start, blocked: now.blockedNanoseconds, frames: frames)
    raise(.directFrames, counted.directFrames, now.directFrames)
    raise(.fallbackFrames, counted.convertedFrames, now.convertedFrames)
    raise(.copiedBytes, counted.copiedBytes, now.copiedBytes)
    raise(.buffersCreated, counted.buffersCreated, now.buffersCreated)
    counted = now
  }

  private func raise(_ counter: StageCounter, _ before: UInt64, _ now: UInt64) {
    if now > before { time.counters?.add(counter, now - before) }
  }
}
