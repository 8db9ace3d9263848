import CSluice
import Compositing
import FrameModel
import Plan

/// Surfaces with straight alpha on an opaque target.
extension Painter {
  /// Blends a surface with straight alpha; not for tints.
  func blendAlpha(_ surface: Surface, _ stroke: Stroke, in clip: Box) {
    let clip = clip.intersection(surface.box)
    guard !clip.isEmpty, let alpha = surface.planes.base[surface.planes.count - 1] else { return }
    for index in 0..<format.planeCount {
      guard let base = surface.planes.base[index] else { continue }
      if format.subsampling(index) == (0, 0) {
        blendAlphaPlane(index, surface, alpha, stroke, clip)
      } else {
        blendAlphaChroma(index, from: base, alpha, surface, stroke, clip)
      }
    }
  }

  private func blendAlphaPlane(
    _ index: Int, _ surface: Surface, _ alpha: UnsafeMutableRawPointer, _ stroke: Stroke, _ clip: Box
  ) {
    guard let target = output.base[index] else { return }
    let (x, y) = spans(index, stroke.visible, clip)
    guard x.count > 0 else { return }
    let weights = row.reserve(x.count * 2).assumingMemoryBound(to: UInt16.self)
    let offset = (x.start - surface.box.x0) * size
    let alphaStride = surface.planes.stride[surface.planes.count - 1]
    for line in 0..<y.count {
      let rowWeight = scale(stroke.weight, y.weight(line))
      let sourceRow = y.start + line - surface.box.y0
      guard let from = surface.planes.at(index, x: x.start - surface.box.x0, y: sourceRow, bytes: size) else { return }
      let alphaRow = alpha + sourceRow * alphaStride + offset
      if size == 1 {
        sluice_weights8(weights, alphaRow.assumingMemoryBound(to: UInt8.self), x.count, rowWeight)
      } else {
        sluice_weights16(
          weights, alphaRow.assumingMemoryBound(to: UInt16.self), x.count, UInt32(1) << format.depth - 1, rowWeight)
      }
      blendWeightedRow(target + (y.start + line) * output.stride[index] + x.start * size, from, weights, x)
    }
  }

  private func blendAlphaChroma(
    _ index: Int, from base: UnsafeMutableRawPointer, _ alpha: UnsafeMutableRawPointer, _ surface: Surface, _ stroke: Stroke,
    _ clip: Box
  ) {
    guard let target = output.base[index] else { return }
    let (cw, ch) = format.subsampling(index)
    let (x, y) = spans(index, stroke.visible, clip)
    guard x.count > 0 else { return }
    let box = surface.box
    // Samples of the surface that the layer covers at all.
    let covered = stroke.visible.outside.intersection(box)
    let top = covered.y0 - box.y0
    let bottom = covered.y1 - box.y0
    let stride = surface.planes.stride[index]
    var cell = sluice_chroma_cell()
    cell.log2_width = Int32(cw)
    cell.low = Int32(covered.x0 - box.x0)
    cell.high = Int32(covered.x1 - box.x0)
    cell.sited_left = canvas.color.chromaLocation != 1
    cell.max = UInt32(1) << UInt32(format.depth) - 1
    for line in 0..<y.count {
      let rowWeight = scale(stroke.weight, y.weight(line))
      let low = max(((y.start + line) << ch) - box.y0, top)
      let high = min(((y.start + line + 1) << ch) - box.y0, bottom)
      guard high > low else { continue }
      cell.rows = Int32(high - low)
      let to = target + (y.start + line) * output.stride[index]
      func blend(_ start: Int, _ count: Int, _ weight: UInt16) {
        cell.first = Int32(((x.start + start) << cw) - box.x0)
        let at = to + (x.start + start) * size
        if size == 1 {
          sluice_blend_chroma8(
            at.assumingMemoryBound(to: UInt8.self), count, (base + low * stride).assumingMemoryBound(to: UInt8.self),
            (alpha + low * stride).assumingMemoryBound(to: UInt8.self), stride, &cell, weight)
        } else {
          sluice_blend_chroma16(
            at.assumingMemoryBound(to: UInt16.self), count, (base + low * stride).assumingMemoryBound(to: UInt16.self),
            (alpha + low * stride).assumingMemoryBound(to: UInt16.self), stride / 2, &cell, weight)
        }
      }
      blend(0, 1, scale(rowWeight, x.first))
      if x.count > 2 { blend(1, x.count - 2, rowWeight) }
      if x.count > 1 { blend(x.count - 1, 1, scale(rowWeight, x.last)) }
    }
  }
}
