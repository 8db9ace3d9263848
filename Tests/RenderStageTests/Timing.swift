import CSluice
import FrameModel
import Testing

@testable import RenderStage
@testable import Timeline

/// Prints times; run with `SLUICE_TIMING=1 swift test -c release -Xswiftc -enable-testing --filter RenderTiming`.
@Suite(.enabled(if: getenv("SLUICE_TIMING") != nil), .serialized) struct RenderTiming {
  func measure(_ name: String, _ canvas: Canvas, _ layers: [Layer], _ inputs: [TestSlot], moving: Bool = true) throws {
    let s = Stage(canvas) { CPUCompositor(canvas: $0, counters: $1) }
    let out = TestSlot(canvas.format, canvas.width, canvas.height)
    var times: [Double] = []
    for _ in 0..<40 {
      if moving { for input in inputs { input.generation += 1 } }
      let start = sluice_now_ns()
      _ = try s.render(layers, inputs, into: out)
      times.append(Double(sluice_now_ns() - start) / 1e6)
    }
    times.sort()
    print("\(name): median \(times[20]) ms, \(times[4]) to \(times[36]); copied \(s.counters[.copiedBytes] / 40) bytes a frame")
  }

  @Test func tables() throws {
    print(VectorLevel.automatic.identity)
    let hd = (0..<9).map { TestSlot(.yuv420p, 1920, 1080).scene($0) }
    let full = Rect(0, 0, 1920, 1080)
    func grid(_ columns: Int, _ w: Double, _ h: Double, source: Rect, opacity: Double = 1) -> [Layer] {
      (0..<9).map {
        Layer(
          stream: $0, source: source, destination: Rect(Double($0 % columns) * w, Double($0 / columns) * h, w, h),
          opacity: opacity)
      }
    }
    let canvas = Canvas.test(1920, 1080)
    try measure("grid 3x3 of 1080p", canvas, grid(3, 640, 360, source: full), hd)
    try measure("grid 4 columns (480, unaligned)", canvas, grid(4, 480, 270, source: full), hd)
    try measure("grid 3x3, cropped from 240", canvas, grid(3, 640, 360, source: Rect(240, 0, 1440, 1080)), hd)
    try measure("grid 3x3 at opacity 0.5", canvas, grid(3, 640, 360, source: full, opacity: 0.5), hd)
    try measure("grid 3x3, nothing moves", canvas, grid(3, 640, 360, source: full), hd, moving: false)
    let whole = Layer(stream: 0, source: full, destination: full)
    try measure("1080p dissolve", canvas, [whole, Layer(stream: 1, source: full, destination: full, opacity: 0.5)], hd)
    try measure("1080p copy", canvas, [whole], hd)
    let sd = TestSlot(.yuv420p, 1920, 1080, color: .bt601).scene()
    try measure("1080p BT.601 primaries to BT.709", canvas, [whole], [sd])
    let matrix = TestSlot(.yuv420p, 1920, 1080, color: ColorDescription(matrix: 6)).scene()
    try measure("1080p BT.601 matrix to BT.709", canvas, [whole], [matrix])
    let turned = TestSlot(.yuv420p, 1920, 1080, rotation: 1).scene()
    try measure(
      "1080p turned by 90 degrees", canvas,
      [Layer(stream: 0, source: Rect(0, 0, 1080, 1920), destination: Rect(640, 0, 608, 1080))],
      [turned])
    let title = TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 1920, 1080).scene()
    try measure(
      "1080p title with alpha, moving", canvas, [whole, Layer(stream: 1, source: full, destination: full)], [hd[0], title])
    try measure(
      "1080p title with alpha, still", canvas, [whole, Layer(stream: 1, source: full, destination: full)], [hd[0], title],
      moving: false)
    let photo = TestSlot(
      PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1, log2ChromaHeight: 1), 4000, 3000,
      color: ColorDescription(matrix: 5, fullRange: true, chromaLocation: 1)
    ).scene()
    try measure(
      "12 MP photograph to 480x270", canvas,
      [Layer(stream: 0, source: Rect(0, 375, 4000, 2250), destination: Rect(0, 0, 480, 270))], [photo])
  }
}
