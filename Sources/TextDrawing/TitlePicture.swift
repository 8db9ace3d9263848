import CPango
import FrameModel
import SluiceBase

/// Draws a title: Pango lays the text out (line breaks, bidirectional text, fonts that stand in for missing glyphs), Cairo
/// draws it. The same pixels on every machine with the same fonts: no hinting, no subpixels, no desktop's resolution.
///
/// Every paragraph is laid out on its own, so that left is left whatever its direction. Safe from any thread.
public enum TitlePicture {
  /// Straight alpha.
  public static let format = PixelFormat(.rgb, depth: 8, alpha: true)

  /// Fills planes laid out by `PlaneLayout(format, title.width, title.height)` at `base`. Where nothing is drawn the
  /// colour is that of the outermost edge, so that a blur of straight colours has no dark seam. Throws 69 without memory.
  public static func draw(_ title: TitleKey, into base: UnsafeMutableRawPointer) throws(SluiceError) {
    let surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(title.width), Int32(title.height))
    defer { cairo_surface_destroy(surface) }
    guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let cairo = cairo_create(surface) else {
      throw SluiceError(.unavailable, "out of memory for a title of \(title.width)x\(title.height)")
    }
    defer { cairo_destroy(cairo) }
    let layout = TitleLayout(title)
    layout.draw(cairo)
    cairo_surface_flush(surface)
    guard let pixels = cairo_image_surface_get_data(surface) else {
      throw SluiceError(.unavailable, "out of memory for a title of \(title.width)x\(title.height)")
    }
    let edge = title.outline > 0 && title.outlineColor.alpha > 0 ? title.outlineColor : title.color
    let planes = PlaneLayout(format, width: title.width, height: title.height)
    StraightAlpha.split(
      pixels, stride: Int(cairo_image_surface_get_stride(surface)), planes, into: base, nothing: edge)
  }

  /// Characters for which no installed font has a glyph: a box with their number stands for them.
  public static func unknownCharacters(_ title: TitleKey) -> Int { TitleLayout(title).unknownCharacters }

  /// The installed family whose name is nearest to a font's; nil when none is near.
  public static func nearest(to font: String) -> String? {
    guard let wanted = pango_font_description_from_string(font) else { return nil }
    defer { pango_font_description_free(wanted) }
    guard let text = pango_font_description_get_family(wanted), let map = pango_cairo_font_map_new() else { return nil }
    defer { g_object_unref(map) }
    var list: UnsafeMutablePointer<UnsafeMutablePointer<PangoFontFamily>?>?
    var count: Int32 = 0
    pango_font_map_list_families(map, &list, &count)
    defer { g_free(list) }
    let names = (0..<Int(count)).compactMap { list?[$0].flatMap { pango_font_family_get_name($0) }.map { String(cString: $0) } }
      .sorted()
    let first = String(cString: text).prefix { $0 != "," }
    let found = NearestName.of(first.lowercased(), in: names.map { $0.lowercased() })
    return names.first { $0.lowercased() == found }
  }

  /// The font that stands in for one that is not installed; nil when it is.
  public static func substitute(for font: String) -> String? {
    guard let wanted = pango_font_description_from_string(font) else { return nil }
    defer { pango_font_description_free(wanted) }
    guard let text = pango_font_description_get_family(wanted) else { return nil }  // any will do
    let families = String(cString: text).split(separator: ",").map { trim($0).lowercased() }.filter { !$0.isEmpty }
    guard !families.isEmpty, let map = pango_cairo_font_map_new() else { return nil }
    defer { g_object_unref(map) }
    var list: UnsafeMutablePointer<UnsafeMutablePointer<PangoFontFamily>?>?
    var count: Int32 = 0
    pango_font_map_list_families(map, &list, &count)
    defer { g_free(list) }
    for index in 0..<Int(count) {
      guard let family = list?[index], let name = pango_font_family_get_name(family) else { continue }
      if families.contains(String(cString: name).lowercased()) { return nil }
    }
    if families.contains(where: { ["sans", "sans-serif", "serif", "monospace", "system-ui", "cursive", "fantasy"].contains($0) })
    {
      return nil
    }
    guard let context = pango_font_map_create_context(map) else { return nil }
    defer { g_object_unref(UnsafeMutableRawPointer(context)) }
    guard let loaded = pango_context_load_font(context, wanted), let found = pango_font_describe(loaded) else { return "none" }
    defer {
      pango_font_description_free(found)
      g_object_unref(loaded)
    }
    return pango_font_description_get_family(found).map { String(cString: $0) } ?? "another"
  }

  private static func trim(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return String(text)
  }
}

