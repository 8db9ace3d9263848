import Compositing
import CompositingTestKit
import Foundation
import FrameModel
import Plan
import SharedRing
import Testing

@testable import CPUCompositing

/// What the CPU compositor keeps from frame to frame: stills that move, and what was drawn into a slot.
@Suite struct MotionAndDamageTests {
  /// Content with detail, but none beyond what a photograph has.
  private func photograph(_ width: Int, _ height: Int, _ format: PixelFormat = .yuv420p) -> TestSlot {
    TestSlot(format, width, height).fill { plane, x, y in
      let (x, y) = (Double(x), Double(y))
      let value =
        120 + 45 * sin(x * 0.21 + y * 0.05) + 30 * cos(y * 0.33 - x * 0.11 + Double(plane)) + 15 * sin(x * 0.7) * cos(y * 0.6)
      return plane == 3 ? (x > 10 && y > 12 ? 255 : 0) : Int(value.rounded())
    }
  }

  @Test func stillsAtPartsOfAPixelMatchADoubleBicubic() throws {
    let picture = photograph(128, 96)
    for (sw, sh) in [(128, 96), (100, 71)] {
      for (x, y) in [(8.0, 6.25), (8, 7), (9, 6), (10.3, 4.8), (-20.5, 30.75), (7.999, 40.001)] {
        let place = Rect(x, y, Double(sw), Double(sh))
        let s = Stage(.test(160, 128)) { CPUCompositor(canvas: $0, counters: $1) { _ in true } }
        let out = try s.render([Layer(.picture(stream: 0), source: Rect(0, 0, 128, 96), destination: place)], [picture])
        for plane in [0, 1] {
          let step = plane == 0 ? 1.0 : 2
          let (pw, ph) = picture.size(plane)
          let (ow, oh) = out.size(plane)
          let scaleX = Double(pw) / (place.width / step), scaleY = Double(ph) / (place.height / step)
          let expected = Reference.scale(
            picture.samples(plane), width: pw, height: ph, x: -x / step * scaleX, y: -y / step * scaleY,
            w: Double(ow) * scaleX, h: Double(oh) * scaleY, toWidth: ow, toHeight: oh)
          var got: [Int] = []
          var want: [Double] = []
          for row in 0..<oh {
            for column in 0..<ow {
              let (px, py) = (Double(column) * step, Double(row) * step)
              guard px > x + 4, px < place.maxX - 6, py > y + 4, py < place.maxY - 6 else { continue }
              got.append(out[plane, column, row])
              want.append(expected[row * ow + column])
            }
          }
          #expect(got.count > 500 && psnr(got, want) >= 46, "\(place) plane \(plane): \(psnr(got, want)) dB")
        }
      }
    }
  }

  /// A wall of stills is scaled once: moving it makes no new buffer, and every frame is what a new compositor draws.
  @Test func movingStillsAreScaledOnce() throws {
    let inputs = [photograph(200, 150), photograph(200, 150, PixelFormat(.yuv, depth: 8, alpha: true))]
    let s = Stage(.test(128, 96)) { CPUCompositor(canvas: $0, counters: $1) { _ in true } }
    let out = TestSlot(.yuv420p, 128, 96)
    var made: UInt64 = 0
    for frame in 0..<12 {
      let layers = (0..<2).map {
        Layer(
          .picture(stream: $0), source: Rect(0, 0, 200, 150),
          destination: Rect(Double($0) * 64 - 3, 70 - Double(frame) * 9.3, 60, 44))
      }
      _ = try s.render(layers, inputs, into: out)
      let fresh = Stage(.test(128, 96)) { CPUCompositor(canvas: $0, counters: $1) { _ in true } }
      #expect(try fresh.render(layers, inputs).allSamples == out.allSamples, "frame \(frame)")
      if frame == 3 { made = s.counters[.buffersCreated] }
    }
    #expect(s.counters[.buffersCreated] == made)
    // The kept tiles do not see that the pictures change without a new generation: nothing was scaled again.
    let layers = [
      Layer(.picture(stream: 0), source: Rect(0, 0, 200, 150), destination: Rect(20, 20.5, 60, 44))
    ]
    let before = try s.render(layers, inputs)
    inputs[0].fill([235, 128, 128])
    #expect(try s.render(layers, inputs).allSamples == before.allSamples && before[0, 50, 50] != 235)
  }

