import CSluice
import Compositing
import CompositingTestKit
import FrameModel
import Plan
import Testing

@testable import CPUCompositing

/// Prints CPU times of one core; run with `SLUICE_TIMING=1 swift test -c release -Xswiftc -enable-testing --filter RenderTiming`.
@Suite(.enabled(if: getenv("SLUICE_TIMING") != nil), .serialized) struct RenderTiming {
  func measure(_ name: String, _ canvas: Canvas, _ layers: [Layer], _ inputs: [TestSlot], moving: Bool = true) throws {
    try measure(name, canvas, inputs, moving: moving) { _ in layers }
  }

  /// `kept`: the output slot is trusted, so that only what has changed is drawn.
  func measure(
    _ name: String, _ canvas: Canvas, _ inputs: [TestSlot], moving: Bool, stills: Bool = false, kept: Bool = false,
    _ layers: (Int) -> [Layer]
  ) throws {
    let s = Stage(canvas) { CPUCompositor(canvas: $0, counters: $1) { _ in stills } }
    let out = TestSlot(canvas.format, canvas.width, canvas.height)
    var times: [Double] = []
    for frame in 0..<40 {
      if moving { for input in inputs { input.generation += 1 } }
      if kept { out.generation += 1 }
      let list = layers(frame)
      let start = Self.now()
      _ = try s.render(list, inputs, into: out)
      times.append(Self.now() - start)
    }
    times.sort()
    print("\(name): median \(times[20]) ms, \(times[4]) to \(times[36]); copied \(s.counters[.copiedBytes] / 40) bytes a frame")
  }

  /// Milliseconds of this thread on a core: the machine may be busy with other things.
  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  @Test func tables() throws {
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

  /// Six columns of stills, moved to the left and up.
  private func wall(_ source: Rect, x: Double, y: Double) -> [Layer] {
    (0..<30).map { (index: Int) -> Layer in
      let left = Double(index % 6 * 320) - x
      let top = Double(index / 6 * 270 - 10) - y
      return Layer(.picture(stream: index), source: source, destination: Rect(left, top, 320, 270))
    }
  }

  @Test func layers() throws {
    let full = Rect(0, 0, 1920, 1080)
    let canvas = Canvas.test(1920, 1080)
    let hd = (0..<10).map { TestSlot(.yuv420p, 1920, 1080).scene($0) }
    func whole(_ stream: Int, opacity: Double = 1, blend: BlendMode = .normal, rotation: Double = 0, tint: RGBA = .clear) -> Layer
    {
      Layer(
        .picture(stream: stream), source: full, destination: full, rotation: rotation, opacity: opacity, blend: blend, tint: tint)
    }
    try measure("ten 1080p layers at opacity 0.5", canvas, (0..<10).map { whole($0, opacity: 0.5) }, hd)
    try measure("1080p dissolve", canvas, [whole(0), whole(1, opacity: 0.3)], hd)
    let group = Layer(.group(width: 1920, height: 1080, background: .clear, members: 2), source: full, destination: full)
    try measure(
      "1080p cross dissolve in a group", canvas,
      [group, whole(0, opacity: 0.7, blend: .plus), whole(1, opacity: 0.3, blend: .plus)],
      hd)
    try measure(
      "1080p group of one opaque picture", canvas,
      [Layer(.group(width: 1920, height: 1080, background: .black, members: 1), source: full, destination: full), whole(0)], hd)
    for mode in [BlendMode.multiply, .overlay] { try measure("1080p \(mode)", canvas, [whole(0), whole(1, blend: mode)], hd) }
    try measure("1080p with a tint", canvas, [whole(0, tint: RGBA(red: 0, green: 0, blue: 0, alpha: 0.4))], hd)
    try measure("1080p turned by 7 degrees", canvas, [whole(0), whole(1, rotation: 7)], hd)
    let title = TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 1920, 1080).fill { plane, x, y in
      (200..<1000).contains(x) && (800..<900).contains(y) ? 200 : plane == 3 ? 0 : 90
    }
    try measure("1080p still title of 800x100 over video", canvas, [hd[0], title], moving: false) { frame in
      hd[0].generation += 1
      return [whole(0), whole(1)]
    }
    try measure("1080p title rolling by parts of a pixel", canvas, [hd[0], title], moving: false, stills: true) { frame in
      var roll = whole(1)
      roll.destination.y = 20 - Double(frame) * 1.3
      return [whole(0), roll]
    }
    let photos = (0..<30).map { TestSlot(.yuv420p, 320, 270).scene($0) }
    for (name, size) in [("as decoded", Rect(0, 0, 320, 270)), ("scaled", Rect(0, 0, 300, 250))] {
      for (step, way) in [(1.37, "down"), (1, "down by whole pixels"), (2, "down by two pixels")] {
        try measure("wall of 30 stills \(name), moving \(way)", canvas, photos, moving: false, stills: true) { frame in
          wall(size, x: 0, y: Double(frame) * step)
        }
      }
    }
    try measure("wall of 30 stills, moving across", canvas, photos, moving: false, stills: true) { frame in
      wall(Rect(0, 0, 320, 270), x: Double(frame) * 1.37, y: 0)
    }
    try measure("1080p still under a moving dot, slot kept", canvas, hd, moving: false, kept: true) { frame in
      [whole(0), Layer(.fill(.black), source: Rect(0, 0, 1, 1), destination: Rect(Double(frame) * 9, 50, 32, 32))]
    }
  }
}
