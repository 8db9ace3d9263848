import AVBinding
import SluiceBase

/// Finds the time of a picture by its number: from the packets without decoding them where all carry presentation
/// times, else by decoding from the start.
enum FrameIndex {
  /// Tick of picture `number` (from 0, in presentation order). Throws 65 when the file has fewer.
  static func tick(of number: Int64, path: String, threads: Int) throws(SluiceError) -> Int64 {
    if let ticks = try presentationTimes(path) {
      guard number < ticks.count else { throw missing(number, ticks.count, path) }
      return ticks[Int(number)]
    }
    let source = try FileSource(path: path, threads: threads, allocator: NoMemory())
    var count: Int64 = 0
    while let picture = try source.next() {
      if count == number { return picture.tick }
      count += 1
    }
    throw missing(number, Int(count), path)
  }

  /// Sorted; nil when a packet has none, or two have the same.
  private static func presentationTimes(_ path: String) throws(SluiceError) -> [Int64]? {
    let demuxer = try Demuxer(path: path)
    let packet = try PacketBox()
    var ticks: [Int64] = []
    while demuxer.read(into: packet) {
      if packet.isDiscarded || packet.size == 0 || demuxer.hidesPicture(packet) { continue }
      guard let pts = packet.pts else { return nil }
      ticks.append(pts)
    }
    ticks.sort()
    return zip(ticks, ticks.dropFirst()).contains { $0 == $1 } ? nil : ticks
  }

  private static func missing(_ number: Int64, _ count: Int, _ path: String) -> SluiceError {
    SluiceError(.badInput, "has no frame \(number): it has \(count)", at: path, advice: "numbers count from 0")
  }

  /// Leaves the memory to libavcodec.
  private final class NoMemory: PictureAllocator {
    func memory(bytes: Int) -> (any PictureMemory)? { nil }
  }
}