  @Test func titlesAreKeptAsTheirInk() throws {
    let title = TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 512, 512).fill { plane, x, y in
      (200..<260).contains(x) && (100..<120).contains(y) ? 255 : plane == 3 ? 0 : 90
    }
    let whole = Rect(0, 0, 512, 512)
    let layer = Layer(.picture(stream: 0), source: whole, destination: whole)
    let canvas = Canvas.test(512, 512)
    let counters = TestCounters()
    // Room for some 80 x 40 pixels, not for the canvas.
    let compositor = CPUCompositor(canvas: canvas, counters: counters, stillBytes: 40_000)
    let stage = Stage(canvas) { _, _ in compositor }
    let first = try stage.render([layer], [title])
    let second = try stage.render([layer], [title])
    title.fill([0, 0, 0, 0])
    let third = try stage.render([layer], [title])
    #expect(first[0, 230, 110] == 235 && first[0, 20, 20] == 16)
    #expect(first.allSamples == second.allSamples && second.allSamples == third.allSamples)
  }

  @Test func groupsThatDoNotChangeAreKept() throws {
    let picture = photograph(64, 48)
    let s = Stage(.test(96, 64)) { CPUCompositor(canvas: $0, counters: $1) }
    let group = Layer(
      .group(width: 64, height: 48, background: .clear, members: 1), source: Rect(0, 0, 64, 48), destination: Rect(3, 5, 40, 30),
      clip: Rect(0, 0, 96, 64), rotation: 20)
    let member = Layer(.picture(stream: 0), source: Rect(0, 0, 64, 48), destination: Rect(8, 8, 40, 32), opacity: 0.7)
    let first = try s.render([group, member], [picture])
    let second = try s.render([group, member], [picture])
    picture.fill([235, 128, 128])
    let third = try s.render([group, member], [picture])
    #expect(first.allSamples == second.allSamples && second.allSamples == third.allSamples)
  }

  /// Random timelines over rotating slots: what is kept right is what would be drawn.
  @Test(arguments: 0..<6) func damagedFramesEqualWholeOnes(_ seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let canvas = seed % 3 == 2 ? Canvas.test(131, 97) : Canvas.test(160, 96, background: RGBA(red: 0.2, green: 0.3, blue: 0.4))
    let inputs = [
      TestSlot(.yuv420p, 160, 96).scene(1), TestSlot(.yuv420p, 60, 50).scene(2),
      photograph(80, 60, PixelFormat(.yuv, depth: 8, alpha: true)),
      TestSlot(.yuv420p, 64, 48).scene(4),
    ]
    func still(_ stream: Int) -> Bool { stream >= 2 }
    let counters = TestCounters()
    let compositor = CPUCompositor(canvas: canvas, counters: counters, isStill: still)
    let stage = Stage(canvas) { _, _ in compositor }
    let outputs = (0..<3).map { _ in TestSlot(.yuv420p, canvas.width, canvas.height) }
    var layers = (0..<6).map { _ in random.layer(canvas) }
    var whole: UInt64 = 0
    for frame in 0..<45 {
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let at = Int.random(in: 0..<layers.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: layers[at] = random.layer(canvas)
        case 1: layers.swapAt(at, Int.random(in: 0..<layers.count, using: &random))
        case 2: layers[at][0].opacity = [0, 0.5, 1].randomElement(using: &random)!
        case 3: inputs[0].scene(frame).generation += 1
        case 4: layers[at][0].destination.y += Double.random(in: -3...3, using: &random)
        default: layers[at][0].rotation = [0, 0, 90, 25].randomElement(using: &random)!
        }
      }
      let output = outputs[frame % 3]
      output.generation += 1
      if Int.random(in: 0..<8, using: &random) == 0 {
        // Somebody else had the slot.
        output.generation += 1
        output.fill([1, 2, 3])
      }
      let list = Array(layers.joined())
      let expected = try Stage(canvas) { CPUCompositor(canvas: $0, counters: $1, isStill: still) }.render(list, inputs)
      let got = try stage.render(list, inputs, into: output)
      #expect(got.allSamples == expected.allSamples, "seed \(seed) frame \(frame)")
      whole += UInt64(canvas.width * canvas.height)
    }
    #expect(compositor.drawnPixels < whole * 9 / 10, "\(compositor.drawnPixels) of \(whole)")
  }

  @Test func onlyTheChangeIsDrawn() throws {
    let picture = TestSlot(.yuv420p, 320, 192).scene(1)
    let canvas = Canvas.test(320, 192)
    let compositor = CPUCompositor(canvas: canvas, counters: TestCounters())
    let stage = Stage(canvas) { _, _ in compositor }
    let out = TestSlot(.yuv420p, 320, 192)
    let ground = Layer(.picture(stream: 0), source: canvas.bounds, destination: canvas.bounds)
    func dot(_ x: Double) -> Layer { Layer(.fill(.black), source: Rect(0, 0, 8, 8), destination: Rect(x, 20, 8, 8)) }
    _ = try stage.render([ground, dot(10)], [picture], into: out)
    out.generation += 1
    let before = compositor.drawnPixels
    _ = try stage.render([ground, dot(40)], [picture], into: out)
    #expect(compositor.drawnPixels - before == 128)
    out.generation += 1
    _ = try stage.render([ground, dot(40)], [picture], into: out)
    #expect(compositor.drawnPixels - before == 128)
    // A failed frame leaves a slot that is not trusted.
    out.generation += 1
    #expect(throws: (any Error).self) { try stage.render([ground, dot(50)], [], into: out) }
    out.generation += 1
    _ = try stage.render([ground, dot(40)], [picture], into: out)
    #expect(compositor.drawnPixels - before == 128 + 320 * 192)
  }
}

