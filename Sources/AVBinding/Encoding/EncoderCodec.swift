import CAVCodec
import CAVUtil
import SluiceBase

/// An encoder that this build of FFmpeg has. A value.
public struct EncoderCodec {
  public enum Media: Sendable { case pictures, sound }

  /// libavcodec's own, for the life of the process.
  let raw: UnsafePointer<AVCodec>

  var id: AVCodecID { raw.pointee.id }
  /// The encoder's own name, which may be longer than the one that it was asked for by.
  public var name: String { String(cString: raw.pointee.name) }
  /// Its packets are the pictures as they are.
  public var isUncoded: Bool { id == AV_CODEC_ID_RAWVIDEO }

  /// Formats of pictures that it takes; nil: any.
  public var pixelFormats: [CodecPixelFormat]? {
    guard var next = raw.pointee.pix_fmts else { return nil }
    var formats: [CodecPixelFormat] = []
    while next.pointee != AV_PIX_FMT_NONE {
      formats.append(CodecPixelFormat(next.pointee))
      next += 1
    }
    return formats
  }

  /// Its options, on a context that is never opened: what can be set at all, and to which values. `name`: see `OptionTarget`.
  public func options(named name: String) throws(SluiceError) -> OptionTarget {
    guard let context = avcodec_alloc_context3(raw) else { throw SluiceError(.unavailable, "no memory for a muxer") }
    return OptionTarget(of: UnopenedContext(context), object: context, name: name)
  }

  /// Frees the context with the last option target that refers to it.
  private final class UnopenedContext {
    private let context: UnsafeMutablePointer<AVCodecContext>
    init(_ context: UnsafeMutablePointer<AVCodecContext>) { self.context = context }
    deinit {
      var context: UnsafeMutablePointer<AVCodecContext>? = context
      avcodec_free_context(&context)
    }
  }
}
