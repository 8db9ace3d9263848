import CZimg
import FrameModel

/// Vector instructions that zimg may use. Its results can differ by a code value from one level to another, so the level
/// is part of an output's identity; `portable` is the same everywhere, and slow.
public enum VectorLevel: String, Sendable {
  /// The widest that the machine has and that is right for a picture, 64-byte vectors included.
  case automatic
  case portable

  /// What decides the bytes that scaling gives: `zimg 3.0.4 avx512`.
  public var identity: String {
    var major: UInt32 = 0
    var minor: UInt32 = 0
    var micro: UInt32 = 0
    zimg_get_version_info(&major, &minor, &micro)
    return "zimg \(major).\(minor).\(micro) \(self == .portable ? "c" : String(cString: sluice_zimg_simd()))"
  }

  /// zimg 3.0.4 scales rows wrongly in two cases; measured against its own C code, 1 in 160 random sizes is wrong without
  /// this, none of 420,000 with it:
  /// - with 64-byte vectors, columns of garbage where 16 samples come from 31 to 32: 2 to 2.34 times smaller, exactly 2 excepted
  ///   (in rows of less than 32 samples any shrinking);
  /// - with any vectors, at the end of a row where it takes less than 16 (64-byte vectors: 31) samples of the source.
  func zimg(for key: ScaleKey) -> Int32 {
    guard self == .automatic else { return Int32(bitPattern: ZIMG_CPU_NONE.rawValue) }
    let source = Double(1 << key.sourceFormat.log2ChromaWidth)
    let target = Double(1 << key.targetFormat.log2ChromaWidth)
    let width = key.region.width
    // Rows of luma and chroma; where formats differ, also those in between.
    guard width / source >= 32 else { return Int32(bitPattern: ZIMG_CPU_NONE.rawValue) }
    let narrow = Double(key.targetWidth) / target
    let shrinks = [1, target, 1 / source, target / source].map { width / Double(key.targetWidth) * $0 }
    let isRight = shrinks.allSatisfy { $0 <= 2 || $0 >= 2.5 && narrow >= 32 }
    return Int32(bitPattern: (isRight ? ZIMG_CPU_AUTO_64B : ZIMG_CPU_AUTO).rawValue)
  }
}
