import CAVUtil
import CSWResample
import FrameModel
import SluiceBase

/// Blocks of float samples in, frames of the encoder's samples and length out. Samples are rounded, never dithered, so equal
/// blocks give equal frames. For one thread.
final class SampleQueue {
  private let format: SoundFormat
  private let rate: Int32
  private let fifo: OpaquePointer
  /// nil where the encoder takes float planes.
  private let converter: OpaquePointer?
  private let converted: UnsafeMutablePointer<AVFrame>
  private let frame: UnsafeMutablePointer<AVFrame>
  private var next: Int64 = 0

  init(_ format: SoundFormat, rate: Int) throws(SluiceError) {
    let noMemory = SluiceError(.unavailable, "no memory for sound")
    self.format = format
    self.rate = Int32(rate)
    var layout = format.layout, same = format.layout
    guard let fifo = av_audio_fifo_alloc(format.samples, layout.nb_channels, Int32(2 * SoundBlock.frames)) else { throw noMemory }
    var made = true
    var converter: OpaquePointer?
    if format.samples != AV_SAMPLE_FMT_FLTP {
      made =
        swr_alloc_set_opts2(
          &converter, &layout, format.samples, Int32(rate), &same, AV_SAMPLE_FMT_FLTP, Int32(rate), 0, nil) >= 0
        && swr_init(converter) >= 0
    }
    guard made, let converted = av_frame_alloc() else {
      swr_free(&converter)
      av_audio_fifo_free(fifo)
      throw noMemory
    }
    guard let frame = av_frame_alloc() else {
      var converted: UnsafeMutablePointer<AVFrame>? = converted
      av_frame_free(&converted)
      swr_free(&converter)
      av_audio_fifo_free(fifo)
      throw noMemory
    }
    self.fifo = fifo
    self.converter = converter
    self.converted = converted
    self.frame = frame
  }

  deinit {
    av_audio_fifo_free(fifo)
    var converter = converter
    swr_free(&converter)
    for owned in [converted, frame] {
      var owned: UnsafeMutablePointer<AVFrame>? = owned
      av_frame_free(&owned)
    }
  }

  /// Sample frames in it.
  var count: Int { Int(av_audio_fifo_size(fifo)) }

  /// Copies a block out of its slot.
  func put(_ block: SoundBlock, in slot: UnsafeRawPointer) throws(SluiceError) {
    var planes: [UnsafeMutableRawPointer?] = (0..<block.channels).map {
      block.samples($0, in: slot).baseAddress.map { UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0)) }
    }
    guard let converter else {
      guard av_audio_fifo_write(fifo, &planes, Int32(block.count)) == block.count else { throw SampleQueue.noMemory }
      return
    }
    try SampleQueue.prepare(converted, format, rate, count: block.count)
    let written = planes.withUnsafeMutableBytes { planes in
      swr_convert(
        converter, converted.pointee.extended_data, Int32(block.count),
        planes.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt8>?.self), Int32(block.count))
    }
    guard written == block.count else { throw SluiceError(.software, "samples cannot be converted") }
    let moved = converted.pointee.extended_data.withMemoryRebound(to: UnsafeMutableRawPointer?.self, capacity: block.channels) {
      av_audio_fifo_write(fifo, $0, written)
    }
    guard moved == written else { throw SampleQueue.noMemory }
  }

  /// The next `count` sample frames, in time; at most as many as there are. The frame is lent until the next call.
  func take(_ count: Int) throws(SluiceError) -> UnsafeMutablePointer<AVFrame> {
    try SampleQueue.prepare(frame, format, rate, count: count)
    let channels = Int(format.layout.nb_channels)
    let read = frame.pointee.extended_data.withMemoryRebound(to: UnsafeMutableRawPointer?.self, capacity: channels) {
      av_audio_fifo_read(fifo, $0, Int32(count))
    }
    guard read == count else { throw SluiceError(.software, "samples are missing") }
    frame.pointee.pts = next
    next += Int64(count)
    return frame
  }

  /// A frame with room of its own for so many: as it is, where nobody else holds it any more.
  private static func prepare(
    _ frame: UnsafeMutablePointer<AVFrame>, _ format: SoundFormat, _ rate: Int32, count: Int
  ) throws(SluiceError) {
    if frame.pointee.nb_samples == count, av_frame_is_writable(frame) > 0 { return }
    av_frame_unref(frame)
    frame.pointee.format = format.samples.rawValue
    frame.pointee.sample_rate = rate
    frame.pointee.nb_samples = Int32(count)
    var layout = format.layout
    guard av_channel_layout_copy(&frame.pointee.ch_layout, &layout) >= 0, av_frame_get_buffer(frame, 0) >= 0 else {
      throw noMemory
    }
  }

  private static var noMemory: SluiceError { SluiceError(.unavailable, "no memory for sound") }
}
