import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import CSluice
import FrameModel

/// A block of memory into which a codec decodes one picture, starting behind `SLUICE_FRAME_BYTES` of header.
public protocol PictureMemory: AnyObject, Sendable {
  var base: UnsafeMutableRawPointer { get }
  var bytes: Int { get }
  /// libavcodec and every holder of the frame let go of it. Called once, on any thread.
  func letGo()
}

/// Gives a decoder its picture memory. Called on libavcodec's threads, one call at a time for each codec.
public protocol PictureAllocator: AnyObject, Sendable {
  /// At least `bytes` at an address aligned to `SLUICE_PLANE_ALIGN`; nil: libavcodec uses memory of its own.
  func memory(bytes: Int) -> (any PictureMemory)?
}

/// Where libavcodec wants the planes of a picture that it writes itself: padded as `avcodec_align_dimensions2` asks,
/// planes and strides at 64 bytes, some bytes behind each plane that vector code may touch.
struct DirectLayout {
  private(set) var offset = (0, 0, 0, 0)
  private(set) var stride: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
  private(set) var planes = 0
  /// From the slot's start to behind the last plane's padding.
  private(set) var bytes = Int(SLUICE_FRAME_BYTES)

  /// `format` in FFmpeg's plane order. nil when libavutil cannot lay it out.
  init?(_ codec: UnsafeMutablePointer<AVCodecContext>, format: AVPixelFormat, width: Int32, height: Int32) {
    let align = Int32(SLUICE_PLANE_ALIGN)
    var width = width, height = height
    var unused = [Int32](repeating: 0, count: Int(AV_NUM_DATA_POINTERS))
    avcodec_align_dimensions2(codec, &width, &height, &unused)
    var strides: [Int32] = [0, 0, 0, 0]
    // Strides keep their ratios (some codecs count on chroma = luma / 2), so the width grows until all are aligned.
    repeat {
      guard width > 0, av_image_fill_linesizes(&strides, format, width) >= 0 else { return nil }
      width += width & ~(width - 1)
    } while strides.contains { $0 % align != 0 }
    var sizes = [0, 0, 0, 0]
    guard av_image_fill_plane_sizes(&sizes, format, height, strides.map { Int($0) }) >= 0 else { return nil }
    var offsets = [0, 0, 0, 0]
    for plane in 0..<4 where sizes[plane] > 0 {
      offsets[plane] = bytes
      bytes += (sizes[plane] + 16 + 2 * Int(align) - 1) / Int(align) * Int(align)
      planes = plane + 1
    }
    offset = (offsets[0], offsets[1], offsets[2], offsets[3])
    stride = (strides[0], strides[1], strides[2], strides[3])
  }
}
