import AVBinding
import CSluice
import FrameModel
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Reads one segment file from the start of a descriptor, whose position it neither uses nor moves. The whole file is
/// checked before the first packet is handed out. For one thread.
struct SegmentReader {
  private let timeBase: (num: Int32, den: Int32)
  /// See `CodecParameters.bytes`.
  let parameters: [UInt8]
  let frames: Int64
  let packets: Int64
  private let fd: Int32
  private let place: String
  private let end: Int
  private var position: Int

  /// `place` names the segment in errors, which are all `software`: another of our processes wrote the file.
  init(_ fd: Int32, place: String) throws(SluiceError) {
    self.fd = fd
    self.place = place
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw SegmentReader.unreadable(place) }
    let size = Int(status.st_size)
    let fixed = SegmentFile.headerBytes + SegmentFile.endBytes
    guard size >= fixed else { throw SegmentReader.cut(place) }

    var header = try SegmentReader.read(fd, at: 0, SegmentFile.headerBytes, place)
    guard header.next(UInt64.self) == SegmentFile.magic else {
      throw SluiceError(.software, "is no segment file", at: place)
    }
    guard header.next(UInt32.self) == SegmentFile.version, header.next(UInt32.self) == CodecLibraries.codecVersion else {
      throw SluiceError(.software, "was written by another version", at: place)
    }
    timeBase = (header.next(), header.next())
    let count = Int(header.next(UInt32.self))

    end = size - SegmentFile.endBytes
    var trailer = try SegmentReader.read(fd, at: end, SegmentFile.endBytes, place)
    guard trailer.next(UInt32.self) == SegmentFile.endMark else { throw SegmentReader.cut(place) }
    frames = trailer.next()
    packets = trailer.next()
    guard try SegmentReader.checksum(fd, size - 4, place) == trailer.next(), count <= size - fixed else {
      throw SegmentReader.damaged(place)
    }
    var fields = try SegmentReader.read(fd, at: SegmentFile.headerBytes, count, place)
    parameters = Array(fields.bytes(count))
    position = SegmentFile.headerBytes + count
  }

  /// Whether times of the segment's packets count in that.
  func counts(in tick: Rational) -> Bool { timeBase.num == tick.num && timeBase.den == tick.den }

  /// Decoding time of the first packet in the segment; nil when there is none.
  func firstDecodingTime() throws(SluiceError) -> Int64? {
    guard packets > 0 else { return nil }
    var record = try SegmentReader.read(fd, at: position, SegmentFile.packetBytes, place)
    _ = record.bytes(16)
    return record.next()
  }

  /// Fills the empty `packet` with the next one; false at the end.
  mutating func next(_ packet: PacketBox) throws(SluiceError) -> Bool {
    guard position < end else { return false }
    var record = try take(SegmentFile.packetBytes)
    guard record.next(UInt32.self) == SegmentFile.packetMark else { throw SegmentReader.damaged(place) }
    let flags: Int32 = record.next()
    let pts: Int64 = record.next(), dts: Int64 = record.next(), duration: Int64 = record.next()
    let size = Int(record.next(UInt32.self)), pieces = record.next(UInt32.self)
    guard size <= end - position else { throw SegmentReader.damaged(place) }
    try fill(packet.allocate(size))
    packet.flags = flags
    packet.pts = pts
    packet.dts = dts
    packet.duration = duration
    for _ in 0..<pieces {
      var head = try take(SegmentFile.sideDataBytes)
      let type: UInt32 = head.next(), bytes = Int(head.next(UInt32.self))
      guard bytes <= end - position else { throw SegmentReader.damaged(place) }
      try fill(packet.addSideData(type, bytes))
    }
    return true
  }

  /// Fills `packet` with each in turn, and calls `body`, which may keep what it holds. Throws for one that shows none of the
  /// segment's frames, and at the end when there were more or less of them than the file says.
  mutating func forEach(_ packet: PacketBox, _ body: (_ pts: Int64) throws(SluiceError) -> Void) throws(SluiceError) {
    var count: Int64 = 0
    while try next(packet) {
      defer { packet.clear() }
      let pts = packet.pts ?? .min
      guard (0..<frames).contains(pts) else { throw SluiceError(.software, "holds a packet of frame \(pts)", at: place) }
      try body(pts)
      count += 1
    }
    guard count == packets else { throw SluiceError(.software, "holds \(count) packets, not \(packets)", at: place) }
  }

  private mutating func take(_ count: Int) throws(SluiceError) -> LittleEndianReader {
    guard count <= end - position else { throw SegmentReader.damaged(place) }
    defer { position += count }
    return try SegmentReader.read(fd, at: position, count, place)
  }

  private mutating func fill(_ memory: UnsafeMutableRawBufferPointer) throws(SluiceError) {
    try SegmentReader.read(fd, at: position, memory, place)
    position += memory.count
  }

  private static func checksum(_ fd: Int32, _ bytes: Int, _ place: String) throws(SluiceError) -> UInt32 {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: min(256 << 10, bytes), alignment: 16)
    defer { block.deallocate() }
    var sum: UInt32 = 0
    var at = 0
    while at < bytes {
      let part = UnsafeMutableRawBufferPointer(rebasing: block[..<min(block.count, bytes - at)])
      try read(fd, at: at, part, place)
      sum = CodecLibraries.checksum(sum, UnsafeRawBufferPointer(part))
      at += part.count
    }
    return sum
  }

  private static func read(_ fd: Int32, at offset: Int, _ count: Int, _ place: String) throws(SluiceError) -> LittleEndianReader {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    defer { memory.deallocate() }
    try read(fd, at: offset, memory, place)
    return LittleEndianReader(Array(memory))
  }

  private static func read(_ fd: Int32, at offset: Int, _ memory: UnsafeMutableRawBufferPointer, _ place: String)
    throws(SluiceError)
  {
    var done = 0
    while done < memory.count {
      let n = pread(fd, memory.baseAddress.map { $0 + done }, memory.count - done, offset + done)
      if n < 0, sluice_errno() == EINTR { continue }
      guard n >= 0 else { throw unreadable(place) }
      guard n > 0 else { throw cut(place) }
      done += n
    }
  }

  private static func unreadable(_ place: String) -> SluiceError {
    SluiceError(.software, "cannot be read: \(SystemError("pread").reason)", at: place)
  }
  private static func cut(_ place: String) -> SluiceError {
    SluiceError(.software, "its file ends early", at: place, advice: "its encoder did not finish, or the disk is full")
  }
  private static func damaged(_ place: String) -> SluiceError {
    SluiceError(
      .software, "its file is damaged: the checksum is wrong", at: place, advice: "check the disk of the temporary folder")
  }
}
