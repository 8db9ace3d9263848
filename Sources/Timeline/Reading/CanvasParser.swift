import FrameModel
import SluiceBase

/// The colours that a canvas may have, by name.
enum CanvasColor: String, CaseIterable {
  case bt601, bt709, bt2020
  case pq = "bt2020-pq"
  case hlg = "bt2020-hlg"

  var description: ColorDescription {
    var description: ColorDescription
    switch self {
    case .bt601: description = .bt601
    case .bt709: description = .bt709
    case .bt2020, .pq, .hlg: description = .bt2020
    }
    // H.273: 16 is SMPTE ST 2084, 18 ARIB STD-B67.
    if self == .pq { description.transfer = 16 }
    if self == .hlg { description.transfer = 18 }
    return description
  }

  /// The colour's name, without its range; BT.709 for a colour without a name.
  init(_ color: ColorDescription) {
    var limited = color
    limited.fullRange = false
    self = Self.allCases.first { $0.description == limited } ?? .bt709
  }
}

enum CanvasRange: String, CaseIterable { case limited, full }

/// Sizes that a canvas may have.
public enum CanvasLimits {
  public static let smallest = 16
  public static let largest = 16384
}

extension FieldReader {
  /// Width or height of a canvas: even, because every second column and row of a 4:2:0 picture has chroma.
  func side(_ key: String) -> Int? {
    guard let side = integer(key, in: Int64(CanvasLimits.smallest)...Int64(CanvasLimits.largest)) else { return nil }
    guard side % 2 == 0 else {
      fail(key, "must be even for 4:2:0 video, not \(side)", advice: "take \(side - 1) or \(side + 1)")
      return nil
    }
    return side
  }
}

/// Reads the canvas.
struct CanvasParser {
  let errors: ErrorCollector
  /// A nested timeline's background may be transparent.
  let isNested: Bool

  static let keys = ["width", "height", "fps", "background", "color", "range", "depth", "sampleRate", "channels"]

  func read(_ value: JSONValue, _ place: String, into project: inout Project) {
    guard let fields = FieldReader(value, place, keys: Self.keys, errors: errors) else { return }
    let usual = "\(project.canvas.width)x\(project.canvas.height)"
    if let width = fields.side("width") { project.canvas.width = width }
    if let height = fields.side("height") { project.canvas.height = height }
    if fields.has("width") != fields.has("height") {
      errors.add("has only one of \"width\" and \"height\"", at: value.offset, place, advice: "give both, or none for \(usual)")
    }
    if let rate = fields.rate("fps") { project.canvas.rate = rate }
    if let color = fields.color("background") {
      if color.alpha == 1 || isNested {
        project.canvas.background = color
      } else {
        fields.fail("background", "must be opaque")
      }
    }
    if let color = fields.choice("color", CanvasColor.self) {
      let isFull = project.canvas.color.fullRange
      project.canvas.color = color.description
      project.canvas.color.fullRange = isFull
    }
    if let range = fields.choice("range", CanvasRange.self) { project.canvas.color.fullRange = range == .full }
    if let depth = fields.integer("depth", in: 8...10) {
      switch depth {
      case 8: project.canvas.format = .yuv420p
      case 10: project.canvas.format = .yuv420p10
      default: fields.fail("depth", "must be 8 or 10, not \(depth)")
      }
    }
    if let rate = fields.integer("sampleRate", in: 8000...384_000) { project.sampleRate = rate }
    if let channels = fields.choice("channels", Project.Channels.self) { project.channels = channels }
  }
}
