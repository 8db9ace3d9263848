import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale

/// How many pictures a codec may hold at once.
enum PictureBuffers {
  /// For one thread, counting the picture in work. `codec` is open and has decoded its first picture, so that the
  /// sequence header is known. Each frame thread more needs one more.
  static func count(_ codec: UnsafeMutablePointer<AVCodecContext>) -> Int {
    let context = codec.pointee
    let reorder = Int(max(0, context.has_b_frames))
    switch context.codec_id {
    case AV_CODEC_ID_H264:
      // References and pictures that wait for their turn share the decoded picture buffer; and the current one. Measured
      // over x264's presets; a stream that needs more asks for more.
      return max(Int(max(1, context.refs)), reorder + 1) + 1
    case AV_CODEC_ID_HEVC:
      // sps_max_dec_pic_buffering counts references, waiting pictures and the current one.
      return (HEVCParameterSet.pictureBuffering(extradata(context)) ?? 16) + 2
    case AV_CODEC_ID_VP9: return 8 + 2  // reference slots, the current one, the motion vector reference
    case AV_CODEC_ID_VP8, AV_CODEC_ID_VP7: return 5
    case AV_CODEC_ID_THEORA, AV_CODEC_ID_VP3: return 4
    case AV_CODEC_ID_FFV1: return 2  // the picture before conceals errors
    default:
      let intra = avcodec_descriptor_get(context.codec_id).map { $0.pointee.props & AV_CODEC_PROP_INTRA_ONLY != 0 } ?? false
      return intra ? 1 : 4
    }
  }

  private static func extradata(_ context: AVCodecContext) -> [UInt8] {
    guard let data = context.extradata, context.extradata_size > 0 else { return [] }
    return Array(UnsafeBufferPointer(start: data, count: Int(context.extradata_size)))
  }
}

/// As much of an HEVC sequence parameter set as says how many pictures a decoder must keep (ITU-T H.265, 7.3.2.2).
enum HEVCParameterSet {
  /// From `hvcC` or Annex B extradata. nil when there is no parameter set that makes sense.
  static func pictureBuffering(_ extradata: [UInt8]) -> Int? {
    units(extradata).compactMap(parse).max()
  }

  /// Starts of sequence parameter sets, found by start code or by the record's arrays.
  private static func units(_ data: [UInt8]) -> [ArraySlice<UInt8>] {
    var found: [ArraySlice<UInt8>] = []
    if data.count > 23, data[0] == 1 {
      var at = 23
      for _ in 0..<data[22] {
        guard at + 3 <= data.count else { break }
        let count = Int(data[at + 1]) << 8 | Int(data[at + 2])
        at += 3
        for _ in 0..<count {
          guard at + 2 <= data.count else { break }
          let size = Int(data[at]) << 8 | Int(data[at + 1])
          guard at + 2 + size <= data.count else { break }
          found.append(data[(at + 2)..<(at + 2 + size)])
          at += 2 + size
        }
      }
    } else {
      for at in data.indices.dropLast(3) where data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1 {
        found.append(data[(at + 3)...].prefix(256))
      }
    }
    return found.filter { $0.count > 2 && $0[$0.startIndex] >> 1 & 63 == 33 }
  }

  private static func parse(_ unit: ArraySlice<UInt8>) -> Int? {
    var bits = BitReader(unit.dropFirst(2))
    bits.skip(4)
    let subLayers = bits.read(3)
    bits.skip(1 + 88 + 8)  // nesting flag, general profile, level
    var present: [(profile: Bool, level: Bool)] = []
    for _ in 0..<subLayers { present.append((bits.read(1) == 1, bits.read(1) == 1)) }
    if subLayers > 0 { bits.skip(2 * (8 - subLayers)) }
    for layer in present { bits.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0)) }
    _ = bits.exponentialGolomb()
    if bits.exponentialGolomb() == 3 { bits.skip(1) }
    _ = bits.exponentialGolomb()
    _ = bits.exponentialGolomb()
    if bits.read(1) == 1 { for _ in 0..<4 { _ = bits.exponentialGolomb() } }
    for _ in 0..<3 { _ = bits.exponentialGolomb() }  // bit depths, log2 of the picture order count
    let first = bits.read(1) == 1 ? 0 : subLayers
    var most = 0
    for _ in first...subLayers {
      most = max(most, bits.exponentialGolomb() + 1)
      _ = bits.exponentialGolomb()
      _ = bits.exponentialGolomb()
    }
    return !bits.isOver && (1...16).contains(most) ? most : nil
  }
}

/// Bits of a NAL unit's payload, emulation prevention bytes left out.
private struct BitReader {
  private let bytes: [UInt8]
  private var at = 0
  /// Read beyond the end; what was read there is zero.
  private(set) var isOver = false

  init(_ unit: ArraySlice<UInt8>) {
    var out: [UInt8] = []
    var zeros = 0
    for byte in unit {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      out.append(byte)
    }
    bytes = out
  }

  mutating func read(_ count: Int) -> Int {
    var value = 0
    for _ in 0..<count {
      guard at < bytes.count * 8 else {
        isOver = true
        return 0
      }
      value = value << 1 | Int(bytes[at / 8] >> UInt8(7 - at % 8) & 1)
      at += 1
    }
    return value
  }
  mutating func skip(_ count: Int) { at += count }
  mutating func exponentialGolomb() -> Int {
    var zeros = 0
    while zeros < 32, !isOver, read(1) == 0 { zeros += 1 }
    return (1 << zeros) - 1 + read(zeros)
  }
}
