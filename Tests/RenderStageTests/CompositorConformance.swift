import FrameModel
import SharedRing
import SluiceBase
import Testing

@testable import RenderStage
@testable import Timeline

/// What every compositor must do. One test a property; an implementation's suite runs them with its own maker.
struct CompositorConformance {
  let make: (Canvas, TestCounters) -> any Compositor

  func stage(_ canvas: Canvas) -> Stage { Stage(canvas, make) }

  static let colors: [(RGBA, [Int])] = [
    (RGBA(red: 0, green: 0, blue: 0), [16, 128, 128]), (RGBA(red: 1, green: 1, blue: 1), [235, 128, 128]),
    (RGBA(red: 1, green: 0, blue: 0), [63, 102, 240]), (RGBA(red: 0, green: 1, blue: 0), [173, 42, 26]),
    (RGBA(red: 0, green: 0, blue: 1), [32, 240, 118]),
  ]

  func backgroundAndFillsHaveExactCodeValues() throws {
    for (color, expected) in CompositorConformance.colors {
      let ground = try stage(.test(37, 19, background: color)).render([])
      let fill = try stage(.test(37, 19)).render([
        Layer(stream: -1, fill: color, source: Rect(0, 0, 1, 1), destination: Rect(0, 0, 37, 19))
      ])
      for plane in 0..<3 {
        #expect(ground.samples(plane).allSatisfy { $0 == expected[plane] }, "\(color) \(plane) \(ground[plane, 0, 0])")
        #expect(fill.allSamples[plane] == ground.allSamples[plane])
      }
    }
  }

  func headerDescribesTheCanvas() throws {
    let canvas = Canvas.test(64, 32)
    let out = try stage(canvas).render([])
    let header = try #require(FrameDescription(reading: out.memory, slotBytes: out.bytes))
    #expect(header.format == canvas.format && header.width == 64 && header.height == 32)
    #expect(header.color == canvas.color && header.number == 7 && header.pts == Rational(7) / canvas.rate)
  }

  /// Unscaled pictures land sample for sample, on even and odd offsets.
  func unscaledPicturesArePlacedExactly() throws {
    let picture = TestSlot(.yuv420p, 64, 48).scene()
    for (x, y) in [(0, 0), (2, 4), (128, 6), (7, 4), (6, 5), (33, 21)] {
      let out = try stage(.test(256, 96)).render(
        [Layer(stream: 0, source: Rect(0, 0, 64, 48), destination: Rect(Double(x), Double(y), 64, 48))], [picture])
      var wrong = 0
      for row in 0..<96 {
        for column in 0..<256 {
          let inside = (x..<x + 64).contains(column) && (y..<y + 48).contains(row)
          if out[0, column, row] != (inside ? picture[0, column - x, row - y] : 16) { wrong += 1 }
        }
      }
      #expect(wrong == 0, "luma at \(x),\(y)")
      guard x % 2 == 0, y % 2 == 0 else { continue }
      for row in 0..<24 {
        for column in 0..<32 where out[1, column + x / 2, row + y / 2] != picture[1, column, row] { wrong += 1 }
      }
      #expect(wrong == 0, "chroma at \(x),\(y)")
    }
  }

  /// A chroma sample that an odd edge runs through is mixed by area.
  func partlyCoveredChromaIsMixedByArea() throws {
    let color = RGBA(red: 1, green: 0, blue: 0)
    for (x, y, w, h) in [(3, 2, 8, 8), (2, 3, 8, 8), (3, 3, 8, 8), (2, 2, 7, 7), (5, 5, 1, 1)] {
      let place = Rect(Double(x), Double(y), Double(w), Double(h))
      let solid = try stage(.test(32, 32)).render([Layer(stream: -1, fill: color, source: Rect(0, 0, 1, 1), destination: place)])
      let picture = TestSlot(.yuv420p, 16, 16).fill([63, 102, 240])
      let scaled = try stage(.test(32, 32)).render([Layer(stream: 0, source: Rect(0, 0, 16, 16), destination: place)], [picture])
      let alpha = TestSlot(PixelFormat(.yuv, depth: 8, alpha: true), 16, 16).fill([63, 102, 240, 255])
      let masked = try stage(.test(32, 32)).render([Layer(stream: 0, source: Rect(0, 0, 16, 16), destination: place)], [alpha])
      for row in 0..<16 {
        for column in 0..<16 {
          let across = max(0, min(x + w, 2 * column + 2) - max(x, 2 * column))
          let down = max(0, min(y + h, 2 * row + 2) - max(y, 2 * row))
          let part = Double(across * down) / 4
          let expected = 128 + (240 - 128) * part
          for out in [solid, scaled, masked] {
            #expect(abs(Double(out[2, column, row]) - expected) <= 0.51, "\(place) \(column),\(row)")
          }
        }
      }
    }
  }

