import AVBinding
import FrameModel
import SluiceBase

/// Makes the samples that an encoder takes from those of a slot, into frames that are used again as soon as the encoder has let
/// go of them. For one thread.
final class OutputConverter {
  private let converter: FormatConverter
  private var pool: [FrameBox] = []
  var buffersCreated: Int { pool.count }

  init(_ choice: OutputPixelFormat, width: Int, height: Int) throws(SluiceError) {
    converter = try FormatConverter(
      from: FormatConverter.Side(choice.source, choice.sourceColor), to: FormatConverter.Side(choice.target, choice.color),
      width: width, height: height)
  }

  /// The picture of `source` in the target format. The frame belongs to the pool; who keeps it references it.
  func convert(_ source: FrameBox) throws(SluiceError) -> FrameBox {
    let target = try free()
    try converter.convert(source, into: target)
    return target
  }

  private func free() throws(SluiceError) -> FrameBox {
    if let frame = pool.first(where: \.isWritable) { return frame }
    let frame = try converter.makeTarget()
    pool.append(frame)
    return frame
  }
}
