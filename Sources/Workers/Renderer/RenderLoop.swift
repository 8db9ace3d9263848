import CSluice
import Compositing
import ControlBus
import Plan
import SharedRing
import SluiceBase
import SystemBase

/// One output frame to draw, as a RENDER message names it.
struct RenderJob {
  let message: Message
  let frame: Int64
  /// Bottom first.
  let layers: [Layer]
  /// The slot that holds a stream's picture for this frame.
  let input: (Int) -> ReadableSlot?
  let output: WritableSlot
}

/// Where the loop's jobs come from, and what becomes of them. Called on the loop's thread only.
protocol RenderDesk: AnyObject {
  /// Looks up what a message names. nil for a job that is nobody's any more. What it throws is the job's failure.
  func job(_ message: Message) throws(SluiceError) -> RenderJob?
  /// The job's output slot is complete.
  func finished(_ message: Message, _ output: WritableSlot)
  /// The job cannot be done.
  func failed(_ message: Message, _ error: SluiceError)
}

/// Keeps a compositor at work: up to `depth` frames are in flight, and the next job is submitted before the oldest frame is waited for.
/// It waits for a job only when nothing is in flight, so that a finished frame is told of at once. Jobs end in the order in which
/// they came. Used on one thread.
final class RenderLoop {
  /// How long a frame is waited for at a time while there is room for a job that may come, in nanoseconds.
  private static let glance: UInt64 = 1_000_000

  private let compositor: any Compositor
  private let desk: any RenderDesk
  private let counters: any StageCounters
  /// Oldest first.
  private var inFlight: [(message: Message, output: WritableSlot)] = []
  /// Up to when the time at work is counted.
  private var counted: UInt64 = 0

  init(compositor: any Compositor, desk: any RenderDesk, counters: any StageCounters) {
    self.compositor = compositor
    self.desk = desk
    self.counters = counters
  }

  /// Does the queue's jobs until it is closed and empty, and all frames are finished.
  func run(_ queue: WorkQueue<Message>) {
    while true {
      if inFlight.isEmpty {
        guard let message = queue.next() else { return }
        counted = sluice_now_ns()
        submit(message)
      } else if inFlight.count < compositor.depth {
        if let message = queue.poll() { submit(message) } else { finish(within: RenderLoop.glance) }
      } else {
        finish(within: .max)
      }
    }
  }

  private func submit(_ message: Message) {
    do throws(SluiceError) {
      guard let job = try desk.job(message) else { return count() }
      try compositor.submit(frame: job.frame, layers: job.layers, input: job.input, into: job.output)
      inFlight.append((message, job.output))
    } catch {
      desk.failed(message, error)
      count()
    }
  }

  private func finish(within nanoseconds: UInt64) {
    let oldest = inFlight[0]
    do throws(SluiceError) {
      guard try compositor.finish(within: nanoseconds) else { return }
      inFlight.removeFirst()
      desk.finished(oldest.message, oldest.output)
    } catch {
      inFlight.removeFirst()
      desk.failed(oldest.message, error)
    }
    count()
  }

  private func count() {
    let now = sluice_now_ns()
    counters.add(.busyNanoseconds, now - counted)
    counted = now
  }
}
