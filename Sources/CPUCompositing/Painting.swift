import CSluice
import Compositing
import FrameModel
import Plan
import SharedRing
import SluiceBase

// Painting goes strip by strip, so that the rows of the target stay in the cache from layer to layer.
extension CPUCompositor {
  /// Draws a scene within `regions`, which lie on the chroma grid and not over one another. The background of an opaque target is
  /// drawn too; a target with alpha holds its background already.
  func paint(_ scene: Scene, on target: Target, regions: [Box]) throws(SluiceError) {
    let brushwork = Brushwork(
      target: target,
      painter: Painter(canvas: target.canvas, output: target.planes, row: row, tinted: tinted, counters: counters),
      mixer: Mixer(target: target, matrix: matrix, coverage: coverage), samples: strip, weights: stripWeights)
    var batch: [(draw: Draw, brush: Brush)] = []
    var held: [BufferPool.Buffer] = []
    defer { pool.release(&held) }
    var ground = target.isPremultiplied ? [] : Scene.uncovered(scene.whole, by: scene.draws)
    let colors = ground.isEmpty ? [] : ColorRules.samples(scene.background.overBlack, canvas: target.canvas)
    let most = max(layout.bytes, 8 << 20)

    func flush() {
      for region in regions { brushwork.paint(batch, ground: ground, colors, in: region) }
      batch.removeAll(keepingCapacity: true)
      ground.removeAll()
      pool.release(&held)
    }
    for draw in scene.draws where regions.contains(where: { !$0.intersection(draw.box).isEmpty }) {
      guard let brush = try brush(draw, target, regions, &held) else { continue }
      if case .direct(let picture, let window, let key, let planes) = brush {
        if !batch.isEmpty || !ground.isEmpty { flush() }
        try scale(picture, window, key, into: planes)
        continue
      }
      batch.append((draw, brush))
      if held.reduce(0, { $0 + $1.bytes }) > most { flush() }
    }
    flush()
  }
}

/// Paints layers on a target.
struct Brushwork {
  let target: Target
  let painter: Painter
  let mixer: Mixer
  /// Memory for the samples and the coverage of one strip.
  let samples: Scratch
  let weights: Scratch

  private var format: PixelFormat { target.canvas.format }

  func paint(_ batch: [(draw: Draw, brush: Brush)], ground: [Box], _ colors: [UInt16], in region: Box) {
    // Some 48 KiB of the first plane: with chroma and sources, what the second-level cache holds.
    let rows = max(((48 << 10) / max(region.width * (target.isPremultiplied ? 8 : format.bytesPerSample), 1)) / 4 * 4, 8)
    for y in stride(from: region.y0, to: region.y1, by: rows) {
      let strip = Box(x0: region.x0, y0: y, x1: region.x1, y1: min(y + rows, region.y1))
      for box in ground {
        let part = box.intersection(strip)
        if !part.isEmpty { painter.fill(part, with: colors) }
      }
      for (draw, brush) in batch {
        let area = draw.box.intersection(strip)
        if !area.isEmpty { paint(draw, brush, area) }
      }
    }
  }

  private func paint(_ draw: Draw, _ brush: Brush, _ area: Box) {
    switch brush {
    case .fill(let colors):
      if target.isPremultiplied || draw.stroke.blend != .normal {
        mixer.mix(colors, draw.stroke, in: area)
      } else {
        painter.blend(colors, draw.stroke, in: area)
      }
    case .surface(let surface, let counts):
      var stroke = draw.stroke
      stroke.counts = counts
      paint(surface, stroke, area)
    case .shift(let shift): paint(shift, draw, area)
    case .warp(let warp):
      var premultiplied = false
      if case .tile(let tile, _, _, _, _) = warp.content { premultiplied = tile.kind == .premultiplied }
      let box = computed(area, sited: premultiplied, draw)
      let layouts = Warp.layouts(box, format, premultiplied: premultiplied)
      let surface = warp.run(
        box, target.canvas, samples: Planes(layouts.samples, in: samples.reserve(layouts.samples.bytes)),
        weights: Planes(layouts.weights, in: weights.reserve(layouts.weights.bytes)))
      paint(surface, draw.stroke, area)
    case .direct: break
    }
  }

  private func paint(_ surface: Surface, _ stroke: Stroke, _ area: Box) {
    let area = area.intersection(surface.box)
    guard !area.isEmpty else { return }
    if target.isPremultiplied || stroke.blend != .normal || surface.kind == .premultiplied
      || (surface.kind == .straight && stroke.tint != nil)
    {
      mixer.mix(surface, stroke, in: area)
    } else if surface.kind == .straight {
      painter.blendAlpha(surface, stroke, in: area)
    } else {
      painter.blend(surface, stroke, in: area)
    }
  }

  private func paint(_ shift: Shift, _ draw: Draw, _ area: Box) {
    var rest = [area]
    if shift.tile.kind == .opaque, !target.isPremultiplied, draw.stroke.tint == nil, let covered = draw.covered {
      // Where it covers wholly, it is computed in its place.
      let inner = area.intersection(covered)
      if !inner.isEmpty {
        shift.run(inner, format, into: target.planes.moved(x: inner.x0, y: inner.y0, format: format))
        rest = []
        area.subtract(inner, into: &rest)
      }
    }
    let opaque = shift.tile.kind == .opaque
    for part in rest {
      let box = computed(part, sited: shift.sited, draw)
      let layout = PlaneLayout(opaque ? format : format.premultiplied, width: box.width, height: box.height)
      let planes = Planes(layout, in: samples.reserve(layout.bytes))
      shift.run(box, format, into: planes)
      paint(Surface(kind: shift.tile.kind, planes: planes, box: box, sited: shift.sited), draw.stroke, part)
    }
  }

  /// What must be computed to paint `area`: sited chroma samples look at the pixel on their left.
  private func computed(_ area: Box, sited: Bool, _ draw: Draw) -> Box {
    var box = area
    if sited, box.x0 > draw.box.x0 { box.x0 -= 1 << max(format.log2ChromaWidth, 1) }
    return box
  }
}

extension RGBA {
  /// What is seen of it over black.
  var overBlack: RGBA {
    alpha >= 1 ? self : RGBA(red: red * alpha, green: green * alpha, blue: blue * alpha)
  }
}
