import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// Puts samples that have the canvas's format into the output's planes: fills, moves, blends.
struct Painter {
  let canvas: Canvas
  let output: Planes
  let row: Scratch
  let counters: any StageCounters

  private var format: PixelFormat { canvas.format }
  private var size: Int { format.bytesPerSample }

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

  /// Blends one colour over `placement` with `weight` (65535: covers it).
  func blend(_ samples: [UInt16], placement: Placement, weight: UInt16) {
    let line = row.reserve(placement.box.width * size)
    for index in 0..<format.planeCount {
      fillRow(line, count: placement.box.width, value: samples[index])
      blendPlane(index, from: line, stride: 0, placement: placement, weight: weight, moves: false)
    }
  }

  /// Blends a tile of the canvas's format that lies over `placement.box`. Whole samples of an opaque one are moved.
  func blend(_ tile: Planes, placement: Placement, weight: UInt16) {
    for index in 0..<format.planeCount {
      guard let base = tile.base[index] else { continue }
      blendPlane(index, from: base, stride: tile.stride[index], placement: placement, weight: weight, moves: true)
    }
  }

  /// Blends a tile with alpha, chroma at full resolution (4:4:4, or RGB), that lies over `placement.box`.
  func blendAlpha(_ tile: Planes, _ tileFormat: PixelFormat, placement: Placement, weight: UInt16) {
    let alphaIndex = tileFormat.planeCount - 1
    guard let alpha = tile.base[alphaIndex] else { return }
    let weights = row.reserve(placement.box.width * 2).assumingMemoryBound(to: UInt16.self)
    for index in 0..<format.planeCount {
      guard let base = tile.base[index] else { continue }
      if format.subsampling(index) == (0, 0) {
        blendAlphaPlane(
          index, from: base, stride: tile.stride[index], alpha: alpha, alphaStride: tile.stride[alphaIndex],
          placement: placement, weight: weight, weights: weights)
      } else {
        blendAlphaChroma(
          index, from: base, alpha: alpha, stride: tile.stride[index], placement: placement, weight: weight)
      }
    }
  }

  // MARK: planes

  private func spans(_ index: Int, _ visible: Rect) -> (x: Span, y: Span) {
    let (cw, ch) = format.subsampling(index)
    return (
      Span(low: visible.x, high: visible.maxX, size: canvas.width, log2: cw),
      Span(low: visible.y, high: visible.maxY, size: canvas.height, log2: ch)
    )
  }

  private func blendPlane(
    _ index: Int, from base: UnsafeMutableRawPointer, stride: Int, placement: Placement, weight: UInt16, moves: Bool
  ) {
    guard let target = output.base[index] else { return }
    let (cw, ch) = format.subsampling(index)
    let (x, y) = spans(index, placement.visible)
    let left = x.first == Span.full ? 0 : 1
    let right = x.count > left && x.last != Span.full ? 1 : 0
    var moved = 0
    for line in 0..<y.count {
      let rowWeight = scale(weight, y.weight(line))
      let to = target + (y.start + line) * output.stride[index] + x.start * size
      let from = base + (y.start + line - placement.box.y0 >> ch) * stride + (x.start - placement.box.x0 >> cw) * size
      if left > 0 { blendRow(to, from, 1, scale(rowWeight, x.first)) }
      let inner = x.count - left - right
      blendRow(to + left * size, from + left * size, inner, rowWeight)
      if rowWeight == Span.full { moved += inner * size }
      if right > 0 { blendRow(to + (x.count - 1) * size, from + (x.count - 1) * size, 1, scale(rowWeight, x.last)) }
    }
    if moves { counters.add(.copiedBytes, UInt64(moved)) }
  }

  private func blendAlphaPlane(
    _ index: Int, from base: UnsafeMutableRawPointer, stride: Int, alpha: UnsafeMutableRawPointer, alphaStride: Int,
    placement: Placement, weight: UInt16, weights: UnsafeMutablePointer<UInt16>
  ) {
    guard let target = output.base[index] else { return }
    let (x, y) = spans(index, placement.visible)
    let offset = (x.start - placement.box.x0) * size
    for line in 0..<y.count {
      let rowWeight = scale(weight, y.weight(line))
      let tileRow = y.start + line - placement.box.y0
      let to = target + (y.start + line) * output.stride[index] + x.start * size
      let from = base + tileRow * stride + offset
      let alphaRow = alpha + tileRow * alphaStride + offset
      if size == 1 {
        sluice_weights8(weights, alphaRow.assumingMemoryBound(to: UInt8.self), x.count, rowWeight)
      } else {
        sluice_weights16(
          weights, alphaRow.assumingMemoryBound(to: UInt16.self), x.count, UInt32(1) << format.depth - 1, rowWeight)
      }
      weights[0] = scale(weights[0], x.first)
      if x.count > 1 { weights[x.count - 1] = scale(weights[x.count - 1], x.last) }
      if size == 1 {
        sluice_blend_weighted8(to.assumingMemoryBound(to: UInt8.self), from.assumingMemoryBound(to: UInt8.self), weights, x.count)
      } else {
        sluice_blend_weighted16(
          to.assumingMemoryBound(to: UInt16.self), from.assumingMemoryBound(to: UInt16.self), weights, x.count)
      }
    }
  }

  private func blendAlphaChroma(
    _ index: Int, from base: UnsafeMutableRawPointer, alpha: UnsafeMutableRawPointer, stride: Int, placement: Placement,
    weight: UInt16
  ) {
    guard let target = output.base[index] else { return }
    let (cw, ch) = format.subsampling(index)
    let (x, y) = spans(index, placement.visible)
    let box = placement.box
    let visible = placement.visible
    // Samples of the tile that the layer covers at all.
    let top = Int(visible.y.rounded(.down)) - box.y0
    let bottom = Int(visible.maxY.rounded(.up)) - box.y0
    var cell = sluice_chroma_cell()
    cell.log2_width = Int32(cw)
    cell.low = Int32(Int(visible.x.rounded(.down)) - box.x0)
    cell.high = Int32(Int(visible.maxX.rounded(.up)) - box.x0)
    cell.sited_left = canvas.color.chromaLocation != 1
    cell.max = UInt32(1) << UInt32(format.depth) - 1
    for line in 0..<y.count {
      let rowWeight = scale(weight, y.weight(line))
      let low = max(((y.start + line) << ch) - box.y0, top)
      let high = min(((y.start + line + 1) << ch) - box.y0, bottom)
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

  // MARK: rows

  private func fillRow(_ to: UnsafeMutableRawPointer, count: Int, value: UInt16) {
    if size == 1 {
      memset(to, Int32(value), count)
    } else {
      sluice_fill16(to.assumingMemoryBound(to: UInt16.self), count, value)
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

  /// Product of two weights, rounded.
  private func scale(_ a: UInt16, _ b: UInt16) -> UInt16 {
    a == Span.full ? b : b == Span.full ? a : UInt16((UInt32(a) * UInt32(b) + 32767) / 65535)
  }
}
