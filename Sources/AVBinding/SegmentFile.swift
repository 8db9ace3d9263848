import CAVCodec
import CAVUtil
import SluiceBase

// A segment file holds the packets of one segment of an output's pictures, or of its whole sound: encoded, in no container.
// One process writes it, in order and without seeking; another reads it soon after on the same machine, with the same FFmpeg,
// and joins it to others. Neither has more of it in memory than a packet and a buffer. Numbers are little-endian; numbers of FFmpeg's enumerations are those of the libavcodec that the header names.
//
//   header   magic "SLUICSEG", u32 version, u32 libavcodec version, i32 time base numerator, i32 denominator,
//            u32 bytes of the parameters, parameters
//   packets  u32 1, u32 flags, i64 pts, i64 dts, i64 duration, u32 payload bytes, u32 pieces of side data, payload,
//            and each piece as u32 type, u32 bytes, bytes
//   end      u32 2, i64 frames or sample frames encoded, i64 packets, u32 CRC-32 (IEEE 802.3) of all bytes before it
//
// The parameters are the fields of AVCodecParameters as `SegmentFile.parameters` writes them. Times count from 0 at the
// segment's start; what an encoder of sound puts before it has times below 0.

enum SegmentFile {
  static let magic: UInt64 = 0x4745_5343_4955_4c53  // "SLUICSEG"
  static let version: UInt32 = 2
  static let headerBytes = 28
  static let packetBytes = 40
  static let sideDataBytes = 8
  static let endBytes = 24
  static let packetMark: UInt32 = 1
  static let endMark: UInt32 = 2

  /// CRC-32 of `bytes` that follow others whose checksum is `sum`; 0 at the start.
  static func checksum(_ sum: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    // av_crc counts back from the end of the memory, below zero where there is none (a packet of side data alone).
    guard !bytes.isEmpty else { return sum }
    return ~av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), ~sum, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  static func parameters(_ from: AVCodecParameters) -> [UInt8] {
    var out = LittleEndianWriter()
    out.append(text: String(cString: avcodec_get_name(from.codec_id)))
    out.append(from.codec_type.rawValue)
    out.append(from.codec_tag)
    out.append(from.format)
    out.append(from.bit_rate)
    for value in [from.bits_per_coded_sample, from.bits_per_raw_sample, from.profile, from.level, from.width, from.height] {
      out.append(value)
    }
    out.append(from.sample_aspect_ratio.num)
    out.append(from.sample_aspect_ratio.den)
    out.append(from.field_order.rawValue)
    out.append(from.color_range.rawValue)
    out.append(from.color_primaries.rawValue)
    out.append(from.color_trc.rawValue)
    out.append(from.color_space.rawValue)
    out.append(from.chroma_location.rawValue)
    out.append(from.video_delay)
    out.append(from.ch_layout.nb_channels)
    out.append(from.ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? from.ch_layout.u.mask : 0)
    for value in [
      from.sample_rate, from.block_align, from.frame_size, from.initial_padding, from.trailing_padding, from.seek_preroll,
    ] {
      out.append(value)
    }
    out.append(UInt32(from.extradata_size))
    out.append(UnsafeRawBufferPointer(start: from.extradata, count: Int(from.extradata_size)))
    return out.bytes
  }

  /// Fills fresh parameters with what `parameters` wrote. A negative error code when the bytes mean none.
  static func read(_ bytes: [UInt8], into out: UnsafeMutablePointer<AVCodecParameters>) -> Int32 {
    var fields = LittleEndianReader(bytes)
    guard let codec = avcodec_descriptor_get_by_name(fields.text()) else { return AVErrorText.invalidData }
    out.pointee.codec_id = codec.pointee.id
    out.pointee.codec_type = AVMediaType(rawValue: fields.next())
    out.pointee.codec_tag = fields.next()
    out.pointee.format = fields.next()
    out.pointee.bit_rate = fields.next()
    out.pointee.bits_per_coded_sample = fields.next()
    out.pointee.bits_per_raw_sample = fields.next()
    out.pointee.profile = fields.next()
    out.pointee.level = fields.next()
    out.pointee.width = fields.next()
    out.pointee.height = fields.next()
    out.pointee.sample_aspect_ratio.num = fields.next()
    out.pointee.sample_aspect_ratio.den = fields.next()
    out.pointee.field_order = AVFieldOrder(rawValue: fields.next())
    out.pointee.color_range = AVColorRange(rawValue: fields.next())
    out.pointee.color_primaries = AVColorPrimaries(rawValue: fields.next())
    out.pointee.color_trc = AVColorTransferCharacteristic(rawValue: fields.next())
    out.pointee.color_space = AVColorSpace(rawValue: fields.next())
    out.pointee.chroma_location = AVChromaLocation(rawValue: fields.next())
    out.pointee.video_delay = fields.next()
    let channels: Int32 = fields.next(), mask: UInt64 = fields.next()
    if mask != 0 {
      guard av_channel_layout_from_mask(&out.pointee.ch_layout, mask) >= 0 else { return AVErrorText.invalidData }
    } else {
      out.pointee.ch_layout.nb_channels = channels
    }
    guard out.pointee.ch_layout.nb_channels == channels else { return AVErrorText.invalidData }
    out.pointee.sample_rate = fields.next()
    out.pointee.block_align = fields.next()
    out.pointee.frame_size = fields.next()
    out.pointee.initial_padding = fields.next()
    out.pointee.trailing_padding = fields.next()
    out.pointee.seek_preroll = fields.next()
    let extra = fields.bytes(Int(fields.next(UInt32.self)))
    guard fields.isWhole else { return AVErrorText.invalidData }
    guard !extra.isEmpty else { return 0 }
    guard let memory = av_mallocz(extra.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else { return AVErrorText.noMemory }
    extra.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: extra.count) }
    out.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
    out.pointee.extradata_size = Int32(extra.count)
    return 0
  }
}

struct LittleEndianWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
  mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
  mutating func append(text: String) {
    append(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }
}

/// Reads what a `LittleEndianWriter` wrote. Past the end everything is zero and empty, and `isWhole` turns false.
struct LittleEndianReader {
  private let all: [UInt8]
  private var position = 0
  private(set) var isWhole = true

  init(_ bytes: [UInt8]) { all = bytes }

  mutating func next<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T {
    let part = bytes(MemoryLayout<T>.size)
    return part.withUnsafeBytes { $0.count == MemoryLayout<T>.size ? T(littleEndian: $0.loadUnaligned(as: T.self)) : 0 }
  }
  mutating func bytes(_ count: Int) -> ArraySlice<UInt8> {
    guard isWhole, count <= all.count - position else {
      isWhole = false
      return []
    }
    defer { position += count }
    return all[position..<position + count]
  }
  mutating func text() -> String { String(decoding: bytes(Int(next(UInt32.self))), as: UTF8.self) }
}
