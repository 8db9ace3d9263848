import Foundation

/// Renders that use different parts of the machinery, for tests that disturb them. Each is quick and long enough to be hit.
struct MixedTimeline {
  enum Output { case file(String), standardOutput, command }
  var name: String
  var arguments: [String]
  var output: Output

  /// The complete command line, and where its bytes are afterwards: a file, or nil for standard output.
  func command(_ tag: String) -> (arguments: [String], file: String?) {
    switch output {
    case .file(let ending): (arguments + ["-o", "\(tag).\(ending)"], "\(tag).\(ending)")
    case .standardOutput: (arguments + ["-o", "-"], nil)
    case .command: (arguments + ["--encoder-command", "cat > \(tag).raw"], "\(tag).raw")
    }
  }

  static let fast = ["--codec", "libx264", "--preset", "ultrafast"]

  /// Writes their projects into the sandbox.
  static func all(_ box: Sandbox) throws -> [MixedTimeline] {
    let (a, b, c, d) = (Clips.bframes, Clips.mandelbrot, Clips.openGOP, Clips.thirty)
    try box.write(
      "layers.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 },
        sources: { a: "\(a)", b: "\(b)", c: "\(c)", d: "\(d)", still: "\(Clips.png)",
          talk: "\(Clips.flashMP4)", tone: "\(Clips.sound)",
          title: { text: "Title", size: 30, color: "#ffe080" } },
        tracks: [
          { kind: "video", clips: [
            { source: "a", at: 0, duration: 2 }, { source: "c", at: 2, duration: 1.5, transition: { kind: "dissolve", duration: 0.5 } },
            { source: "still", at: 3.5, duration: 1 }, { source: "d", at: 4.5, duration: 1.5, effects: [ { avfilter: "hue=s=0" } ] } ] },
          { kind: "video", clips: [
            { source: "b", at: 0.5, duration: 2, opacity: 0.6, place: { x: 10, y: 10, width: 160, height: 90 } },
            { source: "title", at: 2.5, duration: 2 },
            { source: "talk", at: 4.5, in: 1, duration: 1.5, place: { x: 10, y: 10, width: 64, height: 36 }, sound: { pan: -0.5 } } ] },
          { kind: "audio", gain: -6, effects: [ { delay: { delayTime: 0.1, feedback: 0.3 } } ], clips: [
            { source: "tone", at: 0.3, duration: 0.7, fadeOut: 0.2 },
            { source: "talk", at: 1, duration: 4, effects: [ { biquad: { type: "highpass", frequency: 200 } } ] } ] } ] }
      """)
    var pieces: [CutListTests.Piece] = []
    for (index, source) in [a, c, b, Clips.damaged, a, c, b, Clips.damaged].enumerated() {
      pieces.append(.init(source: source, at: Double(index), from: 0.25, duration: 1))
    }
    try box.write("cuts.json5", CutListTests.project(pieces))
    let grid = ["grid", a, b, c, d, Clips.png, Clips.jpeg, "--duration", "2", "--canvas", "320x240"]
    return [
      .init(name: "a grid into segments", arguments: grid + fast, output: .file("mkv")),
      .init(name: "layers into segments", arguments: ["render", "layers.json5"] + fast, output: .file("mp4")),
      .init(name: "layers into a raw file", arguments: ["render", "layers.json5", "--format", "y4m"], output: .file("y4m")),
      .init(
        name: "layers into standard output", arguments: ["render", "layers.json5", "--format", "nut"], output: .standardOutput),
      .init(name: "sound alone", arguments: ["render", "layers.json5"], output: .file("flac")),
      .init(name: "cuts into segments", arguments: ["render", "cuts.json5"] + fast, output: .file("mkv")),
      .init(name: "cuts into a pipe", arguments: ["render", "cuts.json5"], output: .command),
    ]
  }

  func bytes(_ box: Sandbox, _ file: String?, _ run: Spawned) throws -> Data { try file.map { try box.data($0) } ?? run.output }
}
