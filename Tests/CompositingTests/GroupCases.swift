import CompositingTestKit
import FrameModel
import Plan
import Testing

private let whole = Rect(0, 0, 46, 34)
private func base(_ stream: Int) -> Layer { Layer(.picture(stream: stream), source: whole, destination: whole) }

// Groups, against `LayerReference` and closed forms.
extension ConformanceCase {
  static let groups: [ConformanceCase] = [
    // co = cs as (1 - ab) + cb ab (1 - as) + as ab B(cb, cs), on an R'G'B' canvas.
    ConformanceCase("blends in groups follow W3C") { backend in
      let ground = RGBA(red: 0.2, green: 0.4, blue: 0.6)
      let canvas = Canvas.test(16, 16, format: PixelFormat(.rgb, depth: 8), background: ground)
      let rect = Rect(0, 0, 16, 16)
      let b = RGBA(red: 0.8, green: 0.3, blue: 0.5, alpha: 0.6)
      let s = RGBA(red: 0.4, green: 0.9, blue: 0.1, alpha: 0.7)
      for mode in [BlendMode.normal, .add, .multiply, .screen, .overlay, .darken, .lighten, .difference] {
        let out = try backend.stage(canvas).render([
          Layer(.group(width: 16, height: 16, background: .clear, members: 2), source: rect, destination: rect, opacity: 0.9),
          Layer(.fill(b), source: rect, destination: rect), Layer(.fill(s), source: rect, destination: rect, blend: mode),
        ])
        for (plane, value) in [(b.red, s.red, ground.red), (b.green, s.green, ground.green), (b.blue, s.blue, ground.blue)]
          .enumerated()
        {
          let (cb, cs, below) = value
          let co =
            cs * s.alpha * (1 - b.alpha) + cb * b.alpha * (1 - s.alpha)
            + s.alpha * b.alpha * LayerReference.function(mode, cb, cs)
          let alpha = s.alpha + b.alpha - s.alpha * b.alpha
          let expected = 255 * (0.9 * co + below * (1 - 0.9 * alpha))
          #expect(
            abs(Double(out[plane, 7, 7]) - expected) <= 1 + backend.codes(),
            "\(mode) \(plane): \(out[plane, 7, 7]) for \(expected)")
        }
      }
    },
    // Two pictures added with weights p and 1 - p: what lies below shows nowhere, and the mix is exact.
    ConformanceCase("cross dissolves add up") { backend in
      let a = TestSlot(.yuv420p, 46, 34).scene(1)
      let b = TestSlot(.yuv420p, 46, 34).scene(2)
      for p in [0.0, 0.25, 0.5, 1.0 / 3, 0.9, 1] {
        var first = base(0), second = base(1)
        first.opacity = 1 - p
        first.blend = .plus
        second.opacity = p
        second.blend = .plus
        let out = try backend.stage(.test(46, 34, background: RGBA(red: 1, green: 0, blue: 1))).render(
          [
            Layer(.group(width: 46, height: 34, background: .clear, members: 2), source: whole, destination: whole),
            first, second,
          ],
          [a, b])
        for plane in 0..<3 {
          for ((got, x), y) in zip(zip(out.samples(plane), a.samples(plane)), b.samples(plane)) {
            guard abs(Double(got) - (Double(x) * (1 - p) + Double(y) * p)) > 1 + backend.codes() else { continue }
            Issue.record("p \(p) plane \(plane): \(got) of \(x) and \(y)")
            return
          }
        }
      }
    },
    // A group is one picture: its opacity takes hold of the mix, not of each member.
    ConformanceCase("transparent groups mix within one") { backend in
      let reference = LayerReference(format: .yuv420p)
      let below = TestSlot(.yuv420p, 46, 34).scene(1)
      let a = TestSlot(.yuv420p, 46, 34).scene(2)
      let b = TestSlot(.yuv420p, 46, 34).scene(3)
      var first = base(1), second = base(2)
      first.opacity = 0.6
      second.opacity = 0.3
      second.clip = Rect(6, 4, 20, 20)
      let group = Layer(
        .group(width: 46, height: 34, background: .clear, members: 2), source: whole, destination: whole, opacity: 0.5)
      let out = try backend.stage(.test(46, 34)).render([base(0), group, first, second], [below, a, b])
      let expected = reference.mixed(
        below,
        { x, y in
          let t = 0.3 * LayerReference.cover(second.clip, x, y)
          let alpha = t + 0.6 * (1 - t)
          return zip(reference.pixel(a, x, y), reference.pixel(b, x, y)).map { ($1 * t + $0 * 0.6 * (1 - t)) / alpha }
        }, mode: .normal
      ) { x, y in
        let t = 0.3 * LayerReference.cover(second.clip, x, y)
        return 0.5 * (t + 0.6 * (1 - t))
      }
      #expect(LayerReference.worst(out, expected) <= 1 + backend.codes(), "\(LayerReference.worst(out, expected))")
    },
    // An opaque group is scaled, cropped and moved as the picture that it shows would be.
    ConformanceCase("scaled groups are scaled pictures") { backend in
      let picture = TestSlot(.yuv420p, 92, 68).scene(2)
      let inside = Rect(0, 0, 92, 68)
      let place = Rect(3, 5, 40, 27)
      let s = backend.stage(.test(64, 48))
      let direct = try s.render(
        [Layer(.picture(stream: 0), source: Rect(10, 6, 60, 50), destination: place, opacity: 0.8)], [picture])
      let grouped = try s.render(
        [
          Layer(
            .group(width: 92, height: 68, background: .black, members: 1), source: Rect(10, 6, 60, 50), destination: place,
            opacity: 0.8),
          Layer(.picture(stream: 0), source: inside, destination: inside),
        ], [picture])
      #expect(backend.agree(direct, grouped))
      // With alpha around it: the middle is the same.
      let loose = try s.render(
        [
          Layer(
            .group(width: 100, height: 80, background: .clear, members: 1), source: Rect(0, 0, 100, 80),
            destination: Rect(0, 0, 50, 40)),
          Layer(.picture(stream: 0), source: inside, destination: Rect(4, 6, 92, 68)),
        ], [TestSlot(.yuv420p, 92, 68).fill([180, 90, 200])])
      for (plane, expected) in [180, 90, 200].enumerated() {
        let got = plane == 0 ? loose[0, 25, 20] : loose[plane, 12, 10]
        #expect(abs(got - expected) <= 1 + backend.tolerance.codes)
      }
      #expect(backend.isNear(loose[0, 0, 0], 16) && backend.isNear(loose[0, 60, 44], 16))
    },
  ]

  // Opaque content comes through groups, nested ones too, as it is; so does content with alpha around it.
  static let opaqueGroups: [ConformanceCase] = LayerReference.formats.map { format in
    ConformanceCase("opaque groups are exact, \(format)") { backend in
      let picture = TestSlot(format, 46, 34).scene(4)
      let s = backend.stage(.test(46, 34, format: format, background: RGBA(red: 0.1, green: 0.5, blue: 0.9)))
      let plain = try s.render([base(0)], [picture])
      func group(_ members: Int, _ background: RGBA = .clear) -> Layer {
        Layer(.group(width: 46, height: 34, background: background, members: members), source: whole, destination: whole)
      }
      #expect(backend.agree(plain, picture))
      #expect(backend.agree(try s.render([group(1), base(0)], [picture]), picture))
      #expect(backend.agree(try s.render([group(2, .black), group(1), base(0)], [picture]), picture))
      // Only a part of the group is covered: it has alpha, and what is opaque in it stays as it is.
      for place in [Rect(4, 6, 20, 10), Rect(5, 3, 21, 13)] {
        var part = base(0)
        part.source = Rect(2, 2, place.width, place.height)
        part.destination = place
        part.clip = place
        let direct = try s.render([part], [picture])
        let once = try s.render([group(1), part], [picture])
        let twice = try s.render([group(2), group(1), part], [picture])
        for plane in 0..<format.planeCount {
          let most = (place.x == 4 ? 0 : 1) + backend.codes(format)
          #expect(Double(largestDifference(direct.samples(plane), once.samples(plane))) <= most, "\(place) plane \(plane)")
          #expect(
            Double(largestDifference(direct.samples(plane), twice.samples(plane))) <= most, "\(place) plane \(plane) nested")
        }
      }
    }
  }
}
