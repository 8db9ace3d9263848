import Foundation
import Testing

/// Pieces of clips one after the other, full size: every frame is the source's own, untouched and uncopied.
struct CutListTests {
  struct Piece {
    var source: String
    var at: Double
    var from: Double
    var duration: Double
  }

  static func project(_ pieces: [Piece], fps: String = "24") -> String {
    let sources = Array(Set(pieces.map(\.source))).sorted()
    let named = sources.enumerated().map { "s\($0.offset): \"\($0.element)\"" }.joined(separator: ", ")
    let clips = pieces.map { piece in
      "{ source: \"s\(sources.firstIndex(of: piece.source)!)\", at: \(piece.at), in: \(piece.from), duration: \(piece.duration) }"
    }
    return """
      { canvas: { width: 320, height: 180, fps: "\(fps)", background: "#000000" }, sources: { \(named) },
        tracks: [ { kind: "video", clips: [ \(clips.joined(separator: ",\n")) ] } ] }
      """
  }

  /// Renders to Y4M and compares every frame with ffmpeg's decode.
  private func check(
    _ pieces: [Piece], fps: Double = 24, arguments: [String] = [], frames range: Range<Int>? = nil,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let box = try Sandbox()
    try box.write("cut.json5", Self.project(pieces, fps: fps == 24 ? "24" : "\(Int(fps))"))
    let statistics = try box.render(["render", "cut.json5", "-o", "cut.y4m"] + arguments, location: location)
    let video = Y4M(try box.data("cut.y4m"))
    #expect(video.header.hasPrefix("YUV4MPEG2 W320 H180 F\(Int(fps)):1 "), sourceLocation: location)
    var references: [String: Reference] = [:]
    for piece in pieces where references[piece.source] == nil { references[piece.source] = try Reference(piece.source) }
    let length = Int(((pieces.map { $0.at + $0.duration }.max() ?? 0) * fps).rounded())
    let range = range ?? 0..<length
    try #require(video.frames.count == range.count, sourceLocation: location)
    let black = Data(repeating: 16, count: 320 * 180) + Data(repeating: 128, count: 320 * 90)
    var shown = 0
    for (frame, n) in zip(video.frames, range) {
      let time = Double(n) / fps
      let piece = pieces.last { $0.at - 1e-9 <= time && time < $0.at + $0.duration - 1e-9 }
      let wanted = piece.map { references[$0.source]!.frame(at: $0.from + time - $0.at) } ?? black
      if piece != nil { shown += 1 }
      if frame != wanted {
        let equal = references.values.flatMap { $0.frames.enumerated().filter { $0.element == frame }.map(\.offset) }
        Issue.record("frame \(n) differs; it equals the source's \(equal), wanted for \(time)", sourceLocation: location)
        return
      }
    }
    #expect(statistics["frames"] == Double(range.count), sourceLocation: location)
    #expect(statistics["bytesCopiedPerFrame"] == 0, sourceLocation: location)
    #expect(statistics["stages", "render", "bypassedFrames"] == Double(shown), sourceLocation: location)
    #expect(statistics["stages", "decode", "fallbackFrames"] == 0, sourceLocation: location)
  }

  @Test func aClipGoesThroughUntouched() throws {
    try check([Piece(source: Clips.bframes, at: 0, from: 0, duration: 2)])
  }

  @Test func piecesOutOfOrderAndOverlappingGroups() throws {
    try check((0..<8).map { Piece(source: Clips.bframes, at: Double($0) * 0.25, from: Double(7 - $0) * 0.21, duration: 0.25) })
  }

  @Test func piecesOfSeveralFiles() throws {
    try check([
      Piece(source: Clips.openGOP, at: 0, from: 0.7, duration: 0.5),
      Piece(source: Clips.editList, at: 0.5, from: 0.3, duration: 0.75),
      Piece(source: Clips.mandelbrot, at: 1.25, from: 1, duration: 0.5),
    ])
  }

  @Test func gapsShowTheBackground() throws {
    try check([
      Piece(source: Clips.bframes, at: 0.5, from: 0.25, duration: 0.5),
      Piece(source: Clips.mandelbrot, at: 1.5, from: 0, duration: 0.25),
    ])
  }

  @Test func rateUpAndDown() throws {
    try check([Piece(source: Clips.bframes, at: 0, from: 0.5, duration: 1.5)], fps: 30)
    try check([Piece(source: Clips.thirty, at: 0, from: 0, duration: 2)], fps: 24)
    try check([Piece(source: Clips.thirty, at: 0, from: 0.1, duration: 1)], fps: 60)
  }

  @Test func variableRateSource() throws {
    try check([Piece(source: Clips.variableRate, at: 0, from: 0, duration: 1.75)], fps: 30)
    try check([Piece(source: Clips.variableRate, at: 0, from: 0.61, duration: 1)], fps: 24)
  }

  @Test(arguments: [
    (["--from", "0.5", "--to", "1.25"], 12..<30), (["--from", "13f"], 13..<48), (["--to", "00:00:01.000"], 0..<24),
  ])
  func aPartOfTheTimeline(_ arguments: [String], _ range: Range<Int>) throws {
    let pieces = [
      Piece(source: Clips.bframes, at: 0, from: 1, duration: 1), Piece(source: Clips.mandelbrot, at: 1, from: 0.5, duration: 1),
    ]
    try check(pieces, arguments: arguments, frames: range)
  }
}
