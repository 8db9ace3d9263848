import AVBinding
import FrameModel
import SluiceBase
import SystemBase

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
  private let live = LivePictures()
  /// Decoded by `position`, to be given out first.
  private var found: Picture?
  private var damage: (count: UInt64, message: String?) = (0, nil)
  private(set) var isAtBeginning = true

  init(_ key: SequenceKey, allocator: any PictureAllocator) throws(SluiceError) {
    files = try SequenceFiles(key, list: Folder.names)
    self.allocator = allocator
    rate = key.rate
    clock = TickClock(timeBase: .one / key.rate, origin: 0)
    traits = try Demuxer(path: files.path(files.numbers[0])).traits
  }

  func takeDamage() -> (count: UInt64, message: String?) {
    defer { damage = (0, nil) }
    return damage
  }

  /// Ticks count pictures, so `keeping` is exact; it goes on back to a good picture, which is what is held then.
  func position(before limit: Int64, keeping count: Int) {
    goTo(limit, keeping: count)
    found = nil
    damage = (0, nil)
    if !findGood(downTo: 0) { index = 0 }
  }

  func advance(to limit: Int64) {
    guard found == nil else { return }
    let next = index
    goTo(limit, keeping: 0)
    if index <= next || !findGood(downTo: next) { index = next }
  }

  /// The last good picture from `index` back: what is held where none comes.
  private func findGood(downTo last: Int) -> Bool {
    for candidate in stride(from: index, through: last, by: -1) {
      isAtBeginning = candidate == 0
      found = good(candidate)
      if found != nil {
        index = candidate + 1
        return true
      }
    }
    return false
  }

  private func goTo(_ limit: Int64, keeping count: Int) {
    var low = 0, high = files.numbers.count
    while low < high {
      let middle = (low + high) / 2
      if files.numbers[middle] - files.first <= limit { low = middle + 1 } else { high = middle }
    }
    index = max(0, low - 1 - count)
    isAtBeginning = index == 0
  }

  func memory(of picture: Picture) -> (any PictureMemory)? { live.memory(of: picture.frame) }

  func next() -> Picture? {
    if let picture = found {
      found = nil
      return picture
    }
    while index < files.numbers.count {
      index += 1
      if let picture = good(index - 1) { return picture }
    }
    return nil
  }

  /// nil, and noted, when the file gives no good picture.
  private func good(_ index: Int) -> Picture? {
    let number = files.numbers[index]
    do throws(SluiceError) {
      let frame = try picture(files.path(number))
      if !frame.isDamaged { return Picture(frame: frame, tick: number - files.first, duration: 1) }
      damage = (damage.count + 1, "damaged picture")
    } catch {
      damage = (damage.count + 1, error.description)
    }
    return nil
  }

  private func picture(_ path: String) throws(SluiceError) -> FrameBox {
    let demuxer = try Demuxer(path: path)
    let decoder = try Decoder(demuxer, threads: 1, allocator: allocator, live: live)
    let frame = try FrameBox()
    try decoder.decodeFirst(of: demuxer, into: frame)
    return frame
  }
}
