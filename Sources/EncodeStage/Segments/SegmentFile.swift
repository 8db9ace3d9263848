// A segment file holds the packets of one segment of an output's pictures, or of its whole sound: encoded, in no container.
// One process writes it, in order and without seeking; another reads it soon after on the same machine, with the same FFmpeg,
// and joins it to others. Neither has more of it in memory than a packet and a buffer. Numbers are little-endian; numbers of
// FFmpeg's enumerations are those of the libavcodec that the header names.
//
//   header   magic "SLUICSEG", u32 version, u32 libavcodec version, i32 time base numerator, i32 denominator,
//            u32 bytes of the parameters, parameters
//   packets  u32 1, u32 flags, i64 pts, i64 dts, i64 duration, u32 payload bytes, u32 pieces of side data, payload,
//            and each piece as u32 type, u32 bytes, bytes
//   end      u32 2, i64 frames or sample frames encoded, i64 packets, u32 CRC-32 (IEEE 802.3) of all bytes before it
//
// The parameters are those that `CodecParameters.bytes` gives. Times count from 0 at the
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
}
