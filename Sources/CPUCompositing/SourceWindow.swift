import CSluice
import Compositing
import FrameModel
import Plan

extension SourcePicture {
  /// The first sample of a plane, as `Planes` take it, which serve sources and targets alike. Read-only memory.
  func plane(_ index: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(mutating: samples(index)) }
}

/// A part of a source picture in a form that zimg can read: upright, in whole chroma samples, with aligned planes.
struct SourceWindow {
  let orientation: Orientation
  /// In the padded upright picture.
  let box: Box

  /// The smallest window that holds `part` (pixels of the upright picture, inside its bounds).
  init(_ picture: SourcePicture, showing part: Rect) {
    orientation = picture.upright
    let o = orientation
    let cw = o.format.log2ChromaWidth
    let ch = o.format.log2ChromaHeight
    box = Box(
      x0: (Int(part.x.rounded(.down)) + o.originX).aligned(down: cw),
      y0: (Int(part.y.rounded(.down)) + o.originY).aligned(down: ch),
      x1: (Int(part.maxX.rounded(.up)) + o.originX).aligned(up: cw),
      y1: (Int(part.maxY.rounded(.up)) + o.originY).aligned(up: ch))
  }

  /// Planes of the window in the slot itself, or nil when the picture must be turned, padded or moved first.
  func planesInPlace(_ picture: SourcePicture) -> Planes? {
    guard picture.isUpright, box.x1 <= orientation.width, box.y1 <= orientation.height else { return nil }
    let planes = pointers(picture)
    return planes.isAligned ? planes : nil
  }

  /// Planes of the window in the slot of an upright picture, aligned or not.
  func pointers(_ picture: SourcePicture) -> Planes {
    let format = picture.frame.format
    var planes = Planes()
    for index in 0..<format.planeCount {
      let (cw, ch) = format.subsampling(index)
      let stride = picture.frame.planes[index].stride
      planes.append(
        picture.plane(index) + (box.y0 >> ch) * stride + (box.x0 >> cw) * format.bytesPerSample, stride: stride)
    }
    return planes
  }

  /// Moves the window's samples, turned upright and padded, into `scratch`. Returns the planes and the bytes moved.
  func copy(_ picture: SourcePicture, into scratch: Scratch) -> (planes: Planes, bytes: Int) {
    let format = orientation.format
    let size = format.bytesPerSample
    let layout = PlaneLayout(format, width: box.width, height: box.height)
    let planes = Planes(layout, in: scratch.reserve(layout.bytes))
    var moved = 0
    for index in 0..<format.planeCount {
      guard let target = planes.base[index] else { continue }
      let (cw, ch) = format.subsampling(index)
      let stored = picture.frame.format.planeSize(index, width: picture.frame.width, height: picture.frame.height)
      let (validWidth, validHeight) = orientation.swapsAxes ? (stored.height, stored.width) : (stored.width, stored.height)
      let x = axis(
        low: box.x0 >> cw, high: box.x1 >> cw, padded: orientation.paddedWidth >> cw, valid: validWidth,
        reversed: orientation.reversesX)
      let y = axis(
        low: box.y0 >> ch, high: box.y1 >> ch, padded: orientation.paddedHeight >> ch, valid: validHeight,
        reversed: orientation.reversesY)
      let stride = picture.frame.planes[index].stride
      let stepX = (orientation.swapsAxes ? stride : size) * (orientation.reversesX ? -1 : 1)
      let stepY = (orientation.swapsAxes ? size : stride) * (orientation.reversesY ? -1 : 1)
      let width = layout.planes[index].width
      let height = layout.planes[index].height
      sluice_orient(
        target + y.first * planes.stride[index] + x.first * size, planes.stride[index], Int32(x.count), Int32(y.count),
        picture.plane(index) + x.from * abs(stepX) + y.from * abs(stepY), stepX, stepY, Int32(size))
      if x.count < width || y.count < height {
        sluice_extend(
          target, planes.stride[index], Int32(width), Int32(height), Int32(x.first), Int32(x.first + x.count),
          Int32(y.first), Int32(y.first + y.count), Int32(size))
      }
      moved += x.count * y.count * size
    }
    return (planes, moved)
  }

  /// Samples low ..< high of a padded, perhaps reversed axis: which of them exist (from `first` on, `count` of them,
  /// counted from low), and at which stored sample they begin.
  private func axis(low: Int, high: Int, padded: Int, valid: Int, reversed: Bool) -> (first: Int, count: Int, from: Int) {
    let begin = max(low, reversed ? padded - valid : 0)
    let end = min(high, reversed ? padded : valid)
    return (begin - low, end - begin, reversed ? padded - 1 - begin : begin)
  }
}
