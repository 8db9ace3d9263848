import CAVFormat
import CAVUtil
import CSluice

// A muxer that moves its index to the front of the file (`movflags=faststart`) opens the output a second time, for
// reading. It gets a reader over the same destination, which must be readable then.

private final class ReadBack {
  let destination: any MuxerDestination
  var position: Int64 = 0
  init(_ destination: any MuxerDestination) { self.destination = destination }
}

/// AVFormatContext.io_open; the context's `opaque` is that of the `MuxerIO`.
func openForReading(
  _ context: UnsafeMutablePointer<AVFormatContext>?, _ result: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
  flags: Int32
) -> Int32 {
  guard let opaque = context?.pointee.opaque, let result, flags & AVIO_FLAG_WRITE == 0 else { return sluice_averror(ENOSYS) }
  let destination = MuxerIO.destination(opaque)
  guard destination.isReadable, let buffer = av_malloc(64 << 10) else { return sluice_averror(EACCES) }
  let reader = Unmanaged.passRetained(ReadBack(destination))
  result.pointee = avio_alloc_context(
    buffer.assumingMemoryBound(to: UInt8.self), 64 << 10, 0, reader.toOpaque(), readBytes, nil, seekReader)
  if result.pointee != nil { return 0 }
  reader.release()
  av_free(buffer)
  return sluice_averror(ENOMEM)
}

/// AVFormatContext.io_close2 for what `openForReading` made.
func closeReader(_ reader: UnsafeMutablePointer<AVIOContext>?) -> Int32 {
  guard let reader else { return 0 }
  if let opaque = reader.pointee.opaque { Unmanaged<ReadBack>.fromOpaque(opaque).release() }
  av_free(reader.pointee.buffer)
  var context: UnsafeMutablePointer<AVIOContext>? = reader
  avio_context_free(&context)
  return 0
}

private let readBytes: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
  opaque, buffer, count in
  guard let opaque, let buffer else { return sluice_averror(EINVAL) }
  let reader = Unmanaged<ReadBack>.fromOpaque(opaque).takeUnretainedValue()
  let n = reader.destination.read(at: reader.position, into: buffer, count: Int(count))
  guard n > 0 else { return n == 0 ? sluice_averror_eof() : sluice_averror(Int32(-n)) }
  reader.position += Int64(n)
  return Int32(n)
}

private let seekReader: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { opaque, offset, whence in
  guard let opaque else { return Int64(sluice_averror(EINVAL)) }
  let reader = Unmanaged<ReadBack>.fromOpaque(opaque).takeUnretainedValue()
  switch whence & ~AVSEEK_FORCE {
  case AVSEEK_SIZE: return reader.destination.bytes
  case SEEK_SET: reader.position = offset
  case SEEK_CUR: reader.position += offset
  case SEEK_END: reader.position = reader.destination.bytes + offset
  default: return Int64(sluice_averror(EINVAL))
  }
  return reader.position
}
