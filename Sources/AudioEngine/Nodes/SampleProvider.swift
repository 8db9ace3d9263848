/// Where a provider writes: `count` frames of each plane.
public struct SampleDestination {
  public let channels: Int
  public let count: Int
  let base: UnsafeMutablePointer<Float>
  let stride: Int

  /// A plane; valid during the call.
  public subscript(channel: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base + channel * stride, count: count)
  }
}

/// Where a source node has its samples from. Subclasses give them: from memory, from a queue, from a decoder. Called on the thread that
/// renders, without retain and release; what must not allocate or block (real time) is the subclass's care.
open class SampleProvider {
  public let channels: Int

  public init(channels: Int) {
    precondition(channels > 0, "SampleProvider: \(channels) channels")
    self.channels = channels
  }

  /// Writes `destination.count` frames that begin at `position` (frames from the provider's start, 0 or above; rises from call to call
  /// but for seeks). Returns how many there were; the rest is made silent, and counted as starved unless the provider has ended there.
  open func read(at position: Int64, into destination: SampleDestination) -> Int { 0 }

  /// Frames it has, where it knows: silence behind them is no starvation.
  open var frames: Int64? { nil }
}

/// Samples in memory, once or again and again.
public final class MemoryProvider: SampleProvider {
  private let buffer: PlanarBuffer
  private let loop: Bool

  public init(_ buffer: PlanarBuffer, loop: Bool = false) {
    self.buffer = buffer
    self.loop = loop && buffer.frames > 0
    super.init(channels: buffer.channels)
  }

  public override var frames: Int64? { loop ? nil : Int64(buffer.frames) }

  public override func read(at position: Int64, into destination: SampleDestination) -> Int {
    let length = Int64(buffer.frames)
    var done = 0
    while done < destination.count {
      var at = position + Int64(done)
      if loop { at %= length }
      guard at < length else { break }
      let count = min(destination.count - done, Int(length - at))
      for channel in 0..<channels {
        (destination[channel].baseAddress! + done).update(from: buffer[channel].baseAddress! + Int(at), count: count)
      }
      done += count
    }
    return done
  }
}
