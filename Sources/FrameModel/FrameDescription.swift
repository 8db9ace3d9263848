import CSchema

/// The frame header of a slot as a value: what the picture in the slot is and where its planes lie.
public struct FrameDescription: Equatable, Sendable {
  public struct Plane: Equatable, Sendable {
    /// Bytes from the slot's start to the plane, and from row to row.
    public var offset: Int
    public var stride: Int
    public init(offset: Int, stride: Int) {
      self.offset = offset
      self.stride = stride
    }
  }
  public var format: PixelFormat
  public var width: Int
  public var height: Int
  public var sampleAspect = Rational.one
  public var color = ColorDescription()
  /// Quarter turns clockwise to show it upright; mirrored left to right before that.
  public var rotation = 0
  public var mirrored = false
  public var damaged = false
  public var interlaced = false
  public var topFieldFirst = false
  /// Presentation time in seconds from the source's start.
  public var pts = Rational.zero
  /// Output frame number, or -1.
  public var number: Int64 = -1
  /// In slot order: Y U V A, R G B A, or gray A.
  public var planes: [Plane]

  public init(format: PixelFormat, width: Int, height: Int, planes: [Plane]) {
    self.format = format
    self.width = width
    self.height = height
    self.planes = planes
  }

  /// A picture laid out by `PlaneLayout`.
  public init(format: PixelFormat, width: Int, height: Int) {
    self.init(
      format: format, width: width, height: height,
      planes: PlaneLayout(format, width: width, height: height).planes.map { Plane(offset: $0.offset, stride: $0.stride) })
  }

  /// Writes the header at the start of a slot. The caller owns the slot (it is granted to it) and publishes it later
  /// with a release store of `done`.
  public func write(to slot: UnsafeMutableRawPointer) {
    var header = sluice_frame()
    header.magic = SLUICE_MAGIC_FRAME
    header.flags =
      (damaged ? UInt32(SLUICE_FRAME_DAMAGED.rawValue) : 0) | (interlaced ? UInt32(SLUICE_FRAME_INTERLACED.rawValue) : 0)
      | (topFieldFirst ? UInt32(SLUICE_FRAME_TOP_FIELD_FIRST.rawValue) : 0)
    header.format = format.rawValue
    header.width = UInt32(width)
    header.height = UInt32(height)
    header.sar_num = UInt32(clamping: sampleAspect.num)
    header.sar_den = UInt32(clamping: sampleAspect.den)
    header.matrix = color.matrix
    header.primaries = color.primaries
    header.transfer = color.transfer
    header.full_range = color.fullRange ? 1 : 0
    header.chroma_location = color.chromaLocation
    header.rotation = UInt8(rotation & 3)
    header.mirror = mirrored ? 1 : 0
    header.plane_count = UInt8(planes.count)
    header.pts_num = pts.num
    header.pts_den = pts.den
    header.number = number
    withUnsafeMutableBytes(of: &header.plane) { raw in
      let table = raw.bindMemory(to: sluice_plane.self)
      for (index, plane) in planes.prefix(Int(SLUICE_MAX_PLANES)).enumerated() {
        table[index] = sluice_plane(offset: UInt64(plane.offset), stride: UInt32(plane.stride), reserved: 0)
      }
    }
    slot.storeBytes(of: header, as: sluice_frame.self)
  }

  /// Reads and checks a header that another process wrote. Every plane must lie inside `slotBytes` and apart from the others,
  /// and rows must be as wide as the picture. Returns nil for a header that breaks these rules.
  public init?(reading slot: UnsafeRawPointer, slotBytes: Int) {
    guard slotBytes >= Int(SLUICE_FRAME_BYTES) else { return nil }
    let header = slot.load(as: sluice_frame.self)
    let format = PixelFormat(rawValue: header.format)
    guard header.magic == SLUICE_MAGIC_FRAME, format.isValid, Int(header.plane_count) == format.planeCount,
      (1...65536).contains(header.width), (1...65536).contains(header.height), header.pts_den > 0,
      header.sar_num > 0, header.sar_den > 0, header.rotation < 4
    else { return nil }
    var planes: [Plane] = []
    var ranges: [Range<Int>] = []
    var inside = true
    withUnsafeBytes(of: header.plane) { raw in
      let table = raw.bindMemory(to: sluice_plane.self)
      for index in 0..<format.planeCount {
        let size = format.planeSize(index, width: Int(header.width), height: Int(header.height))
        let stride = Int(table[index].stride)
        let row = size.width * format.bytesPerSample
        guard stride >= row, table[index].offset >= UInt64(SLUICE_FRAME_BYTES), table[index].offset < UInt64(slotBytes),
          Int(table[index].offset) + stride * (size.height - 1) + row <= slotBytes
        else {
          inside = false
          return
        }
        let offset = Int(table[index].offset)
        let range = offset..<offset + stride * (size.height - 1) + row
        guard !ranges.contains(where: range.overlaps) else {
          inside = false
          return
        }
        ranges.append(range)
        planes.append(Plane(offset: offset, stride: stride))
      }
    }
    guard inside else { return nil }
    self.init(format: format, width: Int(header.width), height: Int(header.height), planes: planes)
    sampleAspect = Rational(Int64(header.sar_num), Int64(header.sar_den))
    color = ColorDescription(
      matrix: header.matrix, primaries: header.primaries, transfer: header.transfer, fullRange: header.full_range != 0,
      chromaLocation: header.chroma_location)
    rotation = Int(header.rotation)
    mirrored = header.mirror != 0
    damaged = header.flags & UInt32(SLUICE_FRAME_DAMAGED.rawValue) != 0
    interlaced = header.flags & UInt32(SLUICE_FRAME_INTERLACED.rawValue) != 0
    topFieldFirst = header.flags & UInt32(SLUICE_FRAME_TOP_FIELD_FIRST.rawValue) != 0
    pts = Rational(reducing: Int128(header.pts_num), Int128(header.pts_den)) ?? .zero
    number = header.number
  }
}
