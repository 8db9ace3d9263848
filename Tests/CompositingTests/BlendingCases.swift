import CompositingTestKit
import FrameModel
import Plan
import Testing

private let whole = Rect(0, 0, 46, 34)
private func base(_ stream: Int) -> Layer { Layer(.picture(stream: stream), source: whole, destination: whole) }

// Blend modes and tints, against `LayerReference` and closed forms.
extension ConformanceCase {
  static let blending: [ConformanceCase] = [
    // Where the function gives the backdrop, or nothing is covered, no byte changes.
    ConformanceCase("neutral blends change no byte") { backend in
      let below = TestSlot(.yuv420p, 46, 34).fill { plane, x, y in plane == 0 ? x * 5 : 60 + y * 9 + x }
      let white = RGBA(red: 1, green: 1, blue: 1)
      for (mode, color) in [
        (BlendMode.multiply, white), (.darken, white), (.screen, .black), (.lighten, .black), (.add, .black),
        (.difference, .black),
        (.plus, .black),
      ] {
        var fill = Layer(.fill(color), source: whole, destination: whole, blend: mode)
        let out = try backend.stage(.test(46, 34)).render([base(0), fill], [below])
        #expect(backend.agree(out, below), "\(mode)")
        fill.content = .fill(RGBA(red: 0.3, green: 0.9, blue: 0.1))
        fill.opacity = 0
        let hidden = try backend.stage(.test(46, 34)).render([base(0), fill], [below])
        #expect(backend.agree(hidden, below), "\(mode) at opacity 0")
      }
    },
    ConformanceCase("tints mix colours") { backend in
      let reference = LayerReference(format: .yuv420p)
      let below = TestSlot(.yuv420p, 46, 34).scene(1)
      let above = TestSlot(.yuv420p, 46, 34).scene(2)
      let red = [63.0, 102, 240]
      for (amount, opacity) in [(0.25, 1.0), (1, 1), (0.6, 0.5)] {
        var layer = base(1)
        layer.tint = RGBA(red: 1, green: 0, blue: 0, alpha: amount)
        layer.opacity = opacity
        layer.clip = Rect(4, 3, 30, 20)
        for grouped in [false, true] {
          let group = Layer(
            .group(width: 46, height: 34, background: .clear, members: 1), source: whole, destination: whole)
          let out = try backend.stage(.test(46, 34)).render([base(0)] + (grouped ? [group] : []) + [layer], [below, above])
          let expected = reference.mixed(
            below, { zip(reference.pixel(above, $0, $1), red).map { $0 + amount * ($1 - $0) } }, mode: .normal
          ) { opacity * LayerReference.cover(layer.clip, $0, $1) }
          #expect(
            LayerReference.worst(out, expected) <= 1 + backend.codes(),
            "\(amount) \(opacity) \(LayerReference.worst(out, expected))")
        }
      }
      // Alpha stays: nothing of the tint shows where the picture is transparent.
      let veil = TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 46, 34).fill { plane, x, _ in
        plane == 3 ? (x < 20 ? 255 : 0) : 40
      }
      var layer = base(1)
      layer.tint = RGBA(red: 1, green: 1, blue: 1)
      let out = try backend.stage(.test(46, 34)).render([base(0), layer], [below, veil])
      #expect(backend.isNear(out[0, 5, 5], 235))
      #expect(backend.isNear(out[0, 40, 30], below[0, 40, 30]) && backend.isNear(out[1, 20, 15], below[1, 20, 15]))
    },
  ]

  static let blendModes: [ConformanceCase] = LayerReference.formats.map { format in
    ConformanceCase("blend modes follow the formulas, \(format)") { backend in
      let reference = LayerReference(format: format)
      let below = TestSlot(format, 46, 34).scene(1)
      let above = TestSlot(format, 46, 34).scene(5)
      let veil = TestSlot(PixelFormat(format.family!, depth: format.depth, alpha: true), 46, 34).scene(3)
      let top = Double(1 << format.depth) - 1
      let last = format.planeCount
      for mode in [BlendMode.add, .multiply, .screen, .overlay, .darken, .lighten, .difference, .plus] {
        var layer = base(1)
        layer.blend = mode
        layer.opacity = 0.7
        layer.clip = Rect(5, 3.5, 33, 21)
        let weight = (0.7 * 65535).rounded() / 65535
        let opaque = try backend.stage(.test(46, 34, format: format)).render([base(0), layer], [below, above])
        var expected = reference.mixed(below, { reference.pixel(above, $0, $1) }, mode: mode) {
          weight * LayerReference.cover(layer.clip, $0, $1)
        }
        #expect(
          LayerReference.worst(opaque, expected) <= 0.6 + backend.codes(format),
          "\(mode) \(LayerReference.worst(opaque, expected))")
        let masked = try backend.stage(.test(46, 34, format: format)).render([base(0), layer], [below, veil])
        expected = reference.mixed(below, { x, y in (0..<last).map { Double(veil[$0, x, y]) } }, mode: mode) {
          weight * LayerReference.cover(layer.clip, $0, $1) * Double(veil[last, $0, $1]) / top
        }
        #expect(LayerReference.worst(masked, expected) <= 1 + backend.codes(format), "\(mode) with alpha")
      }
    }
  }
}
