import AVBinding
import CSluice
import FrameModel
import SharedRing
import SluiceBase

/// The encoder of the whole sound of an output: slots of samples become a file of sound alone, or a segment file that a
/// `SegmentJoiner` puts beside the pictures. The bytes written depend on the settings and the samples alone. Used from one
/// thread. The process must ignore SIGPIPE.
public final class SoundOutput {
  private let output: SampleOutput
  private var time: WorkTime

  /// A file without pictures. `fd` is the only output; it stays the caller's and must outlive this. Throws as `VideoOutput` does;
  /// `usage` also for a sample rate or a number of channels that the encoder does not take, and names those that it does.
  public init(settings: OutputSettings, fd: Int32, counters: (any StageCounters)? = nil) throws(SluiceError) {
    output = try SampleOutput(settings: settings, fd: fd)
    time = WorkTime(counters)
  }

  /// The segment file of the sound, from its start and without seeking. Everything is checked and opened as for the container.
  public init(segmentOf settings: OutputSettings, fd: Int32, counters: (any StageCounters)? = nil) throws(SluiceError) {
    output = try SampleOutput(settings: settings, fd: fd, asSegment: true)
    time = WorkTime(counters)
  }

  /// Encodes a block (a frame in the counters), which has been read when this returns. Blocks come in order from 0, all but the
  /// last of full length.
  public func encode(_ block: SoundBlock, in slot: ReadableSlot) throws(SluiceError) {
    let start = sluice_now_ns()
    defer { time.count(since: start, blocked: output.blockedNanoseconds, frames: 1) }
    try output.encode(block, in: slot.memory)
  }

  /// Writes what the codec still holds and the end of the file; a regular file is on the disk when this returns. Returns the
  /// bytes written. Without it an output is given up.
  public func finish() throws(SluiceError) -> UInt64 {
    let start = sluice_now_ns()
    defer { time.count(since: start, blocked: output.blockedNanoseconds, frames: 0) }
    return try output.finish()
  }
}
