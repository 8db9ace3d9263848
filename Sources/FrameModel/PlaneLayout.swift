import CSchema

/// Where the planes of a picture lie in a slot that we lay out ourselves (render targets, converted frames, stills).
/// Offsets count from the slot's first byte; the frame header stands before them.
public struct PlaneLayout: Equatable, Sendable {
  public struct Plane: Equatable, Sendable {
    public var offset: Int
    public var stride: Int
    public var width: Int
    public var height: Int
  }
  public let planes: [Plane]
  /// From the slot's start to behind the last plane.
  public let bytes: Int

  /// Planes one after another, every row and plane aligned to `SLUICE_PLANE_ALIGN` bytes.
  public init(_ format: PixelFormat, width: Int, height: Int) {
    let align = Int(SLUICE_PLANE_ALIGN)
    var at = Int(SLUICE_FRAME_BYTES)
    var planes: [Plane] = []
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      let stride = (size.width * format.bytesPerSample + align - 1) / align * align
      planes.append(Plane(offset: at, stride: stride, width: size.width, height: size.height))
      at += stride * size.height
    }
    self.planes = planes
    bytes = at
  }

  /// A slot's size for `bytes` of header and planes: whole pages.
  public static func slotBytes(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }
}