  /// A destination between pixels covers its edge pixels in part.
  func fractionalEdgesAreCoveredInPart() throws {
    let white = RGBA(red: 1, green: 1, blue: 1)
    let out = try stage(.test(32, 32)).render(
      [Layer(stream: -1, fill: white, source: Rect(0, 0, 1, 1), destination: Rect(4.25, 8, 10.5, 8))])
    #expect(out[0, 3, 10] == 16)
    #expect(out[0, 4, 10] == Int((16 + 219 * 0.75).rounded()))
    #expect(out[0, 5, 10] == 235)
    #expect(out[0, 14, 10] == Int((16 + 219 * 0.75).rounded()))
    #expect(out[0, 15, 10] == 16)
  }

  func opacityZeroChangesNothingAndOneIsACopy() throws {
    let below = TestSlot(.yuv420p, 96, 64).scene(1)
    let above = TestSlot(.yuv420p, 96, 64).scene(2)
    let whole = Rect(0, 0, 96, 64)
    let s = stage(.test(96, 64))
    let base = Layer(stream: 0, source: whole, destination: whole)
    for place in [whole, Rect(5, 3, 61, 33)] {
      let hidden = try s.render([base, Layer(stream: 1, source: whole, destination: place, opacity: 0)], [below, above])
      #expect(hidden.allSamples == below.allSamples)
    }
    let shown = try s.render([base, Layer(stream: 1, source: whole, destination: whole, opacity: 1)], [below, above])
    #expect(shown.allSamples == above.allSamples)
  }

  func opacityMixesWithinRounding() throws {
    let below = TestSlot(.yuv420p, 256, 256).fill { _, x, y in plane(x, y).0 }
    let above = TestSlot(.yuv420p, 256, 256).fill { _, x, y in plane(x, y).1 }
    func plane(_ x: Int, _ y: Int) -> (Int, Int) { (x, y) }
    let whole = Rect(0, 0, 256, 256)
    let s = stage(.test(256, 256))
    for step in 0...255 where step % 15 == 0 || step < 4 || step > 251 {
      let alpha = Double(step) / 255
      let out = try s.render(
        [
          Layer(stream: 0, source: whole, destination: whole),
          Layer(stream: 1, source: whole, destination: whole, opacity: alpha),
        ], [below, above])
      var worst = 0.0
      for y in 0..<256 {
        for x in 0..<256 { worst = max(worst, abs(Double(out[0, x, y]) - (Double(y) * alpha + Double(x) * (1 - alpha)))) }
      }
      #expect(worst <= 0.5001, "opacity \(alpha): \(worst)")
    }
  }

  /// Each layer lies one pixel further right and down than the one below: the topmost one's samples show unchanged.
  func hundredLayersDoNotDrift() throws {
    let picture = TestSlot(.yuv420p, 64, 64).scene()
    let layers = (0..<100).map {
      Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(Double($0), Double($0), 64, 64), opacity: 1)
    }
    let out = try stage(.test(176, 176)).render(layers, [picture])
    var wrong = 0
    for y in 0..<176 {
      for x in 0..<176 {
        let top = min(x, y, 99)
        let inside = x - top < 64 && y - top < 64
        if out[0, x, y] != (inside ? picture[0, x - top, y - top] : 16) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    let same = (0..<100).map {
      Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(0, 0, 64, 64), opacity: $0 == 0 ? 1 : 0.3)
    }
    #expect(try stage(.test(64, 64)).render(same, [picture]).allSamples == picture.allSamples)
  }

  /// Layers that reach over the canvas's edges show the same as on a larger canvas that is cut.
  func clippedLayersAreTheWholeOnesCut() throws {
    let picture = TestSlot(.yuv420p, 160, 120).scene()
    for (x, y, w, h) in [(-40, -20, 200, 150), (60, 30, 97, 131), (-7, -9, 80, 60), (-32, 0, 160, 120)] {
      for opacity in [1, 0.5] {
        let layer = Layer(
          stream: 0, source: Rect(0, 0, 160, 120), destination: Rect(Double(x), Double(y), Double(w), Double(h)), opacity: opacity
        )
        var moved = layer
        moved.destination.x += 128
        moved.destination.y += 128
        moved.clip = moved.destination
        let cut = try stage(.test(128, 96)).render([layer], [picture])
        let whole = try stage(.test(384, 352)).render([moved], [picture])
        for plane in 0..<3 {
          let (w, h) = cut.size(plane)
          let shift = plane == 0 ? 128 : 64
          var worst = 0
          for row in 0..<h {
            for column in 0..<w { worst = max(worst, abs(cut[plane, column, row] - whole[plane, column + shift, row + shift])) }
          }
          #expect(worst == 0, "\(layer.destination) plane \(plane) opacity \(opacity): \(worst)")
        }
      }
    }
  }

