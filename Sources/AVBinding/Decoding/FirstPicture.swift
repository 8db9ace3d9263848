import SluiceBase

extension Decoder {
  /// Decodes the next picture of a file by itself into `frame`; what cannot be decoded before it is passed over. Throws 65, with
  /// the last complaint, where none comes.
  public func decodeFirst(of demuxer: Demuxer, into frame: FrameBox, advice: String = "") throws(SluiceError) {
    let packet = try PacketBox()
    var complaint: String?
    var hasEnded = false
    while true {
      switch receive(into: frame) {
      case .done: return
      case .damaged(let text): complaint = text
      case .end:
        if let refusal { throw refusal }
        throw SluiceError(
          .badInput, "no picture could be decoded" + (complaint.map { ": \($0)" } ?? ""), at: demuxer.path, advice: advice)
      case .blocked:
        if !hasEnded, demuxer.read(into: packet) {
          if case .damaged(let text) = send(packet) { complaint = text }
        } else {
          hasEnded = true
          _ = send(nil)
        }
      }
    }
  }
}
