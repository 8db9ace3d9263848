import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel

/// Takes packed, semi-planar, paletted and big-endian samples of whole bytes apart into planes, bit for bit. (libswscale
/// goes through YUV for some of these, which loses.)
struct PictureUnpacker {
  private struct Component {
    var plane: Int
    var offset: Int
    var step: Int
    var shift: Int
    var depth: Int
  }
  private let components: [Component]
  private let isPaletted: Bool
  private let isBigEndian: Bool

  /// nil for formats whose samples are not whole bytes in memory.
  init?(_ format: AVPixelFormat) {
    guard let pointer = av_pix_fmt_desc_get(format) else { return nil }
    let descriptor = pointer.pointee
    let odd = AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_HWACCEL
    guard descriptor.flags & UInt64(odd) == 0, PixelFormatMap.name(format).hasPrefix("xyz") == false else { return nil }
    isPaletted = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_PAL) != 0
    isBigEndian = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_BE) != 0
    components = withUnsafeBytes(of: descriptor.comp) { raw in
      raw.bindMemory(to: AVComponentDescriptor.self).prefix(Int(descriptor.nb_components)).map {
        Component(
          plane: Int($0.plane), offset: Int($0.offset), step: Int($0.step), shift: Int($0.shift), depth: Int($0.depth))
      }
    }
    guard let depth = components.first?.depth, isPaletted || components.allSatisfy({ $0.depth == depth }) else { return nil }
    if !isPaletted {
      // One sample of 8 bits a byte, or one of 9 to 16 bits in two bytes of its own.
      let whole = components.allSatisfy {
        $0.depth == 8 && $0.shift == 0 || $0.depth > 8 && $0.depth + $0.shift <= 16 && $0.offset % 2 == 0 && $0.step % 2 == 0
      }
      guard whole else { return nil }
    }
  }

  /// false when `format` is not one that it can make of this.
  func unpack(_ frame: FrameBox, _ format: PixelFormat, _ layout: PlaneLayout, _ base: UnsafeMutableRawPointer) -> Bool {
    if isPaletted { return unpackPalette(frame, format, layout, base) }
    guard let depth = components.first?.depth, depth == format.depth else { return false }
    for (index, plane) in layout.planes.enumerated() {
      guard let component = component(for: index, of: format) else { return false }
      let (data, stride) = frame.plane(component.plane)
      guard let data else { return false }
      for y in 0..<plane.height {
        let source = UnsafeRawPointer(data + y * stride) + component.offset
        let target = base + plane.offset + y * plane.stride
        if depth == 8 {
          unpackRow(source, component.step, target, plane.width)
        } else {
          unpackWideRow(source, component, target, plane.width)
        }
      }
    }
    return true
  }

  /// Which of FFmpeg's components (R G B A or Y U V A in this order) fills a plane of the slot.
  private func component(for plane: Int, of format: PixelFormat) -> Component? {
    // Gray with alpha becomes R = G = B.
    if components.count == 2, format.family == .rgb { return plane == 3 ? components[1] : components[0] }
    return plane < components.count ? components[plane] : nil
  }

  @inline(__always)
  private func unpackRow(_ source: UnsafeRawPointer, _ step: Int, _ target: UnsafeMutableRawPointer, _ width: Int) {
    let source = source.assumingMemoryBound(to: UInt8.self)
    let target = target.assumingMemoryBound(to: UInt8.self)
    for x in 0..<width { target[x] = source[x &* step] }
  }

  @inline(__always)
  private func unpackWideRow(
    _ source: UnsafeRawPointer, _ component: Component, _ target: UnsafeMutableRawPointer, _ width: Int
  ) {
    let source = source.assumingMemoryBound(to: UInt16.self)
    let target = target.assumingMemoryBound(to: UInt16.self)
    let step = component.step / 2
    let mask = UInt16((1 << component.depth) - 1)
    for x in 0..<width {
      let value = source[x &* step]
      target[x] = (isBigEndian ? value.byteSwapped : value) >> UInt16(component.shift) & mask
    }
  }

  private func unpackPalette(
    _ frame: FrameBox, _ format: PixelFormat, _ layout: PlaneLayout, _ base: UnsafeMutableRawPointer
  ) -> Bool {
    let (indices, stride) = frame.plane(0)
    guard let indices, let table = frame.plane(1).data, format.family == .rgb, format.depth == 8 else { return false }
    let palette = UnsafeRawPointer(table).assumingMemoryBound(to: UInt32.self)  // native-endian 0xAARRGGBB
    for (index, plane) in layout.planes.enumerated() {
      let shift: UInt32 = index == 3 ? 24 : UInt32(16 - 8 * index)
      for y in 0..<plane.height {
        let row = indices + y * stride
        let target = (base + plane.offset + y * plane.stride).assumingMemoryBound(to: UInt8.self)
        for x in 0..<plane.width { target[x] = UInt8(truncatingIfNeeded: palette[Int(row[x])] >> shift) }
      }
    }
    return true
  }
}
