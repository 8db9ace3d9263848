import AVBinding
import FrameModel
import SluiceBase

/// Sets a user's options on an encoder and a muxer: what the first does not know goes to the next, what none knows is
/// an error that names the nearest one.
enum OutputOptions {
  /// Throws `usage` for an option that none of `targets` has, and for a value that is none. `owner` is named to the user where
  /// there are no targets.
  static func apply(
    _ options: [OutputSettings.Option], to targets: [OptionTarget], for media: EncoderCodec.Media = .pictures,
    of owner: String = ""
  ) throws(SluiceError) {
    for option in options { try apply(option, to: targets, media, of: owner) }
  }

  private static func apply(
    _ option: OutputSettings.Option, to targets: [OptionTarget], _ media: EncoderCodec.Media, of fallback: String
  ) throws(SluiceError) {
    for target in targets {
      switch target.set(option, for: media) {
      case .set: return
      case .unknown: continue
      case .refused(let allowed):
        throw SluiceError(
          .usage, "\"\(option.value)\" is no value of the option \(option.name)", at: target.name, advice: allowed ?? "")
      }
    }
    let who = targets.isEmpty ? fallback : targets.map(\.name).joined(separator: " and ")
    let advice =
      NearestName.of(option.name, in: targets.flatMap { $0.names(for: media) }).map { "did you mean \($0)?" }
      ?? targets.first.map { "`ffmpeg -h encoder=\($0.name)` lists what there is" } ?? ""
    throw SluiceError(.usage, "no option \(option.name)", at: who, advice: advice)
  }
}
