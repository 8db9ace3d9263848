import CZimg
import Compositing
import FrameModel

/// The vector instructions that zimg may use. Its results can differ by a code value from one level to another. `portable` gives the
/// same results everywhere, and is slow.
public enum VectorLevel: String, Sendable {
  /// The widest that the machine has and that are right for a picture, 64-byte vectors included.
  case automatic
  case portable

  /// zimg's own number for the instructions that scale a picture correctly.
  ///
  /// zimg 3.0.4 scales rows wrongly in two cases. Measured against its own C code, 1 in 160 random sizes is wrong without this rule,
  /// none of 420,000 with it:
  /// - With 64-byte vectors there are columns of garbage where 16 samples come from 31 or 32: at 2 to 2.34 times smaller, exactly 2
  ///   excepted, and in rows of less than 32 samples at any shrinking.
  /// - With any vectors the end of a row is wrong where it takes less than 16 (64-byte vectors: 31) samples of the source.
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
