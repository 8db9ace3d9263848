import AVBinding
import CSluice
import FrameModel
import SharedRing
import SluiceBase

/// Joins the segments of one output, each encoded by a `VideoOutput(segmentOf:…)` or `SoundOutput(segmentOf:…)` with the same
/// settings, into the final container without encoding again. Holds one packet of pictures and one of sound at a time. The
/// bytes depend on the settings and the segments alone. Options of the encoders are known and passed over, those of the muxer
/// are applied here. Used from one thread. The process must ignore SIGPIPE.
public final class SegmentJoiner {
  private let joiner: PacketJoiner
  private var time: WorkTime

  /// Opens the muxer; nothing is written before the first segment, which says what the header must. `fd` is the only
  /// output; it stays the caller's and must outlive this. Throws as `VideoOutput` does.
  public init(settings: OutputSettings, fd: Int32, counters: (any StageCounters)? = nil) throws(SluiceError) {
    joiner = try PacketJoiner(settings: settings, fd: fd)
    time = WorkTime(counters)
  }

  /// Gives the segment of the whole sound, of `frames` sample frames, before the first of the pictures, or alone where the
  /// settings have no pictures. The descriptor must stay open until `finish`. Checked and refused as pictures are.
  public func appendSound(_ segment: Int32, frames: Int64) throws(SluiceError) {
    let start = sluice_now_ns()
    defer { time.count(since: start, blocked: joiner.blockedNanoseconds, frames: 0) }
    try joiner.appendSound(segment, frames: frames)
  }

  /// Adds the segment of output frames `firstFrame ..< firstFrame + frames`, in order and without gaps from frame 0.
  /// `segment` is read from its file's start whatever its position, and may be closed afterwards. The file is checked
  /// whole before anything of it is written. Throws `software`, naming the segment, for a file that is cut off,
  /// damaged, of another length or other settings; `cannotCreate` (73) for what the output refuses.
  public func append(_ segment: Int32, firstFrame: Int64, frames: Int64) throws(SluiceError) {
    let start = sluice_now_ns()
    defer { time.count(since: start, blocked: joiner.blockedNanoseconds, frames: UInt64(clamping: frames)) }
    try joiner.append(segment, firstFrame: firstFrame, frames: frames)
  }

  /// Checks a segment as `append` does, by itself.
  public static func check(_ segment: Int32, firstFrame: Int64, frames: Int64) throws(SluiceError) {
    try PacketJoiner.check(segment, firstFrame: firstFrame, frames: frames)
  }

  /// Writes the end of the file; a regular file is on the disk when this returns. Returns the bytes written.
  public func finish() throws(SluiceError) -> UInt64 {
    let start = sluice_now_ns()
    defer { time.count(since: start, blocked: joiner.blockedNanoseconds, frames: 0) }
    return try joiner.finish()
  }
}
