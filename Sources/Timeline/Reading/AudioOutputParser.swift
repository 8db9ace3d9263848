import FrameModel
import SluiceBase

/// Reads `output.audio`.
struct AudioOutputParser {
  let errors: ErrorCollector

  static let keys = ["codec", "bitrate", "options", "loudness"]
  /// In LUFS. What broadcasters and platforms ask for lies well within.
  static let loudness: ClosedRange<Int64> = -70...0

  func read(_ value: JSONValue, _ place: String) -> Project.AudioOutput {
    var audio = Project.AudioOutput()
    guard let fields = FieldReader(value, place, keys: Self.keys, errors: errors) else { return audio }
    audio.codec = fields.name("codec")
    audio.bitRate = bitRate(fields)
    audio.options = fields.encoderOptions()
    audio.loudness = fields.number("loudness", in: Self.loudness)
    return audio
  }

  /// A number of bits a second, or a text as encoders take it.
  private func bitRate(_ fields: FieldReader) -> Int64? {
    guard let value = fields.value("bitrate") else { return nil }
    let bounds = Project.AudioOutput.bitRates
    let rate =
      value.string.map(Project.AudioOutput.bitRate)
      ?? value.number.flatMap { Rational($0) }.flatMap { $0.den == 1 && bounds.contains($0.num) ? $0.num : nil }
    if rate == nil {
      fields.fail(
        "bitrate", "must be between \(bounds.lowerBound) and \(bounds.upperBound) bits a second",
        advice: "write \"192k\" or 192000")
    }
    return rate
  }
}

extension Project.AudioOutput {
  /// Bits a second, for any codec of sound.
  public static let bitRates: ClosedRange<Int64> = 1000...100_000_000

  /// `192k`, `1.5M`, `192000`; nil for anything else, and outside `bitRates`.
  public static func bitRate(_ text: String) -> Int64? {
    let scale: Int64 =
      switch text.last {
      case "k", "K": 1000
      case "M": 1_000_000
      default: 1
      }
    guard let number = DecimalText.rational(scale == 1 ? text[...] : text.dropLast()),
      let rate = number.multiplied(by: Rational(scale)), rate.den == 1, bitRates.contains(rate.num)
    else { return nil }
    return rate.num
  }
}
