import CAVFormat
import CAVUtil
import CSluice

/// Where a muxer writes its file. Called on the muxer's thread.
public protocol MuxerDestination: AnyObject {
  /// Earlier bytes can be written again.
  var isSeekable: Bool { get }
  /// What was written can be read back.
  var isReadable: Bool { get }
  /// Bytes from the start to behind the last one written, and where the next one goes.
  var bytes: Int64 { get }
  var position: Int64 { get }
  /// Writes all. false: it failed, and the destination keeps the reason.
  func put(_ bytes: UnsafeRawBufferPointer) -> Bool
  /// The new position, or a negative errno.
  func seek(_ target: Int64) -> Int64
  /// Bytes read at `offset`, 0 at the end, or a negative errno.
  func read(at offset: Int64, into buffer: UnsafeMutableRawPointer, count: Int) -> Int
}

/// libavformat's buffered output over a destination. Owns the buffer and its context. For one thread.
final class MuxerIO {
  let context: UnsafeMutablePointer<AVIOContext>
  /// What libavformat's callbacks get, which come only while this lives.
  private let bridge: Bridge

  private final class Bridge {
    let destination: any MuxerDestination
    init(_ destination: any MuxerDestination) { self.destination = destination }
  }

  /// nil: without memory.
  init?(_ destination: any MuxerDestination) {
    bridge = Bridge(destination)
    let size: Int32 = 256 << 10
    guard let buffer = av_malloc(Int(size)) else { return nil }
    let opaque = Unmanaged.passUnretained(bridge).toOpaque()
    guard
      let context = avio_alloc_context(
        buffer.assumingMemoryBound(to: UInt8.self), size, 1, opaque, nil, writeBytes, destination.isSeekable ? seekTo : nil)
    else {
      av_free(buffer)
      return nil
    }
    context.pointee.seekable = destination.isSeekable ? AVIO_SEEKABLE_NORMAL : 0
    self.context = context
  }

  deinit {
    av_free(context.pointee.buffer)
    var context: UnsafeMutablePointer<AVIOContext>? = context
    avio_context_free(&context)
  }

  var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(bridge).toOpaque() }

  /// The destination of an `opaque`.
  static func destination(_ opaque: UnsafeMutableRawPointer) -> any MuxerDestination {
    Unmanaged<Bridge>.fromOpaque(opaque).takeUnretainedValue().destination
  }
}

private let writeBytes: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
  opaque, bytes, count in
  guard let opaque, let bytes else { return sluice_averror(EINVAL) }
  let isWritten = MuxerIO.destination(opaque).put(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
  return isWritten ? count : sluice_averror(EIO)
}

private let seekTo: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { opaque, offset, whence in
  guard let opaque else { return Int64(sluice_averror(EINVAL)) }
  let destination = MuxerIO.destination(opaque)
  switch whence & ~AVSEEK_FORCE {
  case AVSEEK_SIZE: return destination.bytes
  case SEEK_CUR: return destination.seek(destination.position + offset)
  case SEEK_END: return destination.seek(destination.bytes + offset)
  default: return destination.seek(offset)
  }
}
