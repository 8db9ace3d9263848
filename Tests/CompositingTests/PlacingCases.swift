import CompositingTestKit
import FrameModel
import Plan
import SluiceBase
import Testing

/// Colours, and their code values on a BT.709 canvas of limited range.
private let colors: [(RGBA, [Int])] = [
  (RGBA(red: 0, green: 0, blue: 0), [16, 128, 128]), (RGBA(red: 1, green: 1, blue: 1), [235, 128, 128]),
  (RGBA(red: 1, green: 0, blue: 0), [63, 102, 240]), (RGBA(red: 0, green: 1, blue: 0), [173, 42, 26]),
  (RGBA(red: 0, green: 0, blue: 1), [32, 240, 118]),
]

private let whole = Rect(0, 0, 46, 34)
private func base(_ stream: Int) -> Layer { Layer(.picture(stream: stream), source: whole, destination: whole) }

// What lies where, and covers how much.
extension ConformanceCase {
  static let placing: [ConformanceCase] = [
    ConformanceCase("background and fills have exact code values") { backend in
      for (color, expected) in colors {
        let ground = try backend.stage(.test(37, 19, background: color)).render([])
        let fill = try backend.stage(.test(37, 19)).render([
          Layer(stream: -1, fill: color, source: Rect(0, 0, 1, 1), destination: Rect(0, 0, 37, 19))
        ])
        for plane in 0..<3 {
          #expect(
            ground.samples(plane).allSatisfy { backend.isNear($0, expected[plane]) }, "\(color) \(plane) \(ground[plane, 0, 0])")
        }
        #expect(backend.agree(fill, ground))
      }
    },
    ConformanceCase("header describes the canvas") { backend in
      let canvas = Canvas.test(64, 32)
      let out = try backend.stage(canvas).render([])
      let header = try #require(FrameDescription(reading: out.memory, slotBytes: out.bytes))
      #expect(header.format == canvas.format && header.width == 64 && header.height == 32)
      #expect(header.color == canvas.color && header.number == 7 && header.pts == Rational(7) / canvas.rate)
    },
    // Unscaled pictures land sample for sample, on even and odd offsets.
    ConformanceCase("unscaled pictures are placed exactly") { backend in
      let picture = TestSlot(.yuv420p, 64, 48).scene()
      for (x, y) in [(0, 0), (2, 4), (128, 6), (7, 4), (6, 5), (33, 21)] {
        let out = try backend.stage(.test(256, 96)).render(
          [Layer(stream: 0, source: Rect(0, 0, 64, 48), destination: Rect(Double(x), Double(y), 64, 48))], [picture])
        var wrong = 0
        for row in 0..<96 {
          for column in 0..<256 {
            let inside = (x..<x + 64).contains(column) && (y..<y + 48).contains(row)
            if !backend.isNear(out[0, column, row], inside ? picture[0, column - x, row - y] : 16) { wrong += 1 }
          }
        }
        #expect(wrong == 0, "luma at \(x),\(y)")
        guard x % 2 == 0, y % 2 == 0 else { continue }
        for row in 0..<24 {
          for column in 0..<32 where !backend.isNear(out[1, column + x / 2, row + y / 2], picture[1, column, row]) { wrong += 1 }
        }
        #expect(wrong == 0, "chroma at \(x),\(y)")
      }
    },
    // A chroma sample that an odd edge runs through is mixed by area.
    ConformanceCase("partly covered chroma is mixed by area") { backend in
      let color = RGBA(red: 1, green: 0, blue: 0)
      for (x, y, w, h) in [(3, 2, 8, 8), (2, 3, 8, 8), (3, 3, 8, 8), (2, 2, 7, 7), (5, 5, 1, 1)] {
        let place = Rect(Double(x), Double(y), Double(w), Double(h))
        let solid = try backend.stage(.test(32, 32)).render([
          Layer(stream: -1, fill: color, source: Rect(0, 0, 1, 1), destination: place)
        ])
        let picture = TestSlot(.yuv420p, 16, 16).fill([63, 102, 240])
        let scaled = try backend.stage(.test(32, 32)).render(
          [Layer(stream: 0, source: Rect(0, 0, 16, 16), destination: place)], [picture])
        let alpha = TestSlot(PixelFormat(.yuv, depth: 8, alpha: true), 16, 16).fill([63, 102, 240, 255])
        let masked = try backend.stage(.test(32, 32)).render(
          [Layer(stream: 0, source: Rect(0, 0, 16, 16), destination: place)], [alpha])
        for row in 0..<16 {
          for column in 0..<16 {
            let across = max(0, min(x + w, 2 * column + 2) - max(x, 2 * column))
            let down = max(0, min(y + h, 2 * row + 2) - max(y, 2 * row))
            let part = Double(across * down) / 4
            let expected = 128 + (240 - 128) * part
            for out in [solid, scaled, masked] {
              #expect(abs(Double(out[2, column, row]) - expected) <= 0.51 + backend.codes(), "\(place) \(column),\(row)")
            }
          }
        }
      }
    },
    // A destination between pixels covers its edge pixels in part.
    ConformanceCase("fractional edges are covered in part") { backend in
      let white = RGBA(red: 1, green: 1, blue: 1)
      let out = try backend.stage(.test(32, 32)).render(
        [Layer(stream: -1, fill: white, source: Rect(0, 0, 1, 1), destination: Rect(4.25, 8, 10.5, 8))])
      #expect(backend.isNear(out[0, 3, 10], 16))
      #expect(backend.isNear(out[0, 4, 10], Int((16 + 219 * 0.75).rounded())))
      #expect(backend.isNear(out[0, 5, 10], 235))
      #expect(backend.isNear(out[0, 14, 10], Int((16 + 219 * 0.75).rounded())))
      #expect(backend.isNear(out[0, 15, 10], 16))
    },
    ConformanceCase("opacity zero changes nothing and one is a copy") { backend in
      let below = TestSlot(.yuv420p, 96, 64).scene(1)
      let above = TestSlot(.yuv420p, 96, 64).scene(2)
      let whole = Rect(0, 0, 96, 64)
      let s = backend.stage(.test(96, 64))
      let base = Layer(stream: 0, source: whole, destination: whole)
      for place in [whole, Rect(5, 3, 61, 33)] {
        let hidden = try s.render([base, Layer(stream: 1, source: whole, destination: place, opacity: 0)], [below, above])
        #expect(backend.agree(hidden, below))
      }
      let shown = try s.render([base, Layer(stream: 1, source: whole, destination: whole, opacity: 1)], [below, above])
      #expect(backend.agree(shown, above))
    },
    ConformanceCase("opacity mixes within rounding") { backend in
      let below = TestSlot(.yuv420p, 256, 256).fill { _, x, y in plane(x, y).0 }
      let above = TestSlot(.yuv420p, 256, 256).fill { _, x, y in plane(x, y).1 }
      func plane(_ x: Int, _ y: Int) -> (Int, Int) { (x, y) }
      let whole = Rect(0, 0, 256, 256)
      let s = backend.stage(.test(256, 256))
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
        #expect(worst <= 0.5001 + backend.codes(), "opacity \(alpha): \(worst)")
      }
    },
    // Each layer lies one pixel further right and down than the one below: the topmost one's samples show unchanged.
    ConformanceCase("hundred layers do not drift") { backend in
      let picture = TestSlot(.yuv420p, 64, 64).scene()
      let layers = (0..<100).map {
        Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(Double($0), Double($0), 64, 64), opacity: 1)
      }
      let out = try backend.stage(.test(176, 176)).render(layers, [picture])
      var wrong = 0
      for y in 0..<176 {
        for x in 0..<176 {
          let top = min(x, y, 99)
          let inside = x - top < 64 && y - top < 64
          if !backend.isNear(out[0, x, y], inside ? picture[0, x - top, y - top] : 16) { wrong += 1 }
        }
      }
      #expect(wrong == 0)
      let same = (0..<100).map {
        Layer(stream: 0, source: Rect(0, 0, 64, 64), destination: Rect(0, 0, 64, 64), opacity: $0 == 0 ? 1 : 0.3)
      }
      #expect(backend.agree(try backend.stage(.test(64, 64)).render(same, [picture]), picture))
    },
    // Layers that reach over the canvas's edges show the same as on a larger canvas that is cut.
    ConformanceCase("clipped layers are the whole ones cut") { backend in
      let picture = TestSlot(.yuv420p, 160, 120).scene()
      for (x, y, w, h) in [(-40, -20, 200, 150), (60, 30, 97, 131), (-7, -9, 80, 60), (-32, 0, 160, 120)] {
        for opacity in [1, 0.5] {
          let layer = Layer(
            stream: 0, source: Rect(0, 0, 160, 120), destination: Rect(Double(x), Double(y), Double(w), Double(h)),
            opacity: opacity
          )
          var moved = layer
          moved.destination.x += 128
          moved.destination.y += 128
          moved.clip = moved.destination
          let cut = try backend.stage(.test(128, 96)).render([layer], [picture])
          let whole = try backend.stage(.test(384, 352)).render([moved], [picture])
          for plane in 0..<3 {
            let (w, h) = cut.size(plane)
            let shift = plane == 0 ? 128 : 64
            var worst = 0
            for row in 0..<h {
              for column in 0..<w { worst = max(worst, abs(cut[plane, column, row] - whole[plane, column + shift, row + shift])) }
            }
            #expect(worst <= backend.tolerance.codes, "\(layer.destination) plane \(plane) opacity \(opacity): \(worst)")
          }
        }
      }
    },
    ConformanceCase("every orientation is exact") { backend in
      for format in [PixelFormat.yuv420p, PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1)] {
        for rotation in 0..<4 {
          for mirrored in [false, true] where rotation % 2 == 0 || format == .yuv420p {
            let picture = TestSlot(format, 64, 48, rotation: rotation, mirrored: mirrored).scene(rotation)
            let (w, h) = rotation % 2 == 0 ? (64, 48) : (48, 64)
            let whole = Rect(0, 0, Double(w), Double(h))
            let out = try backend.stage(.test(w, h, format: format)).render(
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
                  if !backend.isNear(out[plane, x, y], picture[plane, sx, sy]) { wrong += 1 }
                }
              }
              #expect(wrong == 0, "\(format) rotation \(rotation) mirrored \(mirrored) plane \(plane)")
            }
          }
        }
      }
    },
    // Odd sizes, turned: luma stays exact, and nothing from beyond the picture comes in.
    ConformanceCase("odd pictures turn exactly") { backend in
      for rotation in 0..<4 {
        for mirrored in [false, true] {
          let picture = TestSlot(.yuv420p, 33, 21, rotation: rotation, mirrored: mirrored)
          picture.fill { plane, x, y in plane == 0 ? 60 + x * 3 + y : plane == 1 ? 90 : 170 }
          let (w, h) = rotation % 2 == 0 ? (33, 21) : (21, 33)
          let whole = Rect(0, 0, Double(w), Double(h))
          let out = try backend.stage(.test(w, h)).render([Layer(stream: 0, source: whole, destination: whole)], [picture])
          var wrong = 0
          for sy in 0..<21 {
            for sx in 0..<33 {
              var (x, y) = (mirrored ? 32 - sx : sx, sy)
              var (width, height) = (33, 21)
              for _ in 0..<rotation {
                (x, y) = (height - 1 - y, x)
                (width, height) = (height, width)
              }
              if !backend.isNear(out[0, x, y], picture[0, sx, sy]) { wrong += 1 }
            }
          }
          #expect(wrong == 0, "rotation \(rotation) mirrored \(mirrored)")
          #expect(out.samples(1).allSatisfy { backend.isNear($0, 90) } && out.samples(2).allSatisfy { backend.isNear($0, 170) })
        }
      }
    },
    ConformanceCase("faults are named") { backend in
      let s = backend.stage(.test(64, 64))
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
    },
    ConformanceCase("clips cover in part") { backend in
      let reference = LayerReference(format: .yuv420p)
      let below = TestSlot(.yuv420p, 46, 34).scene(1)
      let above = TestSlot(.yuv420p, 46, 34).scene(2)
      for clip in [
        Rect(4, 6, 20, 10), Rect(3, 5, 21, 12), Rect(4.25, 6.5, 20.5, 10.75), Rect(-9, 7, 100, 3), Rect(10, 10, 0.5, 0.5),
      ] {
        for opacity in [1, 0.4] {
          var layer = base(1)
          layer.clip = clip
          layer.opacity = opacity
          let out = try backend.stage(.test(46, 34)).render([base(0), layer], [below, above])
          let expected = reference.mixed(below, { reference.pixel(above, $0, $1) }, mode: .normal) {
            opacity * LayerReference.cover(clip.intersection(whole), $0, $1)
          }
          #expect(LayerReference.worst(out, expected) <= 1 + backend.codes(), "\(clip) \(opacity)")
        }
      }
    },
  ]
}
