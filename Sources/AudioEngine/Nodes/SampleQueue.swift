import Synchronization

/// Samples from another thread: a ring without locks, one thread writes, the one that renders reads. Positions are frames since the
/// first one written; what the reader skips is dropped.
public final class SampleQueue: SampleProvider, @unchecked Sendable {
  // Sendable: frames from `read` to `written` belong to the reader, the others to the writer, and each counter has one writer.
  private let memory: SampleMemory
  public let capacity: Int
  private let written = Atomic<Int64>(0)
  private let readTo = Atomic<Int64>(0)
  private let end = Atomic<Int64>(.max)

  public init(channels: Int, capacity: Int) {
    precondition(capacity > 0, "SampleQueue: capacity \(capacity)")
    self.capacity = capacity
    memory = SampleMemory(count: channels * capacity)
    super.init(channels: channels)
  }

  /// Frames that fit now. Writer's thread.
  public var room: Int {
    // Acquire: the reader has finished with what it let go.
    capacity - Int(written.load(ordering: .relaxed) - readTo.load(ordering: .acquiring))
  }

  /// Takes as many frames of `source` from `first` on as fit; how many. Writer's thread.
  public func write(_ source: PlanarBuffer, from first: Int = 0, count: Int? = nil) -> Int {
    precondition(source.channels == channels, "SampleQueue: \(source.channels) channels for \(channels)")
    let position = written.load(ordering: .relaxed)
    let total = min(count ?? source.frames - first, room)
    var done = 0
    while done < total {
      let at = Int((position + Int64(done)) % Int64(capacity))
      let run = min(total - done, capacity - at)
      for channel in 0..<channels {
        (memory.base + channel * capacity + at).update(from: source[channel].baseAddress! + first + done, count: run)
      }
      done += run
    }
    // Release: the samples are there before the count says so.
    written.store(position + Int64(total), ordering: .releasing)
    return total
  }

  /// No more will come: silence behind it is no starvation. Writer's thread.
  public func finish() { end.store(written.load(ordering: .relaxed), ordering: .releasing) }

  public override var frames: Int64? {
    let end = end.load(ordering: .acquiring)
    return end == .max ? nil : end
  }

  public override func read(at position: Int64, into destination: SampleDestination) -> Int {
    // Acquire: pairs with the writer's release.
    let available = written.load(ordering: .acquiring)
    let from = max(position, readTo.load(ordering: .relaxed))
    guard from == position, position < available else {
      readTo.store(min(max(from, position), available), ordering: .releasing)
      return 0
    }
    let total = min(destination.count, Int(available - position))
    var done = 0
    while done < total {
      let at = Int((position + Int64(done)) % Int64(capacity))
      let run = min(total - done, capacity - at)
      for channel in 0..<channels {
        (destination[channel].baseAddress! + done).update(from: memory.base + channel * capacity + at, count: run)
      }
      done += run
    }
    // Release: the samples are copied before the writer may overwrite them.
    readTo.store(position + Int64(total), ordering: .releasing)
    return total
  }
}
