import SluiceBase
import FrameModel
import SharedRing
extension VideoOutput { public convenience init(segmentOf s: OutputSettings, input: PixelFormat, fd: Int32, counters: (any StageCounters)? = nil) throws(SluiceError) { try self.init(settings: s, input: input, fd: fd, counters: counters) } }
public final class SegmentJoiner { public init(settings: OutputSettings, fd: Int32) throws(SluiceError) {}
 public func append(_ s: Int32, firstFrame: Int64, frames: Int64) throws(SluiceError) {}
 public func finish() throws(SluiceError) -> UInt64 { 0 } }
