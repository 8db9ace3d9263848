import CAVCodec
import CAVUtil

/// What FFmpeg's libraries say of themselves and of the machine. Safe from any thread.
public enum CodecLibraries {
  /// Version of the libavcodec that is loaded. Numbers of its enumerations mean the same only where this is equal.
  public static var codecVersion: UInt32 { avcodec_version() }

  /// The libraries use AVX-512 on this machine.
  public static var usesAVX512: Bool { av_get_cpu_flags() & AV_CPU_FLAG_AVX512 != 0 }

  /// CRC-32 (IEEE 802.3) of `bytes` that follow others whose checksum is `sum`; 0 at the start.
  public static func checksum(_ sum: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    // av_crc counts back from the end of the memory: where there is none (a packet of side data alone) it would read below zero.
    guard !bytes.isEmpty else { return sum }
    return ~av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), ~sum, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  }
}
