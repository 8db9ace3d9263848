import FrameModel
import Plan
import SluiceBase

/// Pictures that are made, not read. OpenTimelineIO names no kinds: these are the ones that are in use.
struct OTIOGenerator {
  let context: OTIOContext
  let canvas: Canvas

  func media(_ object: OTIOObject, clip: OTIOObject, isShown: Bool) -> OTIOMedia {
    let kind = object.string("generator_kind") ?? ""
    let parameters = object["parameters"]
    func timeless(_ source: Project.Source, _ name: String, _ text: String) -> OTIOMedia {
      OTIOMedia(source: source, name: name, text: text, isTimeless: true)
    }
    switch kind.lowercased().filter({ $0.isLetter || $0.isNumber }) {
    case "black", "blackvideo": return timeless(.color(.black), "black", "black")
    case "solidcolor", "solid", "color", "colormatte", "colorsolid", "solidcolour", "colour":
      let color = Self.color(parameters)
      if color == nil, isShown {
        context.note(
          .warning, clip,
          "its colour is not in the parameters of the generator (\"color\": [r, g, b] or \"#rrggbb\"); black is shown")
      }
      return timeless(.color(color ?? .black), "colour \((color ?? .black).hex)", "the colour \((color ?? .black).hex)")
    case "smptebars", "colorbars", "colourbars", "bars", "hdbars", "smptehdbars", "barsandtone":
      let graph = "smptehdbars=s=\(canvas.width)x\(canvas.height):r=\(canvas.rate.num)/\(canvas.rate.den)"
      return timeless(.lavfi(graph), "SMPTE bars", "SMPTE colour bars")
    case "text", "title":
      guard let text = parameters?["text"]?.string, !text.isEmpty, !text.utf8.contains(0) else { break }
      var title = Project.Title(text: text)
      if let color = Self.color(parameters) { title.color = color }
      return timeless(.title(title), "title", "the title \"\(text.prefix(60))\"")
    case "slug":
      // Premiere writes it for its titles, whose text is not in the file: nothing below them may be hidden.
      if isShown {
        context.note(.warning, clip, "the generator \"Slug\" does not say what it shows; its name is shown over what lies below")
      }
      return timeless(
        .timeline(OTIOCard.project(label(clip, object), canvas: canvas, background: .clear)), "card: slug", "its name")
    default: break
    }
    if isShown {
      context.note(.warning, clip, "the generator \"\(kind.prefix(60))\" is not known; a card with its name is shown")
    }
    let text = label(clip, object) + "\ngenerator: " + (kind.isEmpty ? "without a kind" : kind)
    return timeless(
      .timeline(OTIOCard.project(text, canvas: canvas, background: RGBA(red: 0.1, green: 0.2, blue: 0.35))),
      "card: \(kind.isEmpty ? "generator" : kind)", "a card with its name")
  }

  private func label(_ clip: OTIOObject, _ object: OTIOObject) -> String {
    let name = clip.name.isEmpty ? object.name : clip.name
    return name.isEmpty ? "generator" : name
  }

  /// `color` as `#rrggbb` or three or four numbers in 0...1, or `red`, `green`, `blue` (`r`, `g`, `b`) of their own.
  static func color(_ parameters: JSONValue?) -> RGBA? {
    let value = parameters?["color"] ?? parameters?["Color"] ?? parameters?["colour"] ?? parameters
    if let text = value?.string { return RGBA(hex: text) }
    func part(_ number: JSONValue?) -> Double? {
      number?.number.flatMap { Double($0.text) }.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil }
    }
    if let numbers = value?.array?.map(part), numbers.count == 3 || numbers.count == 4,
      let red = numbers[0], let green = numbers[1], let blue = numbers[2]
    {
      guard numbers.count == 4 else { return RGBA(red: red, green: green, blue: blue) }
      return numbers[3].map { RGBA(red: red, green: green, blue: blue, alpha: $0) }
    }
    guard let red = part(value?["red"] ?? value?["r"]), let green = part(value?["green"] ?? value?["g"]),
      let blue = part(value?["blue"] ?? value?["b"])
    else { return nil }
    return RGBA(red: red, green: green, blue: blue, alpha: part(value?["alpha"] ?? value?["a"]) ?? 1)
  }
}
