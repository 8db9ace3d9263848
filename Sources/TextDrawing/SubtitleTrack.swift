import CLibass
import FrameModel
import SluiceBase

/// Events of a subtitle file, drawn by libass onto a transparent canvas. Used from one thread.
///
/// A script (ASS, SSA) keeps its own styles; plain events (SRT, WebVTT) get one style, made of the key's font, size and
/// colour: white, Sans, an eighteenth of the canvas's height, with a black outline, unless they say otherwise.
public final class SubtitleTrack {
  public struct Event: Sendable {
    /// Milliseconds.
    public var start: Int64
    public var duration: Int64
    /// As in an ASS script's `Dialogue` line, from its read order on: `0,0,Default,,0,0,0,,Text`.
    public var line: String
    public init(start: Int64, duration: Int64, line: String) {
      self.start = start
      self.duration = duration
      self.line = line
    }
  }

  private let library: OpaquePointer
  private let renderer: OpaquePointer
  private let track: UnsafeMutablePointer<ASS_Track>
  /// It has styles of its own.
  public let isScript: Bool
  private let width: Int
  private let height: Int
  private let layout: PlaneLayout

  /// A whole script.
  public convenience init(_ key: SubtitlesKey, script: [UInt8]) throws(SluiceError) {
    try self.init(key, isScript: true) { library in
      var script = script.map { CChar(bitPattern: $0) }
      return ass_read_memory(library, &script, script.count, nil)
    }
  }

  /// Events in the styles of an ASS header; nil: in one style.
  public convenience init(_ key: SubtitlesKey, events: [Event], header: String?) throws(SluiceError) {
    let isScript = header != nil
    let header = header ?? Self.header(key)
    try self.init(key, isScript: isScript) { library in
      guard let track = ass_new_track(library) else { return nil }
      var text = header.utf8.map { CChar(bitPattern: $0) }
      ass_process_codec_private(track, &text, Int32(text.count))
      for event in events {
        var line = event.line.utf8.map { CChar(bitPattern: $0) }
        ass_process_chunk(track, &line, Int32(line.count), event.start, event.duration)
      }
      return track
    }
  }

  private init(_ key: SubtitlesKey, isScript: Bool, _ read: (OpaquePointer) -> UnsafeMutablePointer<ASS_Track>?)
    throws(SluiceError)
  {
    guard let library = ass_library_init() else { throw SluiceError(.unavailable, "libass cannot be started") }
    sluice_ass_silence(library)
    ass_set_extract_fonts(library, 1)
    guard let renderer = ass_renderer_init(library) else {
      ass_library_done(library)
      throw SluiceError(.unavailable, "libass cannot be started")
    }
    guard let track = read(library) else {
      ass_renderer_done(renderer)
      ass_library_done(library)
      throw SluiceError(.badInput, "libass finds no script in it", at: key.path)
    }
    self.library = library
    self.renderer = renderer
    self.track = track
    self.isScript = isScript
    width = key.width
    height = key.height
    layout = PlaneLayout(TitlePicture.format, width: key.width, height: key.height)
    ass_set_storage_size(renderer, Int32(width), Int32(height))
    ass_set_frame_size(renderer, Int32(width), Int32(height))
    ass_set_hinting(renderer, ASS_HINTING_NONE)
    ass_set_shaper(renderer, ASS_SHAPING_COMPLEX)
    ass_set_cache_limits(renderer, 10_000, 16)  // glyphs, megabytes of bitmaps
    ass_set_fonts(renderer, nil, key.font ?? "Sans", Int32(ASS_FONTPROVIDER_AUTODETECT.rawValue), nil, 1)
  }

  deinit {
    ass_free_track(track)
    ass_renderer_done(renderer)
    ass_library_done(library)
  }

  public var eventCount: Int { Int(track.pointee.n_events) }

