import AudioEngine
import CEBUR128
import SluiceBase

/// Loudness of a whole by EBU R 128.
public struct LoudnessReading: Sendable, Hashable {
  /// LUFS.
  public var integrated: Double
  /// dBTP of the loudest channel.
  public var truePeak: Double
}

/// libebur128 over rendered quanta. Used from one thread.
final class LoudnessMeter {
  private let state: UnsafeMutablePointer<ebur128_state>
  private let channels: Int
  private let interleaved: UnsafeMutablePointer<Float>

  init(rate: Int, channels: Int) throws(SluiceError) {
    let mode = Int32(EBUR128_MODE_I.rawValue | EBUR128_MODE_TRUE_PEAK.rawValue)
    guard let state = ebur128_init(UInt32(channels), UInt(rate), mode) else {
      throw SluiceError(.unavailable, "loudness of \(channels) channels at \(rate) Hz cannot be measured")
    }
    self.state = state
    self.channels = channels
    interleaved = .allocate(capacity: channels * Quantum.frames)
    guard channels == 6 else { return }
    // L R C LFE SL SR: the library's own guess has another order.
    let map = [
      EBUR128_LEFT, EBUR128_RIGHT, EBUR128_CENTER, EBUR128_UNUSED, EBUR128_LEFT_SURROUND, EBUR128_RIGHT_SURROUND,
    ]
    for (index, channel) in map.enumerated() { ebur128_set_channel(state, UInt32(index), Int32(channel.rawValue)) }
  }

  deinit {
    var state: UnsafeMutablePointer<ebur128_state>? = state
    ebur128_destroy(&state)
    interleaved.deallocate()
  }

  func add(_ quantum: RenderedQuantum, from first: Int, count: Int) {
    for channel in 0..<channels {
      let plane = quantum[channel]
      for i in 0..<count { interleaved[i * channels + channel] = plane[first + i] }
    }
    ebur128_add_frames_float(state, interleaved, count)
  }

  /// nil: nothing loud enough to be heard.
  var reading: LoudnessReading? {
    var integrated = 0.0
    guard ebur128_loudness_global(state, &integrated) == 0, integrated.isFinite else { return nil }
    var peak = 0.0
    for channel in 0..<channels {
      var own = 0.0
      if ebur128_true_peak(state, UInt32(channel), &own) == 0 { peak = max(peak, own) }
    }
    return LoudnessReading(integrated: integrated, truePeak: LoudnessMeter.decibels(peak))
  }

  static func decibels(_ gain: Double) -> Double { NodeTimes.decibels(gain: gain) }
}