extension SplitMix {
  /// One layer, or a group with its members.
  fileprivate mutating func layer(_ canvas: Canvas, depth: Int = 0) -> [Layer] {
    let kind = Int.random(in: 0..<(depth < 2 ? 7 : 5), using: &self)
    let x = Double(Int.random(in: -20...120, using: &self)), y = Double(Int.random(in: -20...70, using: &self))
    let part = [0, 0, 0.5, 0.3].randomElement(using: &self)!
    var layer: Layer
    var members: [Layer] = []
    switch kind {
    case 0:
      layer = Layer(
        .fill(RGBA(red: 0.9, green: 0.3, blue: 0.1)), source: Rect(0, 0, 1, 1), destination: Rect(x + part, y, 40, 30 + part))
    case 1...4:
      let sizes = [(160.0, 96.0), (60, 50), (80, 60), (64, 48)]
      let (w, h) = sizes[kind - 1]
      let scale = [1, 1, 0.5].randomElement(using: &self)!
      layer = Layer(
        .picture(stream: kind - 1), source: Rect(0, 0, w, h), destination: Rect(x + part, y + part, w * scale, h * scale))
    default:
      for _ in 0..<Int.random(in: 1...2, using: &self) { members += self.layer(canvas, depth: depth + 1) }
      layer = Layer(
        .group(width: 90, height: 71, background: [RGBA.clear, .black].randomElement(using: &self)!, members: members.count),
        source: Rect(0, 0, 90, 71), destination: Rect(x + part, y, kind == 5 ? 90 : 70, kind == 5 ? 71 : 50))
    }
    layer.clip = canvas.bounds
    layer.opacity = [1, 1, 0.6].randomElement(using: &self)!
    layer.rotation = [0, 0, 0, 90, 14].randomElement(using: &self)!
    layer.blend = [.normal, .normal, .normal, .multiply, .plus, .screen].randomElement(using: &self)!
    if Int.random(in: 0..<5, using: &self) == 0 { layer.tint = RGBA(red: 0, green: 0, blue: 1, alpha: 0.4) }
    return [layer] + members
  }
}
