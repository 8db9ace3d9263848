import Plan
import SluiceBase
import SystemBase

/// The parts of a run's output and what has become of them: found in the store, being written, finished. Used from the supervisor's
/// thread.
final class SegmentFlow {
  /// All of the output, in order.
  let all: [Segment]
  /// What was found in the store, by index.
  let reused: [Int: FileDescriptor]
  /// The sound was found there, too.
  let reusedSound: Bool
  /// nil: nothing is kept.
  let store: RunStore?
  /// The sound, as far as there is one: from the store, or from its encoder.
  private(set) var sound: FileDescriptor?
  /// Finished, by index; kept until the output is whole, because the program that joins them may have to begin again.
  private(set) var finished: [Int: FileDescriptor]
  /// Being written, by index.
  private var open: [Int: FileDescriptor] = [:]
  private var openSound: FileDescriptor?

  init(_ all: [Segment], reused: [Int: FileDescriptor] = [:], sound: FileDescriptor? = nil, store: RunStore? = nil) {
    self.all = all
    self.reused = reused
    self.sound = sound
    self.store = store
    reusedSound = sound != nil
    finished = reused
  }

  /// What there is to do, and what of it is done already.
  static func prepare(
    _ prepared: RunPreparation, _ configuration: RunConfiguration, frames: Int64, clock: MonotonicClock,
    warning: (String) -> Void
  ) -> SegmentFlow {
    guard !prepared.direct else {
      return SegmentFlow(
        !prepared.hasPictures ? [] : prepared.isContinuable ? Segment.cut(frames) : [Segment(index: 0, frames: 0..<frames)])
    }
    let all = Segment.cut(frames)
    guard let settings = configuration.store else { return SegmentFlow(all) }
    let store = RunStore(
      settings, plan: prepared.plan, media: prepared.media, workerDirectory: configuration.workerDirectory, clock: clock,
      warning: warning)
    let parts = prepared.hasSound ? all + [.sound] : all
    var reused = store?.reusable(parts, warning: warning) ?? [:]
    let sound = reused.removeValue(forKey: Segment.sound.index)
    return SegmentFlow(all, reused: reused, sound: sound, store: store)
  }

  /// Contiguous runs of what is still to be rendered.
  var missing: [[Segment]] {
    var runs: [[Segment]] = []
    for segment in all where reused[segment.index] == nil {
      if let last = runs.last?.last, last.index + 1 == segment.index {
        runs[runs.count - 1].append(segment)
      } else {
        runs.append([segment])
      }
    }
    return runs
  }

  var reusedFrames: Int64 { all.reduce(0) { reused[$1.index] == nil ? $0 : $0 + Int64($1.frames.count) } }

  var isFinished: Bool { finished.count == all.count }

  /// What is there for the next run when this one ends now, for people.
  var remains: String {
    guard store != nil else { return "nothing of it is kept" }
    let frames = all.reduce(0) { finished[$1.index] == nil ? $0 : $0 + $1.frames.count }
    let total = all.reduce(0) { $0 + $1.frames.count }
    return frames == 0
      ? "none of its parts was finished, so nothing is kept"
      : "\(frames) of \(total) frames are kept: the same command goes on from there"
  }

  func segment(_ index: Int) -> Segment? { all.first { $0.index == index } }

  // MARK: parts

  func begin(_ segment: Segment, into file: FileDescriptor) { open[segment.index] = file }

  func file(of index: Int) -> FileDescriptor? { open[index] }

  /// The file that was checked takes the place of the one that was written.
  func replace(_ index: Int, with file: FileDescriptor) { open[index] = file }

  /// A part is written, and goes to the store. nil: it is not known.
  func finish(_ segment: Segment) -> FileDescriptor? {
    guard let file = open.removeValue(forKey: segment.index) else { return nil }
    finished[segment.index] = file
    store?.keep(segment, file)
    return file
  }

  func beginSound(into file: FileDescriptor) { openSound = file }

  /// False: no sound was being written apart from the pictures.
  func finishSound() -> Bool {
    guard let file = openSound else { return false }
    openSound = nil
    sound = file
    store?.keep(.sound, file)
    return true
  }

  // MARK: the store

  /// Waits until what is new is kept, too, unless `tick` throws: then what is not kept yet is left.
  func finishStore(_ clock: MonotonicClock, tick: () throws(SluiceError) -> Void) throws(SluiceError) {
    guard let store else { return }
    let end = clock.now + 10_000_000_000
    while !store.finish(milliseconds: 50) {
      if clock.now > end { return store.giveUp() }
      do throws(SluiceError) {
        try tick()
      } catch {
        store.giveUp()
        throw error
      }
    }
  }
}
