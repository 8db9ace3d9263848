import FrameModel

/// Premultiplied pixels into straight planes.
enum StraightAlpha {
  /// `pixels`: native-endian 0xAARRGGBB, premultiplied. Planes R G B A of 8 bits at `base`. `nothing` gives the colour of
  /// what is fully transparent.
  static func split(
    _ pixels: UnsafeMutablePointer<UInt8>, stride: Int, _ layout: PlaneLayout, into base: UnsafeMutableRawPointer,
    nothing: KeyColor
  ) {
    let none = UInt32(nothing.red) << 16 | UInt32(nothing.green) << 8 | UInt32(nothing.blue)
    let width = layout.planes[0].width
    for y in 0..<layout.planes[0].height {
      let row = UnsafeRawPointer(pixels + y * stride).assumingMemoryBound(to: UInt32.self)
      func target(_ plane: Int) -> UnsafeMutablePointer<UInt8> {
        (base + layout.planes[plane].offset + y * layout.planes[plane].stride).assumingMemoryBound(to: UInt8.self)
      }
      let (red, green, blue, alpha) = (target(0), target(1), target(2), target(3))
      for x in 0..<width {
        let pixel = row[x]
        let a = pixel >> 24
        let straight = a == 0 ? none : a == 255 ? pixel : divide(pixel, a)
        red[x] = UInt8(truncatingIfNeeded: straight >> 16)
        green[x] = UInt8(truncatingIfNeeded: straight >> 8)
        blue[x] = UInt8(truncatingIfNeeded: straight)
        alpha[x] = UInt8(truncatingIfNeeded: a)
      }
    }
  }

  /// The same within `columns` and `rows` of planes that hold premultiplied samples; where alpha is 0 nothing changes.
  static func straighten(_ layout: PlaneLayout, at base: UnsafeMutableRawPointer, columns: Range<Int>, rows: Range<Int>) {
    for y in rows {
      func row(_ plane: Int) -> UnsafeMutablePointer<UInt8> {
        (base + layout.planes[plane].offset + y * layout.planes[plane].stride).assumingMemoryBound(to: UInt8.self)
      }
      let (red, green, blue, alpha) = (row(0), row(1), row(2), row(3))
      for x in columns where alpha[x] != 0 && alpha[x] != 255 {
        let a = UInt32(alpha[x])
        red[x] = UInt8(min(255, (UInt32(red[x]) * 255 + a / 2) / a))
        green[x] = UInt8(min(255, (UInt32(green[x]) * 255 + a / 2) / a))
        blue[x] = UInt8(min(255, (UInt32(blue[x]) * 255 + a / 2) / a))
      }
    }
  }

  @inline(__always)
  private static func divide(_ pixel: UInt32, _ a: UInt32) -> UInt32 {
    func part(_ shift: UInt32) -> UInt32 { min(255, ((pixel >> shift & 255) * 255 + a / 2) / a) << shift }
    return part(16) | part(8) | part(0)
  }
}