  func everyOrientationIsExact() throws {
    for format in [PixelFormat.yuv420p, PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1)] {
      for rotation in 0..<4 {
        for mirrored in [false, true] where rotation % 2 == 0 || format == .yuv420p {
          let picture = TestSlot(format, 64, 48, rotation: rotation, mirrored: mirrored).scene(rotation)
          let (w, h) = rotation % 2 == 0 ? (64, 48) : (48, 64)
          let whole = Rect(0, 0, Double(w), Double(h))
          let out = try stage(.test(w, h, format: format)).render(
            [Layer(stream: 0, source: whole, destination: whole)], [picture])
          for plane in 0..<3 {
            let (sw, sh) = picture.size(plane)
            var wrong = 0
            for sy in 0..<sh {
              for sx in 0..<sw {
                var (x, y) = (mirrored ? sw - 1 - sx : sx, sy)
                var (width, height) = (sw, sh)
                for _ in 0..<rotation {
                  (x, y) = (height - 1 - y, x)
                  (width, height) = (height, width)
                }
                if out[plane, x, y] != picture[plane, sx, sy] { wrong += 1 }
              }
            }
            #expect(wrong == 0, "\(format) rotation \(rotation) mirrored \(mirrored) plane \(plane)")
          }
        }
      }
    }
  }

  /// Odd sizes, turned: luma stays exact, and nothing from beyond the picture comes in.
  func oddPicturesTurnExactly() throws {
    for rotation in 0..<4 {
      for mirrored in [false, true] {
        let picture = TestSlot(.yuv420p, 33, 21, rotation: rotation, mirrored: mirrored)
        picture.fill { plane, x, y in plane == 0 ? 60 + x * 3 + y : plane == 1 ? 90 : 170 }
        let (w, h) = rotation % 2 == 0 ? (33, 21) : (21, 33)
        let whole = Rect(0, 0, Double(w), Double(h))
        let out = try stage(.test(w, h)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
        var wrong = 0
        for sy in 0..<21 {
          for sx in 0..<33 {
            var (x, y) = (mirrored ? 32 - sx : sx, sy)
            var (width, height) = (33, 21)
            for _ in 0..<rotation {
              (x, y) = (height - 1 - y, x)
              (width, height) = (height, width)
            }
            if out[0, x, y] != picture[0, sx, sy] { wrong += 1 }
          }
        }
        #expect(wrong == 0, "rotation \(rotation) mirrored \(mirrored)")
        #expect(out.samples(1).allSatisfy { $0 == 90 } && out.samples(2).allSatisfy { $0 == 170 })
      }
    }
  }

  func scalingMatchesADoubleBicubic() throws {
    let source = TestSlot(.yuv420p, 320, 180).scene(3)
    let all = Rect(0, 0, 320, 180)
    for (crop, place) in [
      (all, Rect(0, 0, 128, 72)), (all, Rect(130, 10, 107, 61)), (all, Rect(0, 0, 480, 270)),
      (Rect(64, 32, 128, 96), Rect(128, 0, 256, 192)), (Rect(37, 21, 200, 100), Rect(0, 0, 150, 75)),
      (Rect(10.5, 3.25, 100.5, 77.75), Rect(0, 0, 256, 128)),
    ] {
      let out = try stage(.test(512, 288)).render([Layer(stream: 0, source: crop, destination: place)], [source])
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
      #expect(quality >= 50, "\(crop) to \(place): \(quality) dB")
      guard crop == all, place.x == 0 else { continue }
      let chroma = Reference.scale(
        source.samples(1), width: 160, height: 90, x: 0, y: 0, w: 160, h: 90, toWidth: w / 2, toHeight: h / 2)
      let gotChroma = (0..<h / 2).flatMap { y in (0..<w / 2).map { out[1, $0, y] } }
      #expect(psnr(gotChroma, chroma) >= 50, "chroma: \(psnr(gotChroma, chroma)) dB")
    }
  }

  func matricesAndRangesFollowTheFormulas() throws {
    let kr = [1: 0.2126, 6: 0.299, 9: 0.2627]
    let kb = [1: 0.0722, 6: 0.114, 9: 0.0593]
    for matrix in [1, 6, 9] {
      for full in [false, true] {
        for (r, g, b) in [(0.2, 0.5, 0.7), (0.9, 0.1, 0.4), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.3, 0.8, 0.2)] {
          let code = Reference.yuv(r, g, b, kr: kr[matrix]!, kb: kb[matrix]!, full: full).map { Int($0.rounded()) }
          let color = ColorDescription(matrix: UInt8(matrix), fullRange: full)
          let picture = TestSlot(.yuv420p, 64, 64, color: color).fill(code)
          let whole = Rect(0, 0, 64, 64)
          let out = try stage(.test(64, 64)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
          let back = Reference.rgb(code[0], code[1], code[2], kr: kr[matrix]!, kb: kb[matrix]!, full: full)
          let expected = Reference.yuv(back.0, back.1, back.2, kr: 0.2126, kb: 0.0722)
          for plane in 0..<3 {
            #expect(abs(Double(out[plane, 9, 9]) - expected[plane]) <= 1, "matrix \(matrix) full \(full) plane \(plane)")
          }
        }
      }
    }
  }

  /// Every planar format comes out as the colour it stands for.
  func everySourceFormatIsConverted() throws {
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
          let out = try stage(.test(33, 27)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
          let header = FrameDescription(reading: picture.memory, slotBytes: picture.bytes)!
          for plane in 0..<3 {
            let samples = out.samples(plane).map(Double.init)
            #expect(
              samples.allSatisfy { abs($0 - expected[plane]) <= 1 },
              "\(header.format) plane \(plane): \(samples[0]) for \(expected[plane])")
          }
        }
      }
    }
  }

  /// Alpha weighs; transparent pixels' colours never show, scaled or not.
  func alphaLeavesNoFringe() throws {
    let format = PixelFormat(.rgb, depth: 8, alpha: true)
    // A green disc on transparent magenta, over a green canvas: any fringe would show.
    let picture = TestSlot(format, 96, 96).fill { plane, x, y in
      let inside = (x - 48) * (x - 48) + (y - 48) * (y - 48) < 1600
      return inside ? [0, 255, 0, 255][plane] : [255, 0, 255, 0][plane]
    }
    for place in [Rect(0, 0, 96, 96), Rect(0, 0, 41, 37), Rect(1, 3, 91, 91), Rect(0, 0, 128, 128)] {
      let out = try stage(.test(128, 128, background: RGBA(red: 0, green: 1, blue: 0))).render(
        [Layer(stream: 0, source: Rect(0, 0, 96, 96), destination: place)], [picture])
      for plane in 0..<3 {
        let worst = out.samples(plane).map { abs($0 - [173, 42, 26][plane]) }.max()!
        #expect(worst <= 2, "\(place) plane \(plane): \(worst)")
      }
    }
    // Half-transparent white over black, at half opacity.
    let veil = TestSlot(format, 64, 64).fill([255, 255, 255, 128])
    let out = try stage(.test(64, 64)).render(
      [Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(0, 0, 64, 64), opacity: 0.5)], [veil])
    #expect(abs(out[0, 20, 20] - 71) <= 1)
    #expect(out[1, 10, 10] == 128 && out[2, 10, 10] == 128)
  }

  /// Nothing outside a crop shows, wherever it begins.
  func cropsAreCleanAtTheirEdges() throws {
    let picture = TestSlot(.yuv420p, 320, 240).fill { plane, x, y in
      let scale = plane == 0 ? 1 : 2
      let inside = (50..<270).contains(x * scale) && (30..<210).contains(y * scale)
      return plane == 0 ? (inside ? 180 : 16) : inside ? 90 : 200
    }
    let out = try stage(.test(128, 96)).render(
      [Layer(stream: 0, source: Rect(50, 30, 220, 180), destination: Rect(0, 0, 128, 96))], [picture])
    #expect(out.samples(0).allSatisfy { $0 == 180 })
    #expect(out.samples(1).allSatisfy { $0 == 90 })
  }

  func faultsAreNamed() throws {
    let s = stage(.test(64, 64))
    let layer = Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(0, 0, 64, 64))
    #expect(
      performing: { try s.render([layer]) }, throws: { ($0 as? SluiceError)?.description == "stream 0: no picture to draw" })
    let damaged = TestSlot(.yuv420p, 64, 64)
    damaged.memory.storeBytes(of: 0, as: UInt32.self)
    #expect(performing: { try s.render([layer], [damaged]) }, throws: { ($0 as? SluiceError)?.code == .software })
    #expect(
      performing: { try s.render([], into: TestSlot(.yuv420p, 16, 16)) }, throws: { ($0 as? SluiceError)?.code == .software })
    // The compositor goes on after a fault.
    _ = try s.render([layer], [TestSlot(.yuv420p, 64, 64).scene()])
  }
}
