import Compositing
import CompositingTestKit
import Foundation
import FrameModel
import Plan
import Testing

/// A smooth picture.
private func wave(_ plane: Int, _ x: Double, _ y: Double) -> Double {
  let wave = sin(x * 0.13 + Double(plane)) + cos(y * 0.17 - x * 0.05) + sin((x + y) * 0.31) * 0.4
  return 128 + 40 * wave
}

// Rotation, against functions that can be evaluated anywhere.
extension ConformanceCase {
  static let turns: [ConformanceCase] = [
    // The layer's rotation does what the picture's own does.
    ConformanceCase("right angles move samples") { backend in
      for quarters in 1...3 {
        let upright = TestSlot(.yuv420p, 48, 32).scene(1)
        let turned = TestSlot(.yuv420p, 48, 32, rotation: quarters).scene(1)
        let (w, h) = quarters == 2 ? (48.0, 32.0) : (32.0, 48.0)
        let place = Rect(8, 6, w, h)
        let own = try backend.stage(.test(64, 64)).render(
          [Layer(.picture(stream: 0), source: Rect(0, 0, w, h), destination: place)], [turned])
        // The same place before it is turned around its middle.
        let before = Rect(place.x + (w - 48) / 2, place.y + (h - 32) / 2, 48, 32)
        for degrees in [Double(quarters) * 90, Double(quarters) * 90 - 360] {
          let layer = Layer(
            .picture(stream: 0), source: Rect(0, 0, 48, 32), destination: before, clip: Rect(0, 0, 64, 64), rotation: degrees)
          let out = try backend.stage(.test(64, 64)).render([layer], [upright])
          #expect(backend.agree(out, own), "\(degrees)")
          let cropped = Layer(
            .picture(stream: 0), source: Rect(4, 2, 20, 12), destination: Rect(20, 20, 20, 12), clip: Rect(0, 0, 64, 64),
            rotation: degrees)
          let part = try backend.stage(.test(64, 64)).render([cropped], [upright])
          // Its first pixel lands in the corner that it is turned to.
          let corner = [(35, 16), (39, 31), (24, 35)][quarters - 1]
          #expect(backend.isNear(part[0, corner.0, corner.1], upright[0, 4, 2]), "\(degrees)")
        }
      }
    },
    // Areas by counting 64 x 64 points a pixel.
    ConformanceCase("turned edges are covered by area") { backend in
      let white = RGBA(red: 1, green: 1, blue: 1)
      for (degrees, place) in [(30.0, Rect(10, 12, 30, 20)), (-77, Rect(20.3, 8.7, 15.5, 31)), (45, Rect(24, 24, 1.5, 0.75))] {
        let layer = Layer(.fill(white), source: place, destination: place, clip: Rect(0, 0, 51, 47), rotation: degrees)
        let picture = Layer(
          .picture(stream: 0), source: Rect(0, 0, 60, 40), destination: place, clip: Rect(0, 0, 51, 47), rotation: degrees)
        let outs = [
          try backend.stage(.test(51, 47)).render([layer]),
          try backend.stage(.test(51, 47)).render([picture], [TestSlot(.yuv420p, 60, 40).fill([235, 128, 128])]),
        ]
        let angle = degrees * Double.pi / 180
        let (cx, cy) = (place.x + place.width / 2, place.y + place.height / 2)
        var worst = 0.0
        for y in 0..<47 {
          for x in 0..<51 {
            var inside = 0
            for j in 0..<64 {
              for i in 0..<64 {
                let dx = Double(x) + (Double(i) + 0.5) / 64 - cx
                let dy = Double(y) + (Double(j) + 0.5) / 64 - cy
                if abs(dx * cos(angle) + dy * sin(angle)) <= place.width / 2,
                  abs(dy * cos(angle) - dx * sin(angle)) <= place.height / 2
                {
                  inside += 1
                }
              }
            }
            for out in outs { worst = max(worst, abs(Double(out[0, x, y]) - (16 + 219 * Double(inside) / 4096))) }
          }
        }
        #expect(worst <= 2.5 + backend.codes(), "\(degrees): \(worst)")
        for out in outs { #expect(out.samples(1).allSatisfy { backend.isNear($0, 128) }) }
      }
    },
    ConformanceCase("turned alpha leaves no fringe") { backend in
      let format = PixelFormat(.rgb, depth: 8, alpha: true)
      let picture = TestSlot(format, 96, 96).fill { plane, x, y in
        let inside = (x - 48) * (x - 48) + (y - 48) * (y - 48) < 1600
        return inside ? [0, 255, 0, 255][plane] : [255, 0, 255, 0][plane]
      }
      for mode in [BlendMode.normal, .lighten] {
        var layer = Layer(
          .picture(stream: 0), source: Rect(0, 0, 96, 96), destination: Rect(20, 10, 81, 83), clip: Rect(0, 0, 128, 128),
          rotation: 33)
        layer.blend = mode
        let out = try backend.stage(.test(128, 128, background: RGBA(red: 0, green: 1, blue: 0))).render([layer], [picture])
        for plane in 0..<3 {
          let worst = out.samples(plane).map { abs($0 - [173, 42, 26][plane]) }.max()!
          #expect(worst <= 2 + backend.tolerance.codes, "plane \(plane): \(worst)")
        }
      }
    },
    // A layer a hundred times the canvas's size: only what is seen of it is scaled, and it shows what it should.
    ConformanceCase("huge turned layers are scaled in part") { backend in
      let picture = TestSlot(.yuv420p, 256, 256).fill { plane, x, _ in plane == 0 ? min(x, 235) : 128 }
      let layer = Layer(
        .picture(stream: 0), source: Rect(0, 0, 256, 256), destination: Rect(-12768, -12768, 25600, 25600),
        clip: Rect(0, 0, 64, 64),
        rotation: 90.5)
      let out = try backend.stage(.test(64, 64)).render([layer], [picture])
      // A hundred canvas pixels are one of the source's: the middle is sample 127.5 of the ramp.
      #expect(out.samples(0).allSatisfy { abs($0 - 127) <= 2 + backend.tolerance.codes })
    },
  ]

  static let turnedPictures: [ConformanceCase] = [7.5, 30, 133, 271.25].map { degrees in
    ConformanceCase("turned pictures follow their function, \(degrees) degrees") { backend in
      for format in [PixelFormat.yuv420p, PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1), PixelFormat(.rgb, depth: 8)] {
        let picture = TestSlot(format, 120, 80).fill { plane, x, y in
          let (cw, ch) = format.subsampling(plane)
          return Int(wave(plane, Double(x << cw) + 0.5, Double(y << ch) + (ch > 0 ? 1 : 0.5)).rounded())
        }
        let place = Rect(4.5, 23.25, 120, 80)
        let out = try backend.stage(.test(130, 128, format: format)).render(
          [
            Layer(
              .picture(stream: 0), source: Rect(0, 0, 120, 80), destination: place, clip: Rect(0, 0, 130, 128),
              rotation: degrees)
          ],
          [picture])
        let angle = degrees * Double.pi / 180
        for plane in 0..<3 {
          let (cw, ch) = format.subsampling(plane)
          let (width, height) = out.size(plane)
          var got: [Int] = []
          var expected: [Double] = []
          for y in 0..<height {
            for x in 0..<width {
              let dx = Double(x << cw) + 0.5 - 64.5
              let dy = Double(y << ch) + (ch > 0 ? 1 : 0.5) - 63.25
              let u = dx * cos(angle) + dy * sin(angle) + 60
              let v = dy * cos(angle) - dx * sin(angle) + 40
              guard u > 5, u < 115, v > 5, v < 75 else { continue }
              got.append(out[plane, x, y])
              expected.append(wave(plane, u, v))
            }
          }
          #expect(
            got.count > 1500 && backend.reaches(psnr(got, expected), 50), "\(format) plane \(plane): \(psnr(got, expected)) dB")
        }
      }
    }
  }
}
