import FrameModel
import Plan
import SluiceBase

/// Reads grids of sources.
struct GridParser {
  let errors: ErrorCollector
  let canvas: Canvas
  /// The project's sources in order, and for each the number of clips that showing it takes.
  let sources: [Project.NamedSource]
  let clips: [Int]
  /// Indices of the sources that are grids themselves.
  let grids: Set<Int>

  static let keys = [
    "sources", "columns", "visible", "gap", "padding", "background", "fit", "order", "labels", "scroll", "reveal", "beyond",
    "width", "height",
  ]
  static let labelKeys = ["font", "size", "color"]
  static let scrollKeys = ["direction", "speed"]
  static let revealKeys = ["interval", "duration"]
  static let maximumTiles = 10_000
  private static let fastest: Int64 = 100_000

  /// The grid, and the number of clips that showing it takes.
  func grid(_ outer: FieldReader) -> (Project.Grid, clips: Int)? {
    guard let value = outer.value("grid"),
      let fields = FieldReader(value, outer.path("grid"), keys: Self.keys, errors: errors)
    else { return nil }
    var grid = Project.Grid(sources: names(fields))
    let side = Int64(CanvasLimits.largest)
    grid.width = fields.side("width")
    grid.height = fields.side("height")
    if fields.has("width") != fields.has("height") {
      errors.add(
        "has only one of \"width\" and \"height\"", at: value.offset, fields.place,
        advice: "give both, or none for the canvas's size")
    }
    grid.columns = fields.integer("columns", in: 1...Int64(Self.maximumTiles))
    grid.visible = fields.integer("visible", in: 1...Int64(Self.maximumTiles))
    if let gap = fields.integer("gap", in: 0...side) { grid.gap = gap }
    if let padding = fields.integer("padding", in: 0...side) { grid.padding = padding }
    if let color = fields.color("background") { grid.background = color }
    if let fit = fields.choice("fit", Fit.self) { grid.fit = fit }
    if let order = fields.choice("order", Project.Grid.Order.self) { grid.order = order }
    if let beyond = fields.choice("beyond", Project.Beyond.self) { grid.beyond = beyond }
    if let value = fields.value("labels") { grid.labels = labels(value, fields) }
    if let value = fields.value("scroll") { grid.scroll = scroll(value, fields.path("scroll")) }
    if let value = fields.value("reveal") { grid.reveal = reveal(value, fields.path("reveal")) }
    if fields.has("visible"), !fields.has("scroll") { fields.fail("visible", "is only for a grid with \"scroll\"") }
    return grid.sources.isEmpty ? nil : (grid, grid.sources.reduce(1) { $0 + clips[$1] })
  }

  private func names(_ fields: FieldReader) -> [Int] {
    guard fields.required("sources") != nil, let values = fields.array("sources", atMost: Self.maximumTiles) else { return [] }
    if values.isEmpty { fields.fail("sources", "must not be empty") }
    let indices = Dictionary(sources.enumerated().map { ($1.name, $0) }) { first, _ in first }
    return values.enumerated().compactMap { position, value in
      let place = "\(fields.path("sources"))[\(position)]"
      guard let name = value.string else {
        errors.add("must be the name of a source, not \(value.kind)", at: value.offset, place)
        return nil
      }
      guard let index = indices[name] else {
        errors.add(
          "unknown source \"\(name)\"", at: value.offset, place,
          advice: NearestName.advice(for: name, among: sources.map(\.name), what: "sources"))
        return nil
      }
      if grids.contains(index) {
        errors.add("a grid has no grids in it", at: value.offset, place, advice: "put that grid into a timeline of its own")
        return nil
      }
      return index
    }
  }

  /// `true` stands for labels with all defaults, `false` for none.
  private func labels(_ value: JSONValue, _ outer: FieldReader) -> Project.Grid.Labels? {
    if let flag = value.bool { return flag ? Project.Grid.Labels() : nil }
    guard value.object != nil else {
      outer.fail("labels", "must be true, false or an object, not \(value.kind)")
      return nil
    }
    guard let fields = FieldReader(value, outer.path("labels"), keys: Self.labelKeys, errors: errors) else { return nil }
    var labels = Project.Grid.Labels()
    if let font = fields.name("font") { labels.font = font }
    if let size = fields.positive("size", atMost: SourceParser.largestFont) { labels.size = size }
    if let color = fields.color("color") { labels.color = color }
    return labels
  }

  private func scroll(_ value: JSONValue, _ place: String) -> Project.Grid.Scroll? {
    guard let fields = FieldReader(value, place, keys: Self.scrollKeys, errors: errors) else { return nil }
    let direction = fields.required("direction").flatMap { _ in fields.choice("direction", Project.Grid.Direction.self) }
    let speed = fields.required("speed").flatMap { _ in fields.positive("speed", atMost: Self.fastest) }
    guard let direction, let speed else { return nil }
    if speed.den > 1000 {
      fields.fail("speed", "\(DecimalText.text(speed)) has a finer fraction than thousandths", advice: "round it")
    }
    return Project.Grid.Scroll(direction: direction, speed: speed)
  }

  private func reveal(_ value: JSONValue, _ place: String) -> Project.Grid.Reveal? {
    guard let fields = FieldReader(value, place, keys: Self.revealKeys, errors: errors) else { return nil }
    let interval = fields.required("interval").flatMap { _ in fields.seconds("interval", rate: canvas.rate) }
    let duration = fields.has("duration") ? fields.seconds("duration", rate: canvas.rate) : .zero
    guard let interval, let duration else { return nil }
    return Project.Grid.Reveal(interval: interval, duration: duration)
  }
}
