import CSluice
import Compositing
import CompositingTestKit
import Foundation
import FrameModel
import Plan
import SharedRing
import Testing

@testable import CPUCompositing

@Suite struct CPUCompositorTests {
  func stage(_ canvas: Canvas, stillBytes: Int = 64 << 20) -> Stage {
    Stage(canvas) { CPUCompositor(canvas: $0, counters: $1, stillBytes: stillBytes) }
  }
  func grid(_ count: Int, columns: Int, width: Double, height: Double, source: Rect) -> [Layer] {
    (0..<count).map {
      Layer(
        stream: $0, source: source, destination: Rect(Double($0 % columns) * width, Double($0 / columns) * height, width, height))
    }
  }

  @Test func blendsOfAllTriplesAreRoundedExactly() {
    var wrong = 0
    let sources = (0...255).map(UInt8.init)
    var target = [UInt8](repeating: 0, count: 256)
    for alpha in 0...255 {
      for below in 0...255 {
        for i in 0..<256 { target[i] = UInt8(below) }
        sluice_blend8(&target, sources, 256, UInt16(alpha * 257))
        for above in 0...255 where Int(target[above]) != (2 * (above * alpha + below * (255 - alpha)) + 255) / 510 { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test func wideBlendsAndWeightsAreRoundedExactly() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let above = UInt16.random(in: 0...65535, using: &generator)
      let below = UInt16.random(in: 0...65535, using: &generator)
      for weight in [0, 1, 32767, 32768, 65534, 65535, UInt16.random(in: 0...65535, using: &generator)] {
        var target = below
        sluice_blend16(&target, [above], 1, weight)
        let exact = UInt64(above) * UInt64(weight) + UInt64(below) * UInt64(65535 - weight)
        #expect(UInt64(target) == (2 * exact + 65535) / 131070)
      }
    }
    for alpha in 0...255 {
      var weight: UInt16 = 0
      sluice_weights8(&weight, [UInt8(alpha)], 1, 40000)
      #expect(Int(weight) == (2 * alpha * 40000 + 255) / 510)
    }
  }

  /// Nine tiles go straight into the slot: no byte is moved, and no neighbour is touched.
  @Test func anAlignedGridMovesNoByte() throws {
    let inputs = (0..<9).map { TestSlot(.yuv420p, 960, 540).scene($0) }
    let layers = grid(9, columns: 3, width: 640, height: 360, source: Rect(0, 0, 960, 540))
    let s = stage(.test(1920, 1080))
    let together = try s.render(layers, inputs)
    #expect(s.counters[.copiedBytes] == 0)
    for index in [0, 4, 8] {
      let alone = try s.render([Layer(stream: 0, source: layers[0].source, destination: Rect(0, 0, 640, 360))], [inputs[index]])
      var wrong = 0
      for y in 0..<360 {
        for x in 0..<640 where alone[0, x, y] != together[0, x + index % 3 * 640, y + index / 3 * 360] { wrong += 1 }
      }
      #expect(wrong == 0)
    }
  }

  /// Tiles whose width is no multiple of a vector leave their neighbours alone.
  @Test func tilesOfAnyWidthStayInTheirPlace() throws {
    let picture = TestSlot(.yuv420p, 320, 180).fill([200, 60, 190])
    for width in [2, 34, 66, 130, 202, 250] {
      let s = stage(.test(512, 128, background: RGBA(red: 1, green: 1, blue: 1)))
      let out = try s.render(
        [Layer(stream: 0, source: Rect(0, 0, 320, 180), destination: Rect(128, 10, Double(width), 50))], [picture])
      #expect(s.counters[.copiedBytes] == 0)
      var wrong = 0
      for y in 0..<128 {
        for x in 0..<512 {
          let inside = (128..<128 + width).contains(x) && (10..<60).contains(y)
          if out[0, x, y] != (inside ? 200 : 235) || out[1, x / 2, y / 2] != (inside ? 60 : 128) { wrong += 1 }
        }
      }
      #expect(wrong == 0, "width \(width)")
    }
  }

  @Test func nothingIsMadeAfterTheFirstFrames() throws {
    let inputs = [
      TestSlot(.yuv420p, 320, 180).scene(1), TestSlot(.yuv420p, 181, 121, rotation: 1).scene(2),
      TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 90, 60).scene(3), TestSlot(.yuv420p, 64, 64).scene(4),
    ]
    let layers = [
      Layer(stream: 0, source: Rect(0, 0, 320, 180), destination: Rect(0, 0, 250, 141)),
      Layer(stream: 1, source: Rect(0, 0, 121, 181), destination: Rect(31, 7, 100, 150), opacity: 0.7),
      Layer(stream: 2, source: Rect(0, 0, 90, 60), destination: Rect(5.5, 3, 90, 60)),
      Layer(stream: 3, source: Rect(0, 0, 64, 64), destination: Rect(100, 100, 64, 64)),
    ]
    let s = stage(.test(256, 192))
    let out = TestSlot(.yuv420p, 256, 192)
    var made: UInt64 = 0
    for frame in 0..<60 {
      // The first two move, the others are stills.
      inputs[0].generation += 1
      inputs[1].generation += 1
      _ = try s.render(layers, inputs, into: out)
      if frame == 2 { made = s.counters[.buffersCreated] }
    }
    #expect(made > 0 && s.counters[.buffersCreated] == made)
  }

  @Test func stillsAreScaledOnceAndStayTheSame() throws {
    let inputs = (0..<4).map { TestSlot(.yuv420p, 300, 200).scene($0) }
    let layers = grid(4, columns: 2, width: 128, height: 96, source: Rect(0, 0, 300, 200))
    let s = stage(.test(256, 192))
    let first = try s.render(layers, inputs).allSamples
    #expect(s.counters[.copiedBytes] == 0)
    let second = try s.render(layers, inputs).allSamples
    // Now the pictures change without a new generation: kept tiles do not see it, which proves that none is scaled.
    for input in inputs { input.fill([235, 128, 128]) }
    let third = try s.render(layers, inputs).allSamples
    #expect(first == second && second == third)
    inputs[2].generation += 1
    let fourth = try s.render(layers, inputs)
    #expect(fourth[0, 20, 120] == 235 && fourth[0, 20, 20] == first[0][20 * 256 + 20])
  }

  @Test func keptStillsStayWithinTheirBudget() throws {
    let inputs = (0..<4).map { TestSlot(.yuv420p, 300, 200).scene($0) }
    let layers = grid(4, columns: 2, width: 128, height: 96, source: Rect(0, 0, 300, 200))
    let tile = PlaneLayout(.yuv420p, width: 128, height: 96).bytes
    let s = stage(.test(256, 192), stillBytes: 2 * tile)
    let free = stage(.test(256, 192), stillBytes: 0)
    var made: UInt64 = 0
    for frame in 0..<10 {
      #expect(try s.render(layers, inputs).allSamples == free.render(layers, inputs).allSamples)
      if frame == 1 { made = s.counters[.buffersCreated] }
    }
    #expect(s.counters[.buffersCreated] == made)
  }

  /// Depth and subsampling of the canvas are free.
  @Test func canvasesOfOtherFormats() throws {
    for format in [
      PixelFormat.yuv420p10, PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1), PixelFormat(.yuv, depth: 10),
      PixelFormat(.rgb, depth: 8), PixelFormat(.gray, depth: 8),
    ] {
      let canvas = Canvas.test(130, 70, format: format, background: RGBA(red: 0, green: 0, blue: 1))
      let veil = TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 40, 40).fill([255, 0, 0, 255])
      let solid = Layer(
        stream: -1, fill: RGBA(red: 1, green: 0, blue: 0), source: Rect(0, 0, 1, 1), destination: Rect(3, 5, 60, 50))
      let a = try stage(canvas).render([solid])
      let b = try stage(canvas).render([Layer(stream: 0, source: Rect(0, 0, 40, 40), destination: Rect(3, 5, 60, 50))], [veil])
      for plane in 0..<format.planeCount {
        #expect(largestDifference(a.samples(plane), b.samples(plane)) <= 1 << (format.depth - 8), "\(format) plane \(plane)")
      }
    }
  }

  @Test func hiddenLayersAndCoveredGroundAreNotDrawn() throws {
    let below = TestSlot(.yuv420p, 128, 64).scene(1)
    let above = TestSlot(.yuv420p, 256, 128).scene(2)
    let whole = Rect(0, 0, 128, 64)
    let s = stage(.test(128, 64))
    _ = try s.render(
      [Layer(stream: 0, source: whole, destination: whole), Layer(stream: 1, source: Rect(0, 0, 256, 128), destination: whole)],
      [below, above])
    #expect(s.counters[.copiedBytes] == 0)
  }

  @Test func vectorLevelsAgreeWithinOneCodeValue() throws {
    let picture = TestSlot(.yuv420p, 322, 180, color: .bt601).scene()
    let layers = [
      Layer(stream: 0, source: Rect(0, 0, 322, 180), destination: Rect(0, 0, 128, 72)),
      Layer(stream: 0, source: Rect(9, 3, 200, 100), destination: Rect(31, 33, 151, 71), opacity: 0.6),
    ]
    let plain = Stage(.test(200, 120)) { CPUCompositor(canvas: $0, counters: $1, vectors: .portable) }
    let a = try stage(.test(200, 120)).render(layers, [picture])
    let b = try plain.render(layers, [picture])
    for plane in 0..<3 { #expect(largestDifference(a.samples(plane), b.samples(plane)) <= 1) }
  }

  /// Chroma samples of an odd picture reach beyond it; what a slot holds there, of whatever it held before, is never seen.
  @Test func memoryBeyondAnOddEdgeIsNeverSeen() throws {
    for (width, height) in [(97, 61), (96, 61), (97, 60)] {
      var shown: [[[Int]]] = []
      for garbage in [UInt8(0), 90, 255] {
        let picture = TestSlot(.yuv420p, width, height)
        memset(picture.memory + picture.frame.planes[0].offset, Int32(garbage), picture.bytes - picture.frame.planes[0].offset)
        picture.scene()
        let whole = Rect(0, 0, Double(width), Double(height))
        let places: [(x: Double, y: Double, rotation: Double)] = [(30, 20, 15), (30.3, 20.6, 0), (30, 20, 0)]
        for place in places {
          let box = Rect(place.x, place.y, whole.width, whole.height)
          let stage = Stage(.test(200, 120)) { CPUCompositor(canvas: $0, counters: $1, isStill: { _ in true }) }
          let layer = Layer(.picture(stream: 0), source: whole, destination: box, rotation: place.rotation)
          shown.append(try stage.render([layer], [picture]).allSamples)
        }
      }
      for index in 3..<9 { #expect(shown[index] == shown[index % 3], "\(width)x\(height), \(index)") }
    }
  }

  /// zimg's vector code has columns of garbage at some sizes: none may come through.
  @Test(arguments: [
    PixelFormat.yuv420p, .yuv420p10, PixelFormat(.yuv, depth: 8), PixelFormat(.rgb, depth: 8),
    PixelFormat(.rgb, depth: 8, alpha: true),
    PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1, log2ChromaHeight: 1, alpha: true),
  ])
  func noSizeIsScaledWrongly(_ format: PixelFormat) throws {
    var state = UInt64(format.rawValue)
    func within(_ range: ClosedRange<Double>) -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return range.lowerBound + (range.upperBound - range.lowerBound) * Double(state >> 11) / Double(1 << 53)
    }
    for round in 0..<60 {
      // Near twice as small, anything, and small pieces at the right edge.
      let shrink = round % 3 == 0 ? within(1.9...2.6) : exp(within(-2...2.5))
      let width = Int(within(4...(round % 2 == 0 ? 60 : 300))) * 2
      let taken = round % 3 == 2 ? within(2...40) : Double(width) * shrink
      let sourceWidth = max(Int(taken.rounded(.up)) + Int(within(0...20)), 8)
      let sourceHeight = Int(within(8...40))
      let height = Int(within(2...20)) * 2
      let picture = TestSlot(format, sourceWidth, sourceHeight).scene(round)
      let region = Rect(Double(sourceWidth) - taken, 0, taken, Double(sourceHeight))
      let canvas = Canvas.test(width, height, format: format.depth > 8 ? .yuv420p10 : .yuv420p)
      let layers = [Layer(stream: 0, source: region, destination: Rect(0, 0, Double(width), Double(height)))]
      let plain = Stage(canvas) { CPUCompositor(canvas: $0, counters: $1, vectors: .portable) }
      let fast = try stage(canvas).render(layers, [picture])
      let right = try plain.render(layers, [picture])
      for plane in 0..<3 {
        let difference = largestDifference(fast.samples(plane), right.samples(plane))
        #expect(difference <= 2, "\(format) \(region) of \(sourceWidth)x\(sourceHeight) to \(width)x\(height), plane \(plane)")
      }
    }
  }

  /// Primaries are converted through linear light when both are known: BT.2020 red is outside BT.709.
  @Test func knownPrimariesAreConverted() throws {
    let wide = ColorDescription(matrix: 9, primaries: 9, transfer: 1)
    let code = Reference.yuv(0.5, 0.4, 0.3, kr: 0.2627, kb: 0.0593).map { Int($0.rounded()) }
    let picture = TestSlot(.yuv420p, 64, 64, color: wide).fill(code)
    let whole = Rect(0, 0, 64, 64)
    let out = try stage(.test(64, 64)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
    // BT.1886's inverse is zimg's linearisation of BT.709; the 2020-to-709 matrix is BT.2087's.
    let back = Reference.rgb(code[0], code[1], code[2], kr: 0.2627, kb: 0.0593, full: false)
    let r = pow(back.0, 2.4)
    let g = pow(back.1, 2.4)
    let b = pow(back.2, 2.4)
    let rgb = [
      1.6605 * r - 0.5876 * g - 0.0728 * b, -0.1246 * r + 1.1329 * g - 0.0083 * b, -0.0182 * r - 0.1006 * g + 1.1187 * b,
    ]
    .map { pow($0, 1 / 2.4) }
    let expected = Reference.yuv(rgb[0], rgb[1], rgb[2], kr: 0.2126, kb: 0.0722)
    for plane in 0..<3 {
      #expect(abs(Double(out[plane, 5, 5]) - expected[plane]) <= 2, "\(plane) \(out[plane, 5, 5]) \(expected[plane])")
    }
  }
}
