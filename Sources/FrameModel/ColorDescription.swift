/// Colour as ITU-T H.273 code points; 2 means unknown. See `sluice_frame` in `sluice_ipc.h`.
public struct ColorDescription: Hashable, Sendable {
  public var matrix: UInt8
  public var primaries: UInt8
  public var transfer: UInt8
  public var fullRange: Bool
  /// 0 left, 1 center, 2 top-left.
  public var chromaLocation: UInt8

  public init(matrix: UInt8 = 2, primaries: UInt8 = 2, transfer: UInt8 = 2, fullRange: Bool = false, chromaLocation: UInt8 = 0) {
    self.matrix = matrix
    self.primaries = primaries
    self.transfer = transfer
    self.fullRange = fullRange
    self.chromaLocation = chromaLocation
  }

  public static let bt709 = ColorDescription(matrix: 1, primaries: 1, transfer: 1)
  public static let bt601 = ColorDescription(matrix: 6, primaries: 6, transfer: 6)
  public static let bt2020 = ColorDescription(matrix: 9, primaries: 9, transfer: 14)
}
