import AVBinding
import FrameModel
import SluiceBase

/// Puts the packets of several streams into one order: that of their decoding times, an earlier stream's before a later one's when
/// equal. The order depends on the packets alone and not on when they come. A packet is kept while another stream may
/// still bring one that goes before it, so as many are kept as the encoders delay pictures or sound. For one thread.
final class PacketMerger {
  private struct Stream {
    var timeBase: Rational
    var waiting: [PacketBox] = []
    /// No packet that comes later is to be decoded before this; nil before the first.
    var floor: Int64?
    var hasEnded = false

    func time(_ ticks: Int64) -> PacketTime { PacketTime(ticks: ticks, timeBase: timeBase) }
  }
  private var streams: [Stream] = []

  func add(timeBase: Rational) { streams.append(Stream(timeBase: timeBase)) }

  /// Takes the packet's contents over.
  func put(_ packet: PacketBox, stream: Int) throws(SluiceError) {
    let own = try PacketBox()
    own.take(packet)
    streams[stream].waiting.append(own)
    streams[stream].floor = own.decodingTime + own.duration
  }

  func end(stream: Int) { streams[stream].hasEnded = true }

  /// Hands out, in order, what nothing can go before any more. Packets are lent for the call.
  func drain(_ body: (PacketBox, Int) throws(SluiceError) -> Void) throws(SluiceError) {
    while let index = next() { try body(streams[index].waiting.removeFirst(), index) }
  }

  /// The stream whose first packet comes next; nil: that is not known yet.
  private func next() -> Int? {
    var best: (stream: Int, time: PacketTime)?
    for (index, stream) in streams.enumerated() {
      guard let first = stream.waiting.first else { continue }
      let time = stream.time(first.decodingTime)
      if best.map({ time < $0.time }) ?? true { best = (index, time) }
    }
    guard let best else { return nil }
    for (index, stream) in streams.enumerated() where stream.waiting.isEmpty && !stream.hasEnded {
      guard let floor = stream.floor.map(stream.time) else { return nil }
      guard best.time < floor || (best.time == floor && best.stream < index) else { return nil }
    }
    return best.stream
  }
}
