import CSluice
import Compositing
import FrameModel
import Plan
import SharedRing
import SluiceBase

/// Puts samples over an opaque target in integers: fills, moves, and blends in normal mode. Every call is limited to a box on the chroma
/// grid; the samples in the box do not depend on its limits.
struct Painter {
  let canvas: Canvas
  let output: Planes
  let row: Scratch
  let tinted: Scratch
  let counters: any StageCounters

  var format: PixelFormat { canvas.format }
  var size: Int { format.bytesPerSample }

  /// Fills a box on the chroma grid (or up to an odd canvas's edge) with one code value a plane.
  func fill(_ box: Box, with samples: [UInt16]) {
    for index in 0..<format.planeCount {
      guard let base = output.base[index] else { continue }
      let (cw, ch) = format.subsampling(index)
      let x0 = box.x0 >> cw
      let x1 = box.x1.aligned(up: cw) >> cw
      for y in box.y0 >> ch..<box.y1.aligned(up: ch) >> ch {
        fillRow(base + y * output.stride[index] + x0 * size, count: x1 - x0, value: samples[index])
      }
    }
  }

  /// Blends one colour.
  func blend(_ samples: [UInt16], _ stroke: Stroke, in clip: Box) {
    let line = row.reserve(clip.width * size)
    for index in 0..<format.planeCount {
      fillRow(line, count: clip.width, value: samples[index])
      blendPlane(index, from: line, stride: 0, at: clip, stroke, clip)
    }
  }

  /// Blends an opaque surface. Whole samples are moved.
  func blend(_ surface: Surface, _ stroke: Stroke, in clip: Box) {
    for index in 0..<format.planeCount {
      guard let base = surface.planes.base[index] else { continue }
      if surface.weights.count > 0 {
        blendWeighted(index, surface, stroke, clip)
      } else {
        blendPlane(index, from: base, stride: surface.planes.stride[index], at: surface.box, stroke, clip)
      }
    }
  }

  // MARK: planes

  func spans(_ index: Int, _ visible: Rect, _ clip: Box) -> (x: Span, y: Span) {
    let (cw, ch) = format.subsampling(index)
    return (
      Span(low: visible.x, high: visible.maxX, size: canvas.width, log2: cw)
        .cut(clip.x0 >> cw, clip.x1.aligned(up: cw) >> cw),
      Span(low: visible.y, high: visible.maxY, size: canvas.height, log2: ch)
        .cut(clip.y0 >> ch, clip.y1.aligned(up: ch) >> ch)
    )
  }

  private func blendPlane(
    _ index: Int, from base: UnsafeMutableRawPointer, stride: Int, at box: Box, _ stroke: Stroke, _ clip: Box
  ) {
    guard let target = output.base[index] else { return }
    let (cw, ch) = format.subsampling(index)
    let (x, y) = spans(index, stroke.visible, clip)
    guard x.count > 0 else { return }
    let left = x.first == Span.full ? 0 : 1
    let right = x.count > left && x.last != Span.full ? 1 : 0
    let inner = x.count - left - right
    var moved = 0
    for line in 0..<y.count {
      let rowWeight = scale(stroke.weight, y.weight(line))
      let to = target + (y.start + line) * output.stride[index] + x.start * size
      var from = base + (y.start + line - box.y0 >> ch) * stride + (x.start - box.x0 >> cw) * size
      if let tint = stroke.tint {
        let mixed = tinted.reserve(x.count * size)
        tintRow(mixed, from, x.count, tint, index)
        from = mixed
      } else if rowWeight == Span.full {
        moved += inner * size
      }
      if left > 0 { blendRow(to, from, 1, scale(rowWeight, x.first)) }
      blendRow(to + left * size, from + left * size, inner, rowWeight)
      if right > 0 { blendRow(to + (x.count - 1) * size, from + (x.count - 1) * size, 1, scale(rowWeight, x.last)) }
    }
    if stroke.counts { counters.add(.copiedBytes, UInt64(moved)) }
  }

