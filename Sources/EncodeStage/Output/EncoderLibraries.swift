import AVBinding
import FrameModel
import SluiceBase

/// What single encoder libraries must be told so that their bytes depend on the settings alone and they keep quiet.
enum EncoderLibraries {
  /// The user's options, with such a library's own parameters put first; the user's win.
  static func options(_ options: [OutputSettings.Option], encoder: String) -> [OutputSettings.Option] {
    guard let (list, parameter) = pinned(encoder) else { return options }
    guard options.contains(where: { $0.name == list }) else {
      return [OutputSettings.Option(list, parameter)] + options
    }
    return options.map { $0.name == list ? OutputSettings.Option(list, "\(parameter):\($0.value)") : $0 }
  }

  /// Throws for a preset that libx264 would complain about on standard error by itself.
  static func checkPresets(_ options: [OutputSettings.Option], encoder: String) throws(SluiceError) {
    guard ["libx264", "libx264rgb", "libx265"].contains(encoder) else { return }
    for option in options where option.name == "preset" && Int(option.value) == nil && !presets.contains(option.value) {
      let nearest = NearestName.of(option.value, in: presets).map { "did you mean \($0)? " } ?? ""
      throw SluiceError(
        .usage, "there is no preset \(option.value)", at: encoder,
        advice: "\(nearest)Presets: \(presets.joined(separator: ", "))")
    }
  }

  private static let presets = [
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
  ]

  private static func pinned(_ encoder: String) -> (list: String, parameter: String)? {
    switch encoder {
    case "libx264", "libx264rgb":
      // x264 164's AVX-512 code for macroblock-tree rate control reads memory that nobody wrote where the width in
      // macroblocks is no multiple of its vector: 960x540 came out in five versions of six, with AVX2 always in one.
      guard CodecLibraries.usesAVX512 else { return nil }
      return ("x264-params", "asm=AVX2,FMA3,BMI2,LZCNT")
    case "libx265":
      return ("x265-params", "log-level=error")  // else it writes its settings to standard error
    default:
      return nil
    }
  }
}
