import AVBinding
import FrameModel
import SluiceBase

/// Pictures of a numbered sequence, one file each. Where a file is missing or damaged the picture before it is held.
final class SequenceSource: PictureSource {
  private let files: SequenceFiles
  private let allocator: any PictureAllocator
  let clock: TickClock
  private(set) var traits = StreamTraits()
  let isStill = false
  let rate: Rational
  /// Index in the files' numbers of the next one.
  private var index = 0
  /// Decoders whose pictures may still be handed on.
  private var decoders: [Decoder] = []
  private var damage: (count: UInt64, message: String?) = (0, nil)
  private(set) var isAtBeginning = true

  init(_ key: SequenceKey, allocator: any PictureAllocator) throws(SluiceError) {
    files = try SequenceFiles(key)
    self.allocator = allocator
    rate = key.rate
    clock = TickClock(timeBase: .one / key.rate, origin: 0)
    traits = try Demuxer(path: files.path(files.numbers[0])).traits
  }

  func takeDamage() -> (count: UInt64, message: String?) {
    defer { damage = (0, nil) }
    return damage
  }

  /// Ticks count pictures, so `keeping` is exact.
  func position(before limit: Int64, keeping count: Int) {
    var low = 0, high = files.numbers.count
    while low < high {
      let middle = (low + high) / 2
      if files.numbers[middle] - files.first <= limit { low = middle + 1 } else { high = middle }
    }
    index = max(0, low - 1 - count)
    isAtBeginning = index == 0
  }

  func advance(to limit: Int64) {
    let next = index
    position(before: limit, keeping: 0)
    index = max(index, next)
  }

  func memory(of picture: Picture) -> (any PictureMemory)? {
    for decoder in decoders.reversed() {
      if let memory = decoder.memory(of: picture.frame) { return memory }
    }
    return nil
  }

  func next() throws(SluiceError) -> Picture? {
    while index < files.numbers.count {
      let number = files.numbers[index]
      index += 1
      do throws(SluiceError) {
        let picture = try picture(files.path(number))
        return Picture(frame: picture, tick: number - files.first, duration: 1)
      } catch {
        damage = (damage.count + 1, error.description)
      }
    }
    return nil
  }

  private func picture(_ path: String) throws(SluiceError) -> FrameBox {
    let demuxer = try Demuxer(path: path)
    let decoder = try Decoder(demuxer, threads: 1, allocator: allocator)
    let frame = try FrameBox()
    let packet = try PacketBox()
    var complaint: String?
    var hasEnded = false
    while true {
      switch decoder.receive(into: frame) {
      case .done:
        decoders = decoders.suffix(1) + [decoder]
        return frame
      case .damaged(let message): complaint = message
      case .end:
        if let refusal = decoder.refusal { throw refusal }
        throw SluiceError(.badInput, "no picture could be decoded" + (complaint.map { ": \($0)" } ?? ""), at: path)
      case .blocked:
        if !hasEnded, demuxer.read(into: packet) {
          if case .damaged(let message) = decoder.send(packet) { complaint = message }
        } else {
          hasEnded = true
          _ = decoder.send(nil)
        }
      }
    }
  }
}

/// One picture that was drawn.
final class DrawnSource: PictureSource {
  private let picture: FrameBox
  private var isTaken = false
  let clock = TickClock(timeBase: Rational(1, 1000), origin: 0)
  let traits = StreamTraits()
  let isStill = true
  let rate = Rational.zero
  let isAtBeginning = true

  init(_ picture: FrameBox) { self.picture = picture }

  func position(before limit: Int64, keeping count: Int) { isTaken = false }

  func next() -> Picture? {
    if isTaken { return nil }
    isTaken = true
    return Picture(frame: picture, tick: 0, duration: 0)
  }
}
