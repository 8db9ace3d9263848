import FrameModel
import Plan

/// H.273 code points for one scaling graph, source and target. 2 stands for "the same on both sides".
public struct ColorPair: Hashable {
  public var sourceMatrix: UInt8
  public var targetMatrix: UInt8
  public var sourcePrimaries: UInt8 = 2
  public var targetPrimaries: UInt8 = 2
  public var sourceTransfer: UInt8 = 2
  public var targetTransfer: UInt8 = 2
  public var sourceFullRange: Bool
  public var targetFullRange: Bool

  /// Nothing is converted.
  public var isSame: Bool {
    sourceMatrix == targetMatrix && sourcePrimaries == targetPrimaries && sourceFullRange == targetFullRange
  }

  /// How a picture is brought to the canvas: an unknown matrix is BT.601 for SD and BT.709 for HD; unknown primaries
  /// are the canvas's; RGB is full range; gray has the canvas's matrix. Primaries are converted, through linear light,
  /// only where both are known and differ; the transfer function changes only then (an unknown one is BT.709's).
  /// That costs some 25 times as much as a matrix alone: zimg's fast tables for it are off by tens of code values in the
  /// shadows, so the exact curves are used.
  public init(_ frame: FrameDescription, canvas: Canvas) {
    let target = canvas.color.completed(width: canvas.width, height: canvas.height)
    let source = frame.color.completed(width: frame.width, height: frame.height)
    func matrix(_ family: PixelFormat.Family?, _ color: ColorDescription) -> UInt8 {
      family == .rgb ? 0 : ColorRules.matrices.contains(color.matrix) ? color.matrix : 1
    }
    targetMatrix = matrix(canvas.format.family, target)
    sourceMatrix = frame.format.family == .gray ? targetMatrix : matrix(frame.format.family, source)
    sourceFullRange = frame.format.family == .rgb || frame.color.fullRange
    targetFullRange = canvas.format.family == .rgb || canvas.color.fullRange
    let from = ColorRules.primaries(frame.color)
    let to = ColorRules.primaries(canvas.color)
    let transfer = ColorRules.transfers.contains(source.transfer) ? source.transfer : 1
    if let from, let to, from != to {
      sourcePrimaries = from
      targetPrimaries = to
      sourceTransfer = transfer
      targetTransfer = canvas.color.transfer != 2 && ColorRules.transfers.contains(target.transfer) ? target.transfer : transfer
    } else if ColorRules.needTransfer.contains(sourceMatrix) || ColorRules.needTransfer.contains(targetMatrix) {
      sourcePrimaries = from ?? to ?? 9
      targetPrimaries = sourcePrimaries
      sourceTransfer = transfer
      targetTransfer = transfer
    }
  }
}

/// The rules of colour that all compositors share.
public enum ColorRules {
  /// Matrices that zimg knows without chromaticities, BT.601 under one name.
  public static let matrices: Set<UInt8> = [1, 4, 6, 7, 8, 9, 10, 14]
  /// Constant luminance and ICtCp are made from linear light.
  public static let needTransfer: Set<UInt8> = [10, 14]
  public static let transfers: Set<UInt8> = [1, 4, 5, 7, 8, 9, 10, 11, 13, 16, 18]

  /// nil when unknown; equal primaries get one name.
  public static func primaries(_ color: ColorDescription) -> UInt8? {
    switch color.primaries {
    case 7: 6
    case 1, 4, 5, 6, 8, 9, 10, 11, 12, 22: color.primaries
    default: nil
    }
  }

  /// Code values of a colour in the canvas's planes, in slot order, rounded to the nearest. RGBA is in the canvas's own
  /// primaries and transfer; alpha is left to the caller.
  public static func samples(_ color: RGBA, canvas: Canvas) -> [UInt16] {
    let depth = canvas.format.depth
    let scale = Double(1 << (depth - 8))
    let top = Double(1 << depth) - 1
    let full = canvas.color.fullRange || canvas.format.family == .rgb
    func code(_ value: Double, chroma: Bool) -> UInt16 {
      let exact =
        chroma
        ? (full ? value * top + Double(1 << (depth - 1)) : (128 + 224 * value) * scale)
        : (full ? value * top : (16 + 219 * value) * scale)
      return UInt16(min(max(exact.rounded(), 0), top))
    }
    let r = color.red.clamped
    let g = color.green.clamped
    let b = color.blue.clamped
    if canvas.format.family == .rgb { return [r, g, b].map { code($0, chroma: false) } }
    let matrix = canvas.color.completed(width: canvas.width, height: canvas.height).matrix
    if matrix == 8 {
      return [code((r + 2 * g + b) / 4, chroma: false), code((2 * g - r - b) / 4, chroma: true), code((r - b) / 2, chroma: true)]
    }
    let (kr, kb) = luma(matrix)
    let y = kr * r + (1 - kr - kb) * g + kb * b
    if canvas.format.family == .gray { return [code(y, chroma: false)] }
    return [code(y, chroma: false), code((b - y) / (2 * (1 - kb)), chroma: true), code((r - y) / (2 * (1 - kr)), chroma: true)]
  }

  /// Weights of red and blue in luma (H.273, table 4).
  public static func luma(_ matrix: UInt8) -> (red: Double, blue: Double) {
    switch matrix {
    case 4: (0.30, 0.11)
    case 5, 6: (0.299, 0.114)
    case 7: (0.212, 0.087)
    case 9, 10: (0.2627, 0.0593)
    default: (0.2126, 0.0722)
    }
  }
}

extension Double {
  fileprivate var clamped: Double { isNaN ? 0 : min(max(self, 0), 1) }
}
