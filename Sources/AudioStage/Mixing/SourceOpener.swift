import FrameModel
import Plan
import SluiceBase

/// Opens the sources of clips, and keeps a few that are not in use for the next clips of the same file. Owned by one thread.
final class SourceOpener {
  private static let kept = 8
  private struct Key: Hashable {
    var source: SourceKey
    var stream: Int
    var zero: Rational
  }

  let pool = BlockPool()
  /// Decode ahead; nil: when needed.
  private(set) weak var ahead: AheadThreads?
  private let sources: [SourceKey]
  /// The one that was used last stands last.
  private var idle: [(key: Key, timeline: SourceTimeline)] = []
  private var inUse: [ObjectIdentifier: Key] = [:]
  /// Readers that are open, and that ever were at the same time.
  private(set) var open = 0
  private(set) var peakOpen = 0

  /// - Parameter sources: by the index that clips have.
  init(_ sources: [SourceKey], ahead: AheadThreads? = nil) {
    self.sources = sources
    self.ahead = ahead
  }

  func open(_ clip: SoundPlan.Clip, rate: Int) throws(SluiceError) -> SoundReader {
    guard sources.indices.contains(clip.source) else { throw SluiceError(.software, "the plan names no source \(clip.source)") }
    var selection = SoundSelection(sources[clip.source])
    (selection.stream, selection.zero, selection.speed) = (clip.stream, clip.zero, clip.speed)
    (selection.preservesPitch, selection.loops, selection.length) = (clip.preservesPitch, clip.loops, clip.length)
    let key = Key(source: selection.source, stream: clip.stream, zero: clip.zero)
    let timeline: SourceTimeline
    if let index = idle.lastIndex(where: { $0.key == key }) {
      timeline = idle.remove(at: index).timeline
      timeline.forget()
    } else {
      timeline = try SoundReader.open(selection)
    }
    let reader = try SoundReader(selection, timeline, rate: rate, pool: pool)
    inUse[ObjectIdentifier(reader)] = key
    open += 1
    peakOpen = max(peakOpen, open)
    return reader
  }

  func close(_ reader: SoundReader) {
    guard let key = inUse.removeValue(forKey: ObjectIdentifier(reader)) else { return }
    open -= 1
    reader.giveBack()
    idle.append((key, reader.timeline))
    if idle.count > Self.kept { idle.removeFirst() }
  }
}
