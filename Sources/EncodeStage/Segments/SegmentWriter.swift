import AVBinding
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

  func start(_ stream: PacketStream, _ parameters: CodecParameters) throws(SluiceError) {
    let fields = parameters.bytes
    var header = LittleEndianWriter()
    header.append(SegmentFile.magic)
    header.append(SegmentFile.version)
    header.append(CodecLibraries.codecVersion)
    header.append(Int32(clamping: stream.timeBase.num))
    header.append(Int32(clamping: stream.timeBase.den))
    header.append(UInt32(fields.count))
    try put(header.bytes)
    try put(fields)
  }

  func write(_ packet: PacketBox) throws(SluiceError) {
    let sideData = packet.sideData
    var record = LittleEndianWriter()
    record.append(SegmentFile.packetMark)
    record.append(packet.flags)
    record.append(packet.pts ?? .min)
    record.append(packet.decodingTime)
    record.append(packet.duration)
    record.append(UInt32(packet.size))
    record.append(UInt32(sideData.count))
    try put(record.bytes)
    try put(packet.payload)
    for piece in sideData {
      var head = LittleEndianWriter()
      head.append(piece.type)
      head.append(UInt32(piece.bytes.count))
      try put(head.bytes)
      try put(piece.bytes)
    }
    packets += 1
    packet.clear()
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
    guard bytes.count > 0 else { return }  // FLAC's last packet is side data alone
    checksum = CodecLibraries.checksum(checksum, bytes)
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
