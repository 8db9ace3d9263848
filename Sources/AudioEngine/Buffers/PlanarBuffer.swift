/// Planar float32 samples in memory: `channels` planes of `frames`. Not synchronised: one writer, and readers after it.
public final class PlanarBuffer {
  public let channels: Int
  public let frames: Int
  private let memory: SampleMemory

  /// Silence.
  public init(channels: Int, frames: Int) {
    precondition(channels > 0 && frames >= 0, "PlanarBuffer: \(channels) channels, \(frames) frames")
    self.channels = channels
    self.frames = frames
    memory = SampleMemory(count: channels * frames)
  }

  /// One array a channel, all of the same length.
  public convenience init(_ planes: [[Float]]) {
    self.init(channels: planes.count, frames: planes[0].count)
    for (channel, plane) in planes.enumerated() {
      precondition(plane.count == frames, "PlanarBuffer: planes of \(frames) and \(plane.count) frames")
      _ = self[channel].update(fromContentsOf: plane)
    }
  }

  /// A plane. Valid as long as the buffer.
  public subscript(channel: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(channel >= 0 && channel < channels, "PlanarBuffer: no channel \(channel) of \(channels)")
    return UnsafeMutableBufferPointer(start: memory.base + channel * frames, count: frames)
  }

  /// A copy of a plane.
  public func array(_ channel: Int) -> [Float] { Array(self[channel]) }
}
