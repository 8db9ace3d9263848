import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// What a container says of all pictures of a stream; nil: what the picture says.
public struct StreamTraits: Equatable, Sendable {
  public var sampleAspect: Rational?
  public var orientation: Orientation?
  public init() {}
}

/// Owns an `AVFrame` and with it a reference on its picture. Used from one thread at a time.
public final class FrameBox {
  let raw: UnsafeMutablePointer<AVFrame>

  public init() throws(SluiceError) {
    guard let raw = av_frame_alloc() else { throw SluiceError(.unavailable, "out of memory") }
    self.raw = raw
  }
  deinit {
    var raw: UnsafeMutablePointer<AVFrame>? = raw
    av_frame_free(&raw)
  }

  /// Presentation time in ticks, by libavcodec's best guess; nil when there is none.
  public var pts: Int64? { timestamp(raw.pointee.best_effort_timestamp) ?? timestamp(raw.pointee.pts) }
  /// Ticks that it lasts by the container; 0 when unknown.
  public var duration: Int64 { max(0, raw.pointee.pkt_duration) }
  public var width: Int { Int(raw.pointee.width) }
  public var height: Int { Int(raw.pointee.height) }
  /// The codec met errors in it, or in what it is predicted from.
  public var isDamaged: Bool {
    raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || raw.pointee.decode_error_flags != 0
  }
  var format: AVPixelFormat { AVPixelFormat(raw.pointee.format) }
  /// How it lies in a slot; nil for a format that cannot be read.
  public var mapping: PixelFormatMap.Mapping? { PixelFormatMap.mapping(format) }
  /// FFmpeg's name of its own format.
  public var formatName: String { PixelFormatMap.name(format) }

  /// Header fields of the picture as it is shown, with the planes of a slot laid out by `PlaneLayout`.
  public func description(_ traits: StreamTraits, format: PixelFormat) -> FrameDescription {
    var description = FrameDescription(format: format, width: width, height: height)
    let frame = raw.pointee
    let own = Rational(frame.sample_aspect_ratio)
    description.sampleAspect = traits.sampleAspect ?? (own > .zero ? own : .one)
    let turn = traits.orientation ?? orientation ?? Orientation()
    description.rotation = turn.quarterTurns
    description.mirrored = turn.mirrored
    description.color = color(format)
    description.damaged = isDamaged
    description.interlaced = frame.interlaced_frame != 0
    description.topFieldFirst = frame.top_field_first != 0
    return description
  }

  /// Planes of a picture that lies in memory at `base`, in slot order; nil when one lies outside `base ..< base + bytes`.
  public func planes(at base: UnsafeMutableRawPointer, bytes: Int, format: PixelFormat) -> [FrameDescription.Plane]? {
    var planes: [FrameDescription.Plane] = []
    for index in 0..<format.planeCount {
      let (data, stride) = plane(PixelFormatMap.avPlane(index, of: format))
      guard let data, stride > 0 else { return nil }
      let offset = UnsafeMutableRawPointer(data) - base
      guard offset >= 0, offset < bytes else { return nil }
      planes.append(FrameDescription.Plane(offset: offset, stride: stride))
    }
    return planes
  }

  func plane(_ index: Int) -> (data: UnsafeMutablePointer<UInt8>?, stride: Int) {
    let frame = raw.pointee
    return switch index {
    case 0: (frame.data.0, Int(frame.linesize.0))
    case 1: (frame.data.1, Int(frame.linesize.1))
    case 2: (frame.data.2, Int(frame.linesize.2))
    case 3: (frame.data.3, Int(frame.linesize.3))
    default: (nil, 0)
    }
  }

  private var orientation: Orientation? {
    guard let side = av_frame_get_side_data(raw, AV_FRAME_DATA_DISPLAYMATRIX), side.pointee.size >= 36 else { return nil }
    return side.pointee.data.withMemoryRebound(to: Int32.self, capacity: 9) { Orientation(displayMatrix: $0) }
  }

  private func color(_ format: PixelFormat) -> ColorDescription {
    let frame = raw.pointee
    // FFmpeg numbers these as ITU-T H.273 does.
    func code(_ value: UInt32) -> UInt8 { value > 0 && value < 32 ? UInt8(value) : 2 }
    var color = ColorDescription(
      matrix: code(frame.colorspace.rawValue), primaries: code(frame.color_primaries.rawValue),
      transfer: code(frame.color_trc.rawValue))
    let tagged = frame.color_range
    color.fullRange = tagged == AVCOL_RANGE_JPEG || mapping?.isFullRange == true
    switch format.family {
    case .rgb:
      color.matrix = 0
      color.fullRange = true
    case .gray: color.fullRange = tagged != AVCOL_RANGE_MPEG
    default: break
    }
    color.chromaLocation =
      switch frame.chroma_location {
      case AVCHROMA_LOC_CENTER: 1
      case AVCHROMA_LOC_TOPLEFT: 2
      default: 0
      }
    return color
  }
}
