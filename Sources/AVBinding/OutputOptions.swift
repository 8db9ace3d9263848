import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// Sets a user's options on an encoder and a muxer: what the first does not know goes to the next, what none knows is
/// an error that names the nearest one.
enum OutputOptions {
  /// An FFmpeg object with options (its first field is an `AVClass`) and the name that users know it by.
  struct Target {
    let object: UnsafeMutableRawPointer
    let name: String
  }

  /// Which options of an encoder count.
  enum Media { case pictures, sound }

  /// `owner` is named to the user where there are no targets.
  static func apply(
    _ options: [OutputSettings.Option], to targets: [Target], for media: Media = .pictures, of owner: String = ""
  ) throws(SluiceError) {
    for option in options { try apply(option, to: targets, media, of: owner) }
  }

  private static func apply(
    _ option: OutputSettings.Option, to targets: [Target], _ media: Media, of fallback: String
  ) throws(SluiceError) {
    for target in targets {
      var owner: UnsafeMutableRawPointer?
      guard let known = av_opt_find2(target.object, option.name, nil, 0, AV_OPT_SEARCH_CHILDREN, &owner),
        isForOutput(known, media)
      else { continue }
      let (result, _) = AVLog.capture { av_opt_set(target.object, option.name, option.value, AV_OPT_SEARCH_CHILDREN) }
      guard result >= 0 else {
        let advice = owner.flatMap { allowed(known, of: $0) } ?? ""
        throw SluiceError(.usage, "\"\(option.value)\" is no value of the option \(option.name)", at: target.name, advice: advice)
      }
      return
    }
    let who = targets.isEmpty ? fallback : targets.map(\.name).joined(separator: " and ")
    let all = targets.flatMap { names(of: $0.object, media) }
    let advice =
      NearestName.of(option.name, in: all).map { "did you mean \($0)?" }
      ?? targets.first.map { "`ffmpeg -h encoder=\($0.name)` lists what there is" } ?? ""
    throw SluiceError(.usage, "no option \(option.name)", at: who, advice: advice)
  }

  private static func isForOutput(_ option: UnsafePointer<AVOption>, _ media: Media) -> Bool {
    let flags = option.pointee.flags
    let all = AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_AUDIO_PARAM | AV_OPT_FLAG_SUBTITLE_PARAM
    let ours = media == .pictures ? AV_OPT_FLAG_VIDEO_PARAM : AV_OPT_FLAG_AUDIO_PARAM
    return option.pointee.type != AV_OPT_TYPE_CONST && flags & AV_OPT_FLAG_ENCODING_PARAM != 0
      && (flags & all == 0 || flags & ours != 0)
  }

  /// Names of all options of an object and of what it is made of.
  private static func names(of object: UnsafeMutableRawPointer, _ media: Media) -> [String] {
    var names: [String] = []
    each(of: object) { if isForOutput($0, media) { names.append(String(cString: $0.pointee.name)) } }
    var child = av_opt_child_next(object, nil)
    while let current = child {
      names += self.names(of: current, media)
      child = av_opt_child_next(object, current)
    }
    return names
  }

  private static func each(of object: UnsafeMutableRawPointer, _ body: (UnsafePointer<AVOption>) -> Void) {
    var option = av_opt_next(object, nil)
    while let current = option {
      body(current)
      option = av_opt_next(object, current)
    }
  }

  /// "it takes a, b, c" or "it takes a number from 0 to 51", where that says something.
  private static func allowed(_ option: UnsafePointer<AVOption>, of owner: UnsafeMutableRawPointer) -> String? {
    var words: [String] = []
    if let unit = option.pointee.unit.map({ String(cString: $0) }) {
      each(of: owner) { other in
        guard other.pointee.type == AV_OPT_TYPE_CONST, let its = other.pointee.unit, String(cString: its) == unit else { return }
        words.append(String(cString: other.pointee.name))
      }
    }
    if !words.isEmpty { return "it takes " + words.prefix(24).joined(separator: ", ") }
    let least = option.pointee.min, most = option.pointee.max
    guard most > least, option.pointee.type != AV_OPT_TYPE_STRING, option.pointee.type != AV_OPT_TYPE_DICT else { return nil }
    func text(_ value: Double) -> String { Int64(exactly: value).map { "\($0)" } ?? "\(value)" }
    return "it takes a number from \(text(least)) to \(text(most))"
  }
}
