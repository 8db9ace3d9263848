import CAVCodec
import CAVUtil
import FrameModel

/// The options of an encoder or a muxer, those of what it is made of included. Keeps their owner alive. For one thread.
public struct OptionTarget {
  /// What became of an option.
  public enum Outcome: Equatable {
    case set
    /// Its owner has no such option, or not for this medium.
    case unknown
    /// The value is none. `allowed` tells users what would be, where that says something.
    case refused(allowed: String?)
  }

  /// By which users know the owner.
  public let name: String
  private let owner: AnyObject
  private let object: UnsafeMutableRawPointer

  /// `object`: an FFmpeg object with options, whose first field is an `AVClass`; it lives as long as `owner`.
  init(of owner: AnyObject, object: UnsafeMutableRawPointer, name: String) {
    self.owner = owner
    self.object = object
    self.name = name
  }

  /// Sets an option of those that count when `media` is encoded.
  public func set(_ option: OutputSettings.Option, for media: EncoderCodec.Media) -> Outcome {
    var part: UnsafeMutableRawPointer?
    guard let known = av_opt_find2(object, option.name, nil, 0, AV_OPT_SEARCH_CHILDREN, &part), isForOutput(known, media) else {
      return .unknown
    }
    let (result, _) = AVLog.capture { av_opt_set(object, option.name, option.value, AV_OPT_SEARCH_CHILDREN) }
    return result >= 0 ? .set : .refused(allowed: part.flatMap { allowed(known, of: $0) })
  }

  /// Names of all options that count when `media` is encoded.
  public func names(for media: EncoderCodec.Media) -> [String] { names(of: object, media) }

  private func isForOutput(_ option: UnsafePointer<AVOption>, _ media: EncoderCodec.Media) -> Bool {
    let flags = option.pointee.flags
    let all = AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_AUDIO_PARAM | AV_OPT_FLAG_SUBTITLE_PARAM
    let ours = media == .pictures ? AV_OPT_FLAG_VIDEO_PARAM : AV_OPT_FLAG_AUDIO_PARAM
    return option.pointee.type != AV_OPT_TYPE_CONST && flags & AV_OPT_FLAG_ENCODING_PARAM != 0
      && (flags & all == 0 || flags & ours != 0)
  }

  private func names(of object: UnsafeMutableRawPointer, _ media: EncoderCodec.Media) -> [String] {
    var names: [String] = []
    each(of: object) { if isForOutput($0, media) { names.append(String(cString: $0.pointee.name)) } }
    var child = av_opt_child_next(object, nil)
    while let current = child {
      names += self.names(of: current, media)
      child = av_opt_child_next(object, current)
    }
    return names
  }

  private func each(of object: UnsafeMutableRawPointer, _ body: (UnsafePointer<AVOption>) -> Void) {
    var option = av_opt_next(object, nil)
    while let current = option {
      body(current)
      option = av_opt_next(object, current)
    }
  }

  /// "it takes a, b, c" or "it takes a number from 0 to 51", where that says something.
  private func allowed(_ option: UnsafePointer<AVOption>, of part: UnsafeMutableRawPointer) -> String? {
    var words: [String] = []
    if let unit = option.pointee.unit.map({ String(cString: $0) }) {
      each(of: part) { other in
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
