import AudioEngine
import CRubberband
import FrameModel
import SluiceBase

/// Sound faster or slower with its pitch kept, by librubberband: its finer engine, one thread, fixed blocks, so that the bits are always
/// the same. Its delay is cut off: frame 0 is what stands at the place where it was started. Used from one thread.
final class StretchedSound {
  private static let chunk = 1024
  /// It would write to standard error.
  private static let silenced: Void = rubberband_set_default_debug_level(0)

  let source: ResampledSound
  private let pool: BlockPool
  private let stretcher: RubberBandState
  private let inputs: UnsafeMutablePointer<UnsafePointer<Float>?>
  private let outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  private var input: PlanarBuffer?
  private var dropped = 0

  /// - Parameters:
  ///   - rate: of source and output.
  ///   - speed: seconds of the source a second, within `SoundSpeed.pitchKept`.
  init(_ source: ResampledSound, rate: Int, speed: Rational, pool: BlockPool) {
    precondition(SoundSpeed.keepsPitch(at: speed), "the pitch cannot be kept at speed \(speed)")
    self.source = source
    self.pool = pool
    _ = Self.silenced
    let options = [
      RubberBandOptionProcessRealTime, RubberBandOptionEngineFiner, RubberBandOptionThreadingNever,
      RubberBandOptionPitchHighConsistency, RubberBandOptionChannelsTogether,
    ].reduce(0) { $0 | Int32($1.rawValue) }
    stretcher = rubberband_new(UInt32(rate), UInt32(source.channels), options, 1 / speed.double, 1)
    rubberband_set_max_process_size(stretcher, UInt32(Self.chunk))
    inputs = .allocate(capacity: source.channels)
    outputs = .allocate(capacity: source.channels)
    input = pool.take(channels: source.channels, frames: Self.chunk)
  }

  deinit {
    rubberband_delete(stretcher)
    inputs.deallocate()
    outputs.deallocate()
  }

  func giveBack() {
    if let input { pool.give(input) }
    input = nil
    source.giveBack()
  }

  /// The next `read` begins with what stands at frame `position` of the source. What is before it fills the stretcher's window.
  func start(at position: Int64) throws(SluiceError) {
    rubberband_reset(stretcher)
    try source.start(at: position - Int64(rubberband_get_preferred_start_pad(stretcher)))
    dropped = Int(rubberband_get_start_delay(stretcher))
  }

  func read(count: Int, into target: SampleTarget) throws(SluiceError) {
    guard let input else { return }
    var done = 0
    while done < count {
      let ready = Int(rubberband_available(stretcher))
      if ready <= 0 {
        try source.read(count: Self.chunk, into: SampleTarget(input))
        for channel in 0..<source.channels { inputs[channel] = UnsafePointer(input[channel].baseAddress) }
        rubberband_process(stretcher, inputs, UInt32(Self.chunk), 0)
        continue
      }
      // What is dropped is retrieved to the same place and written over.
      let run = min(count - done, ready, dropped > 0 ? dropped : .max)
      for channel in 0..<source.channels { outputs[channel] = target.plane(channel) + done }
      let got = Int(rubberband_retrieve(stretcher, outputs, UInt32(run)))
      if dropped > 0 { dropped -= got } else { done += got }
    }
  }
}
