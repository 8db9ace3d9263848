import FrameModel
import Testing

@testable import RenderStage
@testable import Timeline

/// Clips, blend modes, groups and tints, against `LayerReference` and closed forms.
extension CompositorConformance {
  private static let whole = Rect(0, 0, 46, 34)
  private func base(_ stream: Int) -> Layer { Layer(.picture(stream: stream), source: Self.whole, destination: Self.whole) }

  func clipsCoverInPart() throws {
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
        let out = try stage(.test(46, 34)).render([base(0), layer], [below, above])
        let expected = reference.mixed(below, { reference.pixel(above, $0, $1) }, mode: .normal) {
          opacity * LayerReference.cover(clip.intersection(Self.whole), $0, $1)
        }
        #expect(LayerReference.worst(out, expected) <= 1, "\(clip) \(opacity)")
      }
    }
  }

  func blendModesFollowTheFormulas(_ format: PixelFormat) throws {
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
      let opaque = try stage(.test(46, 34, format: format)).render([base(0), layer], [below, above])
      var expected = reference.mixed(below, { reference.pixel(above, $0, $1) }, mode: mode) {
        weight * LayerReference.cover(layer.clip, $0, $1)
      }
      #expect(LayerReference.worst(opaque, expected) <= 0.6, "\(mode) \(LayerReference.worst(opaque, expected))")
      let masked = try stage(.test(46, 34, format: format)).render([base(0), layer], [below, veil])
      expected = reference.mixed(below, { x, y in (0..<last).map { Double(veil[$0, x, y]) } }, mode: mode) {
        weight * LayerReference.cover(layer.clip, $0, $1) * Double(veil[last, $0, $1]) / top
      }
      #expect(LayerReference.worst(masked, expected) <= 1, "\(mode) with alpha")
    }
  }

  /// Where the function gives the backdrop, or nothing is covered, no byte changes.
  func neutralBlendsChangeNoByte() throws {
    let below = TestSlot(.yuv420p, 46, 34).fill { plane, x, y in plane == 0 ? x * 5 : 60 + y * 9 + x }
    let white = RGBA(red: 1, green: 1, blue: 1)
    for (mode, color) in [
      (BlendMode.multiply, white), (.darken, white), (.screen, .black), (.lighten, .black), (.add, .black), (.difference, .black),
      (.plus, .black),
    ] {
      var fill = Layer(.fill(color), source: Self.whole, destination: Self.whole, blend: mode)
      let out = try stage(.test(46, 34)).render([base(0), fill], [below])
      #expect(out.allSamples == below.allSamples, "\(mode)")
      fill.content = .fill(RGBA(red: 0.3, green: 0.9, blue: 0.1))
      fill.opacity = 0
      #expect(try stage(.test(46, 34)).render([base(0), fill], [below]).allSamples == below.allSamples, "\(mode) at opacity 0")
    }
  }

  /// co = cs as (1 - ab) + cb ab (1 - as) + as ab B(cb, cs), on an R'G'B' canvas.
  func blendsInGroupsFollowW3C() throws {
    let ground = RGBA(red: 0.2, green: 0.4, blue: 0.6)
    let canvas = Canvas.test(16, 16, format: PixelFormat(.rgb, depth: 8), background: ground)
    let rect = Rect(0, 0, 16, 16)
    let b = RGBA(red: 0.8, green: 0.3, blue: 0.5, alpha: 0.6)
    let s = RGBA(red: 0.4, green: 0.9, blue: 0.1, alpha: 0.7)
    for mode in [BlendMode.normal, .add, .multiply, .screen, .overlay, .darken, .lighten, .difference] {
      let out = try stage(canvas).render([
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
        #expect(abs(Double(out[plane, 7, 7]) - expected) <= 1, "\(mode) \(plane): \(out[plane, 7, 7]) for \(expected)")
      }
    }
  }

  /// Opaque content comes through groups, nested ones too, as it is; so does content with alpha around it.
  func opaqueGroupsAreExact(_ format: PixelFormat) throws {
    let picture = TestSlot(format, 46, 34).scene(4)
    let s = stage(.test(46, 34, format: format, background: RGBA(red: 0.1, green: 0.5, blue: 0.9)))
    let plain = try s.render([base(0)], [picture])
    func group(_ members: Int, _ background: RGBA = .clear) -> Layer {
      Layer(.group(width: 46, height: 34, background: background, members: members), source: Self.whole, destination: Self.whole)
    }
    #expect(plain.allSamples == picture.allSamples)
    #expect(try s.render([group(1), base(0)], [picture]).allSamples == picture.allSamples)
    #expect(try s.render([group(2, .black), group(1), base(0)], [picture]).allSamples == picture.allSamples)
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
        let exact = place.x == 4
        #expect(largestDifference(direct.samples(plane), once.samples(plane)) <= (exact ? 0 : 1), "\(place) plane \(plane)")
        #expect(
          largestDifference(direct.samples(plane), twice.samples(plane)) <= (exact ? 0 : 1), "\(place) plane \(plane) nested")
      }
    }
  }

  /// Two pictures added with weights p and 1 - p: what lies below shows nowhere, and the mix is exact.
  func crossDissolvesAddUp() throws {
    let a = TestSlot(.yuv420p, 46, 34).scene(1)
    let b = TestSlot(.yuv420p, 46, 34).scene(2)
    for p in [0.0, 0.25, 0.5, 1.0 / 3, 0.9, 1] {
      var first = base(0), second = base(1)
      first.opacity = 1 - p
      first.blend = .plus
      second.opacity = p
      second.blend = .plus
      let out = try stage(.test(46, 34, background: RGBA(red: 1, green: 0, blue: 1))).render(
        [
          Layer(.group(width: 46, height: 34, background: .clear, members: 2), source: Self.whole, destination: Self.whole),
          first, second,
        ],
        [a, b])
      for plane in 0..<3 {
        for ((got, x), y) in zip(zip(out.samples(plane), a.samples(plane)), b.samples(plane)) {
          guard abs(Double(got) - (Double(x) * (1 - p) + Double(y) * p)) > 1 else { continue }
          Issue.record("p \(p) plane \(plane): \(got) of \(x) and \(y)")
          return
        }
      }
    }
  }

  /// A group is one picture: its opacity takes hold of the mix, not of each member.
  func transparentGroupsMixWithinOne() throws {
    let reference = LayerReference(format: .yuv420p)
    let below = TestSlot(.yuv420p, 46, 34).scene(1)
    let a = TestSlot(.yuv420p, 46, 34).scene(2)
    let b = TestSlot(.yuv420p, 46, 34).scene(3)
    var first = base(1), second = base(2)
    first.opacity = 0.6
    second.opacity = 0.3
    second.clip = Rect(6, 4, 20, 20)
    let group = Layer(
      .group(width: 46, height: 34, background: .clear, members: 2), source: Self.whole, destination: Self.whole, opacity: 0.5)
    let out = try stage(.test(46, 34)).render([base(0), group, first, second], [below, a, b])
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
    #expect(LayerReference.worst(out, expected) <= 1, "\(LayerReference.worst(out, expected))")
  }

  /// An opaque group is scaled, cropped and moved as the picture that it shows would be.
  func scaledGroupsAreScaledPictures() throws {
    let picture = TestSlot(.yuv420p, 92, 68).scene(2)
    let inside = Rect(0, 0, 92, 68)
    let place = Rect(3, 5, 40, 27)
    let s = stage(.test(64, 48))
    let direct = try s.render(
      [Layer(.picture(stream: 0), source: Rect(10, 6, 60, 50), destination: place, opacity: 0.8)], [picture])
    let grouped = try s.render(
      [
        Layer(
          .group(width: 92, height: 68, background: .black, members: 1), source: Rect(10, 6, 60, 50), destination: place,
          opacity: 0.8),
        Layer(.picture(stream: 0), source: inside, destination: inside),
      ], [picture])
    #expect(direct.allSamples == grouped.allSamples)
    // With alpha around it: the middle is the same.
    let loose = try s.render(
      [
        Layer(
          .group(width: 100, height: 80, background: .clear, members: 1), source: Rect(0, 0, 100, 80),
          destination: Rect(0, 0, 50, 40)),
        Layer(.picture(stream: 0), source: inside, destination: Rect(4, 6, 92, 68)),
      ], [TestSlot(.yuv420p, 92, 68).fill([180, 90, 200])])
    #expect(abs(loose[0, 25, 20] - 180) <= 1 && abs(loose[1, 12, 10] - 90) <= 1 && abs(loose[2, 12, 10] - 200) <= 1)
    #expect(loose[0, 0, 0] == 16 && loose[0, 60, 44] == 16)
  }

  func tintsMixColours() throws {
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
          .group(width: 46, height: 34, background: .clear, members: 1), source: Self.whole, destination: Self.whole)
        let out = try stage(.test(46, 34)).render([base(0)] + (grouped ? [group] : []) + [layer], [below, above])
        let expected = reference.mixed(
          below, { zip(reference.pixel(above, $0, $1), red).map { $0 + amount * ($1 - $0) } }, mode: .normal
        ) { opacity * LayerReference.cover(layer.clip, $0, $1) }
        #expect(LayerReference.worst(out, expected) <= 1, "\(amount) \(opacity) \(LayerReference.worst(out, expected))")
      }
    }
    // Alpha stays: nothing of the tint shows where the picture is transparent.
    let veil = TestSlot(PixelFormat(.rgb, depth: 8, alpha: true), 46, 34).fill { plane, x, _ in
      plane == 3 ? (x < 20 ? 255 : 0) : 40
    }
    var layer = base(1)
    layer.tint = RGBA(red: 1, green: 1, blue: 1)
    let out = try stage(.test(46, 34)).render([base(0), layer], [below, veil])
    #expect(out[0, 5, 5] == 235 && out[0, 40, 30] == below[0, 40, 30] && out[1, 20, 15] == below[1, 20, 15])
  }
}
