import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import SystemBase

/// What a codec complained of while it decoded, from all its threads. Thread-safe.
///
/// libavcodec marks a damaged picture on the thread that decodes it, which may be after a copy of the picture went out on
/// another: with frame threads the marks vary from run to run. The lines that it writes do not: all that concern a picture,
/// and those before it in the file, are written when that picture comes out.
final class DamageSigns: Sendable {
  private struct State {
    /// Presentation time of the picture that each of the codec's threads works on.
    var current: [UInt: Int64?] = [:]
    var signs: [(tick: Int64?, text: String)] = []
  }
  private let state = Monitor(State())

  /// A thread of the codec begins a picture.
  func begins(_ codec: UnsafeMutablePointer<AVCodecContext>, _ tick: Int64?) {
    state.with { $0.current[UInt(bitPattern: codec)] = .some(tick) }
  }

  func note(_ codec: UnsafeRawPointer, _ text: String) {
    state.with { state in
      // A damaged file may write without end.
      if state.signs.count < 64 { state.signs.append((state.current[UInt(bitPattern: codec)] ?? nil, text)) }
    }
  }

  /// The last sign, except those of pictures before `tick`; all are forgotten then.
  func take(from tick: Int64?) -> String? {
    state.with { state in
      if state.signs.isEmpty { return nil }
      let sign = state.signs.last { sign in
        guard let own = sign.tick, let tick else { return true }
        return own >= tick
      }
      state.signs = []
      return sign?.text
    }
  }

  func forget() {
    state.with { $0 = State() }
  }

  /// Whether a line of libavcodec tells of damage. Concealed parts are told as information only; a supplemental message
  /// that cannot be read does not change the picture, and healthy files of cameras have it; and after a seek to an open group
  /// healthy H.264 lets go of references ("mmco") from before the key frame, which are not there.
  static func isSign(_ level: Int32, _ format: UnsafePointer<CChar>) -> Bool {
    if level <= AV_LOG_ERROR { return strncmp(format, "SEI type", 8) != 0 && strncmp(format, "mmco:", 5) != 0 }
    return level <= AV_LOG_INFO && strncmp(format, "concealing", 10) == 0
  }
}
