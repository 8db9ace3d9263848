import AVBinding
import SluiceBase

/// Finds the time of a picture by its number, by reading packets without decoding them.
enum FrameIndex {
  /// Tick of picture `number` (from 0, in presentation order). Throws 65 when the file has fewer.
  static func tick(of number: Int64, path: String) throws(SluiceError) -> Int64 {
    let demuxer = try Demuxer(path: path)
    let packet = try PacketBox()
    var presentation: [Int64] = []
    var decoding: [Int64] = []
    var isTimed = true
    while demuxer.read(into: packet) {
      if packet.isDiscarded || packet.size == 0 || demuxer.hidesPicture(packet) { continue }
      if let pts = packet.pts { presentation.append(pts) } else { isTimed = false }
      if let dts = packet.dts { decoding.append(dts) }
    }
    // As FileSource counts: without presentation times the n-th picture has the n-th decoding time.
    let ticks = isTimed ? presentation.sorted() : decoding
    guard number < ticks.count else {
      throw SluiceError(
        .badInput, "has no frame \(number): it has \(ticks.count)", at: path, advice: "numbers count from 0")
    }
    return ticks[Int(number)]
  }
}
