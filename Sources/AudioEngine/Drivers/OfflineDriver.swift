import SluiceBase

/// Pulls a graph as fast as it goes, in pieces of any length: what is left of a quantum comes first the next time. One thread at a time.
public final class OfflineDriver {
  private let graph: AudioGraph
  private let profiler: RenderProfiler?
  private let rest: PlanarBuffer
  private var restFrames = 0
  private var compilations = -1

  public init(_ graph: AudioGraph, profiler: RenderProfiler? = nil) {
    self.graph = graph
    self.profiler = profiler
    rest = PlanarBuffer(channels: graph.configuration.channels, frames: Quantum.frames)
  }

  /// The frame of the graph that the next call begins with.
  public var position: Int64 { graph.currentFrame - Int64(restFrames) }

  /// Seeks; what was left of a quantum is forgotten.
  public func reset(to frame: Int64 = 0) {
    graph.reset(to: frame)
    restFrames = 0
  }

  /// Renders `count` frames into `buffer` from `first` on; all of it by default.
  public func render(into buffer: PlanarBuffer, from first: Int = 0, count: Int? = nil) throws(SluiceError) {
    let total = count ?? buffer.frames - first
    precondition(first >= 0 && total >= 0 && first + total <= buffer.frames, "frames \(first) + \(total) of \(buffer.frames)")
    precondition(buffer.channels == rest.channels, "a buffer of \(buffer.channels) channels for a graph of \(rest.channels)")
    var done = 0
    while done < total {
      if restFrames == 0 { try renderQuantum() }
      let run = min(total - done, restFrames)
      for channel in 0..<buffer.channels {
        let from = UnsafeMutableBufferPointer(rebasing: rest[channel][(Quantum.frames - restFrames)...]).prefix(run)
        _ = UnsafeMutableBufferPointer(rebasing: buffer[channel][(first + done)...]).update(fromContentsOf: from)
      }
      restFrames -= run
      done += run
    }
  }

  private func renderQuantum() throws(SluiceError) {
    if let profiler {
      try graph.prepare()
      if compilations != graph.compilations {
        compilations = graph.compilations
        profiler.setPoolPressure(graph.poolPressure)
      }
    }
    profiler?.begin()
    let began = profiler == nil ? 0 : MonotonicClock.now
    try graph.renderQuantum { quantum in
      for channel in 0..<quantum.channels { _ = rest[channel].update(fromContentsOf: quantum[channel]) }
    }
    restFrames = Quantum.frames
    if let profiler { profiler.end(nanoseconds: MonotonicClock.now - began) }
  }
}
