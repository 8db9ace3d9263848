import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Finds the allocator's memory of a picture again, from the frame's buffer. Thread-safe.
public final class LivePictures: Sendable {
  private let live = Monitor<[UInt: any PictureMemory]>([:])

  public init() {}

  /// nil when the frame lies in memory of libavcodec's own.
  public func memory(of frame: FrameBox) -> (any PictureMemory)? {
    guard let buffer = frame.raw.pointee.buf.0, frame.raw.pointee.buf.1 == nil else { return nil }
    return live.with { $0[UInt(bitPattern: buffer.pointee.data)] }
  }

  fileprivate func set(_ data: UnsafeMutablePointer<UInt8>?, _ memory: (any PictureMemory)?) {
    live.with { $0[UInt(bitPattern: data)] = memory }
  }
}

/// Turns an allocator's memory into the `AVBufferRef`s of `get_buffer2`. Thread-safe.
final class DirectBuffers: Sendable {
  private let allocator: any PictureAllocator
  private let live: LivePictures
  private let signs: DamageSigns
  private let clears: Bool

  init(_ allocator: any PictureAllocator, _ live: LivePictures, _ signs: DamageSigns, clears: Bool) {
    self.allocator = allocator
    self.live = live
    self.signs = signs
    self.clears = clears
  }

  /// `get_buffer2`: see `libavcodec/avcodec.h`.
  func provide(
    _ codec: UnsafeMutablePointer<AVCodecContext>, _ frame: UnsafeMutablePointer<AVFrame>, _ flags: Int32
  ) -> Int32 {
    signs.begins(codec, timestamp(frame.pointee.pts))
    let format = AVPixelFormat(frame.pointee.format)
    guard codec.pointee.codec.pointee.capabilities & AV_CODEC_CAP_DR1 != 0,
      PixelFormatMap.mapping(format)?.isDirect == true,
      let layout = DirectLayout(codec, format: format, width: frame.pointee.width, height: frame.pointee.height),
      let memory = allocator.memory(bytes: layout.bytes)
    else {
      let code = avcodec_default_get_buffer2(codec, frame, flags)
      if code >= 0, clears { clear(frame) }
      return code
    }
    if clears { memset(memory.base, 0, min(layout.bytes, memory.bytes)) }

    let base = memory.base.assumingMemoryBound(to: UInt8.self)
    let lease = Unmanaged.passRetained(Lease(memory, live))
    // Read-only: a codec that changes its last picture in place must take a new one; ours may be on its way already.
    let buffer = av_buffer_create(
      base, layout.bytes,
      { opaque, data in
        guard let opaque else { return }
        let lease = Unmanaged<Lease>.fromOpaque(opaque).takeRetainedValue()
        lease.live.set(data, nil)
        lease.memory.letGo()
      }, lease.toOpaque(), AV_BUFFER_FLAG_READONLY)
    guard let buffer else {
      lease.release()
      memory.letGo()
      return AVErrorText.noMemory
    }
    live.set(base, memory)
    frame.pointee.buf.0 = buffer
    func place(_ plane: Int, _ offset: Int) -> UnsafeMutablePointer<UInt8>? { plane < layout.planes ? base + offset : nil }
    frame.pointee.data.0 = place(0, layout.offset.0)
    frame.pointee.data.1 = place(1, layout.offset.1)
    frame.pointee.data.2 = place(2, layout.offset.2)
    frame.pointee.data.3 = place(3, layout.offset.3)
    frame.pointee.linesize.0 = layout.stride.0
    frame.pointee.linesize.1 = layout.stride.1
    frame.pointee.linesize.2 = layout.stride.2
    frame.pointee.linesize.3 = layout.stride.3
    frame.pointee.extended_data = UnsafeMutableRawPointer(frame).advanced(by: MemoryLayout<AVFrame>.offset(of: \.data) ?? 0)
      .assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
    return 0
  }

  private func clear(_ frame: UnsafeMutablePointer<AVFrame>) {
    withUnsafeBytes(of: &frame.pointee.buf) { buffers in
      for buffer in buffers.bindMemory(to: UnsafeMutablePointer<AVBufferRef>?.self) {
        if let buffer { memset(buffer.pointee.data, 0, Int(buffer.pointee.size)) }
      }
    }
  }

  /// Retained by the `AVBuffer`.
  private final class Lease {
    let memory: any PictureMemory
    let live: LivePictures
    init(_ memory: any PictureMemory, _ live: LivePictures) {
      self.memory = memory
      self.live = live
    }
  }
}
