import CompositingTestKit
import FrameModel
import Plan
import Testing

// Scaling, and conversion of colours.
extension ConformanceCase {
  static let scaling: [ConformanceCase] = [
    ConformanceCase("scaling matches a double bicubic") { backend in
      let source = TestSlot(.yuv420p, 320, 180).scene(3)
      let all = Rect(0, 0, 320, 180)
      for (crop, place) in [
        (all, Rect(0, 0, 128, 72)), (all, Rect(130, 10, 107, 61)), (all, Rect(0, 0, 480, 270)),
        (Rect(64, 32, 128, 96), Rect(128, 0, 256, 192)), (Rect(37, 21, 200, 100), Rect(0, 0, 150, 75)),
        (Rect(10.5, 3.25, 100.5, 77.75), Rect(0, 0, 256, 128)),
      ] {
        let out = try backend.stage(.test(512, 288)).render([Layer(stream: 0, source: crop, destination: place)], [source])
        // Filter taps stay inside the crop's whole samples, on the chroma grid.
        let x0 = Int(crop.x) / 2 * 2
        let y0 = Int(crop.y) / 2 * 2
        let x1 = (Int(crop.maxX.rounded(.up)) + 1) / 2 * 2
        let y1 = (Int(crop.maxY.rounded(.up)) + 1) / 2 * 2
        var cut: [Int] = []
        for y in y0..<y1 { for x in x0..<x1 { cut.append(source[0, x, y]) } }
        let w = Int(place.width)
        let h = Int(place.height)
        let expected = Reference.scale(
          cut, width: x1 - x0, height: y1 - y0, x: crop.x - Double(x0), y: crop.y - Double(y0), w: crop.width, h: crop.height,
          toWidth: w, toHeight: h)
        var got: [Int] = []
        for y in 0..<h { for x in 0..<w { got.append(out[0, x + Int(place.x), y + Int(place.y)]) } }
        let quality = psnr(got, expected)
        #expect(backend.reaches(quality, 50), "\(crop) to \(place): \(quality) dB")
        guard crop == all, place.x == 0 else { continue }
        let chroma = Reference.scale(
          source.samples(1), width: 160, height: 90, x: 0, y: 0, w: 160, h: 90, toWidth: w / 2, toHeight: h / 2)
        let gotChroma = (0..<h / 2).flatMap { y in (0..<w / 2).map { out[1, $0, y] } }
        #expect(backend.reaches(psnr(gotChroma, chroma), 50), "chroma: \(psnr(gotChroma, chroma)) dB")
      }
    },
    ConformanceCase("matrices and ranges follow the formulas") { backend in
      let kr = [1: 0.2126, 6: 0.299, 9: 0.2627]
      let kb = [1: 0.0722, 6: 0.114, 9: 0.0593]
      for matrix in [1, 6, 9] {
        for full in [false, true] {
          for (r, g, b) in [(0.2, 0.5, 0.7), (0.9, 0.1, 0.4), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.3, 0.8, 0.2)] {
            let code = Reference.yuv(r, g, b, kr: kr[matrix]!, kb: kb[matrix]!, full: full).map { Int($0.rounded()) }
            let color = ColorDescription(matrix: UInt8(matrix), fullRange: full)
            let picture = TestSlot(.yuv420p, 64, 64, color: color).fill(code)
            let whole = Rect(0, 0, 64, 64)
            let out = try backend.stage(.test(64, 64)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
            let back = Reference.rgb(code[0], code[1], code[2], kr: kr[matrix]!, kb: kb[matrix]!, full: full)
            let expected = Reference.yuv(back.0, back.1, back.2, kr: 0.2126, kb: 0.0722)
            for plane in 0..<3 {
              #expect(
                abs(Double(out[plane, 9, 9]) - expected[plane]) <= 1 + backend.codes(),
                "matrix \(matrix) full \(full) plane \(plane)")
            }
          }
        }
      }
    },
    // Every planar format comes out as the colour it stands for.
    ConformanceCase("every source format is converted") { backend in
      let whole = Rect(0, 0, 33, 27)
      let (r, g, b) = (0.8, 0.3, 0.55)
      let expected = Reference.yuv(r, g, b, kr: 0.2126, kb: 0.0722)
      for depth in [8, 9, 10, 12, 16] {
        let top = Double((1 << depth) - 1)
        let step = Double(1 << (depth - 8))
        for alpha in [false, true] {
          let rgb = TestSlot(PixelFormat(.rgb, depth: depth, alpha: alpha), 33, 27)
          rgb.fill([Int((r * top).rounded()), Int((g * top).rounded()), Int((b * top).rounded()), Int(top)])
          let gray = TestSlot(PixelFormat(.gray, depth: depth, alpha: alpha), 33, 27)
          gray.fill([Int(100 * step), Int(top)])
          var pictures: [(TestSlot, [Double])] = [(rgb, expected), (gray, [100, 128, 128])]
          for (cw, ch) in [(1, 1), (1, 0), (0, 0), (2, 0), (0, 1)] {
            let yuv = TestSlot(PixelFormat(.yuv, depth: depth, log2ChromaWidth: cw, log2ChromaHeight: ch, alpha: alpha), 33, 27)
            yuv.fill(expected.map { Int(($0 * step).rounded()) } + [Int(top)])
            pictures.append((yuv, expected))
          }
          for (picture, expected) in pictures {
            let out = try backend.stage(.test(33, 27)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
            let header = FrameDescription(reading: picture.memory, slotBytes: picture.bytes)!
            for plane in 0..<3 {
              let samples = out.samples(plane).map(Double.init)
              #expect(
                samples.allSatisfy { abs($0 - expected[plane]) <= 1 + backend.codes() },
                "\(header.format) plane \(plane): \(samples[0]) for \(expected[plane])")
            }
          }
        }
      }
    },
    // Alpha weighs; transparent pixels' colours never show, scaled or not.
    ConformanceCase("alpha leaves no fringe") { backend in
      let format = PixelFormat(.rgb, depth: 8, alpha: true)
      // A green disc on transparent magenta, over a green canvas: any fringe would show.
      let picture = TestSlot(format, 96, 96).fill { plane, x, y in
        let inside = (x - 48) * (x - 48) + (y - 48) * (y - 48) < 1600
        return inside ? [0, 255, 0, 255][plane] : [255, 0, 255, 0][plane]
      }
      for place in [Rect(0, 0, 96, 96), Rect(0, 0, 41, 37), Rect(1, 3, 91, 91), Rect(0, 0, 128, 128)] {
        let out = try backend.stage(.test(128, 128, background: RGBA(red: 0, green: 1, blue: 0))).render(
          [Layer(stream: 0, source: Rect(0, 0, 96, 96), destination: place)], [picture])
        for plane in 0..<3 {
          let worst = out.samples(plane).map { abs($0 - [173, 42, 26][plane]) }.max()!
          #expect(worst <= 2 + backend.tolerance.codes, "\(place) plane \(plane): \(worst)")
        }
      }
      // Half-transparent white over black, at half opacity.
      let veil = TestSlot(format, 64, 64).fill([255, 255, 255, 128])
      let out = try backend.stage(.test(64, 64)).render(
        [Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(0, 0, 64, 64), opacity: 0.5)], [veil])
      #expect(abs(out[0, 20, 20] - 71) <= 1 + backend.tolerance.codes)
      #expect(backend.isNear(out[1, 10, 10], 128) && backend.isNear(out[2, 10, 10], 128))
    },
    // Nothing outside a crop shows, wherever it begins.
    ConformanceCase("crops are clean at their edges") { backend in
      let picture = TestSlot(.yuv420p, 320, 240).fill { plane, x, y in
        let scale = plane == 0 ? 1 : 2
        let inside = (50..<270).contains(x * scale) && (30..<210).contains(y * scale)
        return plane == 0 ? (inside ? 180 : 16) : inside ? 90 : 200
      }
      let out = try backend.stage(.test(128, 96)).render(
        [Layer(stream: 0, source: Rect(50, 30, 220, 180), destination: Rect(0, 0, 128, 96))], [picture])
      #expect(out.samples(0).allSatisfy { backend.isNear($0, 180) })
      #expect(out.samples(1).allSatisfy { backend.isNear($0, 90) })
    },
  ]
}