  private func blendWeighted(_ index: Int, _ surface: Surface, _ stroke: Stroke, _ clip: Box) {
    guard let target = output.base[index] else { return }
    let (cw, ch) = format.subsampling(index)
    let (x, y) = spans(index, stroke.visible, clip)
    guard x.count > 0 else { return }
    let weights = row.reserve(x.count * 2).assumingMemoryBound(to: UInt16.self)
    let (sx, sy) = (x.start - surface.box.x0 >> cw, -surface.box.y0 >> ch)
    for line in 0..<y.count {
      let sourceRow = y.start + line + sy
      guard var from = surface.planes.at(index, x: sx, y: sourceRow, bytes: size),
        let coverage = surface.weights.at(index, x: sx, y: sourceRow, bytes: 2)
      else { return }
      sluice_weights16(
        weights, coverage.assumingMemoryBound(to: UInt16.self), x.count, UInt32(Span.full), scale(stroke.weight, y.weight(line)))
      if let tint = stroke.tint {
        let mixed = tinted.reserve(x.count * size)
        tintRow(mixed, from, x.count, tint, index)
        from = mixed
      }
      blendWeightedRow(target + (y.start + line) * output.stride[index] + x.start * size, from, weights, x)
    }
  }

  // MARK: rows

  func fillRow(_ to: UnsafeMutableRawPointer, count: Int, value: UInt16) {
    if size == 1 {
      memset(to, Int32(value), count)
    } else {
      sluice_fill16(to.assumingMemoryBound(to: UInt16.self), count, value)
    }
  }

  private func tintRow(_ to: UnsafeMutableRawPointer, _ from: UnsafeMutableRawPointer, _ count: Int, _ tint: Tint, _ plane: Int) {
    if size == 1 {
      sluice_tint8(
        to.assumingMemoryBound(to: UInt8.self), from.assumingMemoryBound(to: UInt8.self), count, UInt8(tint.samples[plane]),
        tint.weight)
    } else {
      sluice_tint16(
        to.assumingMemoryBound(to: UInt16.self), from.assumingMemoryBound(to: UInt16.self), count, tint.samples[plane],
        tint.weight)
    }
  }

  private func blendRow(_ to: UnsafeMutableRawPointer, _ from: UnsafeMutableRawPointer, _ count: Int, _ weight: UInt16) {
    guard count > 0, weight > 0 else { return }
    if weight == Span.full {
      memcpy(to, from, count * size)
    } else if size == 1 {
      sluice_blend8(to.assumingMemoryBound(to: UInt8.self), from.assumingMemoryBound(to: UInt8.self), count, weight)
    } else {
      sluice_blend16(to.assumingMemoryBound(to: UInt16.self), from.assumingMemoryBound(to: UInt16.self), count, weight)
    }
  }

  /// `weights` get the ends of the span.
  func blendWeightedRow(
    _ to: UnsafeMutableRawPointer, _ from: UnsafeMutableRawPointer, _ weights: UnsafeMutablePointer<UInt16>, _ x: Span
  ) {
    weights[0] = scale(weights[0], x.first)
    if x.count > 1 { weights[x.count - 1] = scale(weights[x.count - 1], x.last) }
    if size == 1 {
      sluice_blend_weighted8(to.assumingMemoryBound(to: UInt8.self), from.assumingMemoryBound(to: UInt8.self), weights, x.count)
    } else {
      sluice_blend_weighted16(
        to.assumingMemoryBound(to: UInt16.self), from.assumingMemoryBound(to: UInt16.self), weights, x.count)
    }
  }

  /// Product of two weights, rounded.
  func scale(_ a: UInt16, _ b: UInt16) -> UInt16 {
    a == Span.full ? b : b == Span.full ? a : UInt16((UInt32(a) * UInt32(b) + 32767) / 65535)
  }
}