  /// Milliseconds at which the first event begins and the last one ends; nil without events.
  public var span: ClosedRange<Int64>? {
    guard let events = track.pointee.events, eventCount > 0 else { return nil }
    var low = Int64.max, high = Int64.min
    for index in 0..<eventCount {
      low = min(low, events[index].Start)
      high = max(high, events[index].Start.addingReportingOverflow(max(0, events[index].Duration)).partialValue)
    }
    return low...max(low, high)
  }

  /// What is shown at a time has been asked for last; false when it is what was asked for the time before.
  /// `draw()` puts it into memory.
  public func changes(at milliseconds: Int64) -> Bool {
    var change: Int32 = 0
    images = ass_render_frame(renderer, track, milliseconds, &change)
    return change != 0
  }
  private var images: UnsafeMutablePointer<ASS_Image>?

  /// What `changes(at:)` found, in planes laid out by `PlaneLayout(TitlePicture.format, width, height)` at `base`: straight
  /// alpha, transparent black where nothing is.
  public func draw(into base: UnsafeMutableRawPointer) {
    for plane in layout.planes {
      (base + plane.offset).initializeMemory(as: UInt8.self, repeating: 0, count: plane.stride * plane.height)
    }
    var columns = width..<width, rows = height..<height
    var image = images
    while let current = image?.pointee {
      blend(current, into: base, &columns, &rows)
      image = current.next
    }
    StraightAlpha.straighten(layout, at: base, columns: columns, rows: rows)
  }

  /// Over what is there, premultiplied.
  private func blend(
    _ image: ASS_Image, into base: UnsafeMutableRawPointer, _ columns: inout Range<Int>, _ rows: inout Range<Int>
  ) {
    let left = max(0, Int(image.dst_x)), right = min(width, Int(image.dst_x) + Int(image.w))
    let top = max(0, Int(image.dst_y)), bottom = min(height, Int(image.dst_y) + Int(image.h))
    guard left < right, top < bottom, let bitmap = image.bitmap else { return }
    columns = min(columns.lowerBound, left)..<(columns.isEmpty ? right : max(columns.upperBound, right))
    rows = min(rows.lowerBound, top)..<(rows.isEmpty ? bottom : max(rows.upperBound, bottom))
    let color = image.color  // RRGGBBTT, TT transparency
    let opacity = 255 - (color & 255)
    let samples = [color >> 24, color >> 16 & 255, color >> 8 & 255, 255]
    for y in top..<bottom {
      let coverage = bitmap + (y - Int(image.dst_y)) * Int(image.stride) - Int(image.dst_x)
      for (plane, sample) in zip(layout.planes, samples) {
        let row = (base + plane.offset + y * plane.stride).assumingMemoryBound(to: UInt8.self)
        for x in left..<right where coverage[x] != 0 {
          let alpha = UInt32(coverage[x]) * opacity  // of 255 * 255
          row[x] = UInt8((sample * alpha + UInt32(row[x]) * (65025 - alpha) + 32512) / 65025)
        }
      }
    }
  }

  /// 288 lines, as libavcodec counts sizes and places in plain events.
  private static func header(_ key: SubtitlesKey) -> String {
    let lines = 288.0
    let columns = lines * Double(key.width) / Double(key.height)
    let size = key.size.map { $0 * lines / Double(key.height) } ?? lines / 18
    func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
    let color = key.color ?? KeyColor(red: 255, green: 255, blue: 255)
    let primary = "&H" + hex(255 - color.alpha) + hex(color.blue) + hex(color.green) + hex(color.red)
    let font = (key.font ?? "Sans").filter { $0 != "," && !$0.isNewline }
    return """
      [Script Info]
      ScriptType: v4.00+
      PlayResX: \(Int(columns.rounded()))
      PlayResY: 288
      ScaledBorderAndShadow: yes
      WrapStyle: 0

      [V4+ Styles]
      Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
      StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
      Style: Default,\(font),\(size),\(primary),\(primary),&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,\(size / 16),0,2,\
      16,16,14,1

      [Events]
      Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text

      """
  }
}
