import CSluice
import FrameModel

/// A preview in real time: a frame is begun when its time has come, so that what is shown keeps pace with the clock.
extension RunEngine {
  /// Allows the frames whose time has come, and notes when the next one's does.
  func keepPace() {
    guard prepared.launch.isRealTime else { return }
    if paceStart == 0, scheduler.counts.framesEncoded > 0 { paceStart = sluice_now_ns() }
    guard paceStart > 0 else { return scheduler.allow(before: RunEngine.lead) }
    let rate = max(0.01, configuration.project.canvas.rate.double)
    let passed = Int64(Double(sluice_now_ns() - paceStart) / 1e9 * rate)
    scheduler.allow(before: passed + RunEngine.lead)
    nextPace = paceStart + UInt64(Double(passed + 1) / rate * 1e9)
  }

  /// Frames that are begun ahead of their time, so that they are finished by then.
  static let lead: Int64 = 2
}
