import CAVCodec
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// Writes one segment file; SegmentFile.swift has its layout. For one thread.
final class SegmentWriter: PacketSink {
  /// Pictures, or sample frames of sound, encoded, which the end of the file states.
  var frames: Int64 = 0
  private let output: OutputDescriptor
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private var used = 0
  private var packets: Int64 = 0
  private var checksum: UInt32 = 0

  init(output: OutputDescriptor) { self.output = output }

  deinit { buffer.deallocate() }

  func start(_ stream: PacketStream, fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32) throws(SluiceError) {
    var parameters = avcodec_parameters_alloc()
    defer { avcodec_parameters_free(&parameters) }
    guard let parameters, fill(parameters) >= 0 else { throw SluiceError(.unavailable, "no memory for a stream") }
    let fields = SegmentFile.parameters(parameters.pointee)
    var header = LittleEndianWriter()
    header.append(SegmentFile.magic)
    header.append(SegmentFile.version)
    header.append(UInt32(avcodec_version()))
    header.append(stream.timeBase.num)
    header.append(stream.timeBase.den)
    header.append(UInt32(fields.count))
    try put(header.bytes)
    try put(fields)
  }

  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(SluiceError) {
    var record = LittleEndianWriter()
    record.append(SegmentFile.packetMark)
    record.append(packet.pointee.flags)
    record.append(packet.pointee.pts)
    record.append(packet.pointee.dts == sluice_av_nopts() ? packet.pointee.pts : packet.pointee.dts)
    record.append(packet.pointee.duration)
    record.append(packet.pointee.size)
    record.append(packet.pointee.side_data_elems)
    try put(record.bytes)
    try put(UnsafeRawBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
    for index in 0..<Int(packet.pointee.side_data_elems) {
      let piece = packet.pointee.side_data[index]
      var head = LittleEndianWriter()
      head.append(piece.type.rawValue)
      head.append(UInt32(piece.size))
      try put(head.bytes)
      try put(UnsafeRawBufferPointer(start: piece.data, count: piece.size))
    }
    packets += 1
    av_packet_unref(packet)
  }

  func finish() throws(SluiceError) {
    var end = LittleEndianWriter()
    end.append(SegmentFile.endMark)
    end.append(frames)
    end.append(packets)
    try put(end.bytes)
    var sum = LittleEndianWriter()
    sum.append(checksum)
    try put(sum.bytes)
    try flush()
  }

  private func put(_ bytes: [UInt8]) throws(SluiceError) {
    let result: Result<Void, SluiceError> = bytes.withUnsafeBytes { bytes in
      do throws(SluiceError) {
        try put(bytes)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// What does not fit the buffer goes to the descriptor without a stay in it.
  private func put(_ bytes: UnsafeRawBufferPointer) throws(SluiceError) {
    guard bytes.count > 0 else { return }  // FLAC's last packet is side data alone; av_crc reads through a null pointer
    checksum = SegmentFile.checksum(checksum, bytes)
    if bytes.count > buffer.count - used { try flush() }
    guard bytes.count < buffer.count else {
      try output.write(bytes)
      return
    }
    UnsafeMutableRawBufferPointer(rebasing: buffer[used...]).copyMemory(from: bytes)
    used += bytes.count
  }

  private func flush() throws(SluiceError) {
    try output.write(UnsafeRawBufferPointer(rebasing: buffer[..<used]))
    used = 0
  }
}