/// The paragraphs of a title, laid out. Used from one thread.
private final class TitleLayout {
  private struct Paragraph {
    var layout: OpaquePointer
    var height: Double
  }
  private let title: TitleKey
  private let map: UnsafeMutablePointer<PangoFontMap>?
  private var paragraphs: [Paragraph] = []

  init(_ title: TitleKey) {
    self.title = title
    map = pango_cairo_font_map_new()
    guard let map, let description = pango_font_description_from_string(title.font) else { return }
    defer { pango_font_description_free(description) }
    pango_font_description_set_absolute_size(description, title.size * Double(PANGO_SCALE))
    let options = cairo_font_options_create()
    defer { cairo_font_options_destroy(options) }
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    for line in title.text.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = line.last == "\r" ? String(line.dropLast()) : String(line)
      guard let context = pango_font_map_create_context(map) else { continue }
      defer { g_object_unref(UnsafeMutableRawPointer(context)) }
      pango_cairo_context_set_font_options(context, options)
      pango_cairo_context_set_resolution(context, 72)
      pango_context_set_round_glyph_positions(context, 0)
      // Alignment is turned around for a paragraph that runs against its context: this one never does.
      pango_context_set_base_dir(context, sluice_is_right_to_left(text) != 0 ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR)
      guard let layout = pango_layout_new(context) else { continue }
      pango_layout_set_font_description(layout, description)
      pango_layout_set_single_paragraph_mode(layout, 1)
      pango_layout_set_width(layout, Int32(max(1, Double(title.width) - 2 * title.outline) * Double(PANGO_SCALE)))
      pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
      let align: PangoAlignment =
        switch title.align {
        case .left: PANGO_ALIGN_LEFT
        case .center: PANGO_ALIGN_CENTER
        case .right: PANGO_ALIGN_RIGHT
        }
      pango_layout_set_alignment(layout, align)
      pango_layout_set_text(layout, text, -1)
      var width: Int32 = 0
      var height: Int32 = 0
      pango_layout_get_size(layout, &width, &height)
      paragraphs.append(Paragraph(layout: layout, height: Double(height) / Double(PANGO_SCALE)))
    }
  }

  deinit {
    for paragraph in paragraphs { g_object_unref(UnsafeMutableRawPointer(paragraph.layout)) }
    if let map { g_object_unref(map) }
  }

  var unknownCharacters: Int { paragraphs.reduce(0) { $0 + Int(pango_layout_get_unknown_glyphs_count($1.layout)) } }

  func draw(_ cairo: OpaquePointer) {
    let height = paragraphs.reduce(0) { $0 + $1.height }
    var y =
      switch title.vertical {
      case .top: title.outline
      case .middle: (Double(title.height) - height) / 2
      case .bottom: Double(title.height) - height - title.outline
      }
    let tops = paragraphs.map { paragraph in
      defer { y += paragraph.height }
      return y
    }
    if title.outline > 0 {
      set(cairo, title.outlineColor)
      cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND)
      cairo_set_line_width(cairo, 2 * title.outline)
      for (paragraph, top) in zip(paragraphs, tops) {
        cairo_move_to(cairo, title.outline, top)
        pango_cairo_layout_path(cairo, paragraph.layout)
      }
      cairo_stroke(cairo)
    }
    set(cairo, title.color)
    for (paragraph, top) in zip(paragraphs, tops) {
      cairo_move_to(cairo, title.outline, top)
      pango_cairo_show_layout(cairo, paragraph.layout)
    }
  }

  private func set(_ cairo: OpaquePointer, _ color: KeyColor) {
    cairo_set_source_rgba(
      cairo, Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255, Double(color.alpha) / 255)
  }
}
