import CAVCodec
import CAVUtil
import CSluice
import SluiceBase

/// Puts the packets of two streams into one order: that of their decoding times, the first stream's before the other's when
/// equal. The order depends on the packets alone and not on when they come. A packet is kept while the other stream may
/// still bring one that goes before it, so as many are kept as the encoders delay pictures or sound. For one thread.
final class PacketMerger {
  private struct Stream {
    var timeBase: AVRational
    var waiting: [UnsafeMutablePointer<AVPacket>] = []
    /// No packet that comes later is to be decoded before this; nil before the first.
    var floor: Int64?
    var hasEnded = false
  }
  private var streams: [Stream] = []
  private(set) var held = 0

  deinit {
    for stream in streams {
      for packet in stream.waiting {
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
      }
    }
  }

  func add(timeBase: AVRational) { streams.append(Stream(timeBase: timeBase)) }

  /// Takes the packet's contents over.
  func put(_ packet: UnsafeMutablePointer<AVPacket>, stream: Int) throws(SluiceError) {
    guard let own = av_packet_alloc() else { throw SluiceError(.unavailable, "no memory for a packet") }
    av_packet_move_ref(own, packet)
    streams[stream].waiting.append(own)
    held += 1
    streams[stream].floor = PacketMerger.time(own) + max(own.pointee.duration, 0)
  }

  func end(stream: Int) { streams[stream].hasEnded = true }

  /// Hands out, in order, what nothing can go before any more. Packets are lent for the call.
  func drain(_ body: (UnsafeMutablePointer<AVPacket>, Int) throws(SluiceError) -> Void) throws(SluiceError) {
    while let index = next() {
      var packet: UnsafeMutablePointer<AVPacket>? = streams[index].waiting.removeFirst()
      held -= 1
      defer { av_packet_free(&packet) }
      if let packet { try body(packet, index) }
    }
  }

  /// The stream whose first packet comes next; nil: that is not known yet.
  private func next() -> Int? {
    var best: Int?
    for index in streams.indices {
      guard let first = streams[index].waiting.first else { continue }
      guard let other = best else {
        best = index
        continue
      }
      if compare(PacketMerger.time(first), index, PacketMerger.time(streams[other].waiting[0]), other) < 0 { best = index }
    }
    guard let best else { return nil }
    let time = PacketMerger.time(streams[best].waiting[0])
    for index in streams.indices where streams[index].waiting.isEmpty && !streams[index].hasEnded {
      guard let floor = streams[index].floor else { return nil }
      let order = compare(time, best, floor, index)
      guard order < 0 || (order == 0 && best < index) else { return nil }
    }
    return best
  }

  private func compare(_ a: Int64, _ i: Int, _ b: Int64, _ j: Int) -> Int32 {
    av_compare_ts(a, streams[i].timeBase, b, streams[j].timeBase)
  }

  static func time(_ packet: UnsafeMutablePointer<AVPacket>) -> Int64 {
    packet.pointee.dts == sluice_av_nopts() ? packet.pointee.pts : packet.pointee.dts
  }
}
