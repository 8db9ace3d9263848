import CSluice
import Plan
import Scheduling
import SharedRing
import SluiceBase
import SystemBase

/// The end of a lane: where what encoders write goes, part by part, until all of it is there. The scheduler knows nothing of it.
///
/// A run has one. It is used from the supervisor's thread, in this order: `start`; for each part `open`, then `finished` when its
/// encoder has written it (an encoder that dies is followed by another `open` of the same part); meanwhile `look` ten times a second;
/// when `isWhole`, `finish`. `abandon` ends it at any time. What throws ends the run.
///
/// Parts may be finished in any order where `takesSegments`; else they come in order, and one encoder writes them all.
protocol FrameSink: AnyObject {
  /// As the user named it.
  var name: String { get }
  /// An absolute path where it is a file, else its name.
  var place: String { get }
  /// What there is to write, and what of it was there before.
  var flow: SegmentFlow { get }
  /// Every part is a segment of its own, which anybody may encode; else there is one stream.
  var takesSegments: Bool { get }
  /// All is there, and only `finish` is left.
  var isWhole: Bool { get }
  /// Bytes of the output, as far as they are known.
  var bytes: UInt64 { get }
  /// Programs of its own that were started again.
  var restarts: Int { get }
  /// A process of its own that belongs to the run.
  var helper: pid_t? { get }
  /// The reader of the output takes nothing, so its encoder cannot go on.
  var isKeptByReader: Bool { get }

  /// Registers what it waits for, and begins with what is there.
  func start(in loop: EventLoop) throws(SluiceError)
  /// What an encoder is to write a part into.
  func open(_ part: Segment) throws(SluiceError) -> FileDescriptor
  /// What an encoder is to write the sound into. `alone`: there are no pictures.
  func openSound(alone: Bool) throws(SluiceError) -> FileDescriptor
  /// The encoder has written a part.
  func finished(_ part: Segment, bytes: UInt64) throws(SluiceError)
  /// The encoder has written the sound. True when it is kept apart from the pictures: its workers are not needed any more.
  func soundFinished(bytes: UInt64) throws(SluiceError) -> Bool
  /// A third party's encoder says that it has written a segment: begins to check it. `look` has the result.
  func check(_ segment: Int, of worker: WorkerHandle, bytes: UInt64) throws(SluiceError)
  /// Ten times a second: looks after its programs and its checks, and gives those that have come to an end.
  /// - Parameter silenceFrom: nanoseconds from which on silence of a program counts.
  func look(silenceFrom: UInt64) -> [SegmentVerdict]
  /// What it costs that the encoder of a part died when it had come so far, for the user; empty: nothing worth a word.
  func cost(ofDeathAt reach: (segment: Int, frame: Int64)?) -> String
  /// Adds the place to an error that came from a worker about the output, which it knows as a descriptor only.
  func located(_ error: SluiceError) -> SluiceError
  /// What is rendered from here on is not what the plan says, or not by our programs: it is not kept for others.
  func distrust()
  /// Lines for the user since the last call.
  func takeNotes() -> [String]
  /// Brings the output to its end. `tick`, called several times a second meanwhile, ends that by throwing.
  func finish(tick: () throws(SluiceError) -> Void) throws(SluiceError)
  /// Ends what is left of it; of the output nothing stays.
  func abandon()
}

/// What a check of somebody else's segment has found.
struct SegmentVerdict {
  var worker: WorkerHandle
  var segment: Int
  var bytes: UInt64
  /// The copy that was found good is to take the place of what the encoder wrote, so that it is out of its maker's reach; see
  /// `SegmentFlow.replace`.
  var result: SegmentCheck.Verdict
}

/// What sinks need of the run.
struct SinkContext {
  let clock: MonotonicClock
  /// The role whose program joins and checks segments.
  let encoder: LaunchDescription.Role
  /// Bytes of memory of the whole run, and what a program of that role may take.
  let budget: UInt64
  let limit: WorkerEnd.MemoryLimit
  /// nil: beside this program.
  let workerDirectory: String?
  /// Bytes that a coded picture could take at most.
  let largestPicture: UInt64
  /// Of the plan, for the program that joins.
  let plan: SharedRegion
  let hasSound: Bool
  let soundFrames: Int64
  let warn: (String) -> Void
}

extension FrameSink {
  var restarts: Int { 0 }
  var helper: pid_t? { nil }
  var isKeptByReader: Bool { false }
  var place: String { name }
  func cost(ofDeathAt reach: (segment: Int, frame: Int64)?) -> String { "" }
  func located(_ error: SluiceError) -> SluiceError { error.located(name) }
}

extension SluiceError {
  /// With the output's name, where it is one about the output and has no place.
  func located(_ name: String) -> SluiceError {
    guard isOfOutput else { return self }
    var error = self
    if error.what.hasPrefix("output: ") { error.what.removeFirst("output: ".count) }
    error.place = name
    return error
  }

  var isOfOutput: Bool { place.isEmpty && (code == .cannotCreate || what.hasPrefix("output: ")) }
}
