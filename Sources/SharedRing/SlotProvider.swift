import FrameModel

/// A slot that this process may write: granted to it and not yet published. Pixels only; control words stay with the
/// ring. The memory outlives the value as long as the region is mapped.
public struct WritableSlot: @unchecked Sendable {
  // Sendable: a granted slot has one owner at a time, who hands the value on; the pointer itself never changes.
  public let index: UInt32
  public let generation: UInt32
  public let memory: UnsafeMutableRawPointer
  public let bytes: Int

  public init(index: UInt32, generation: UInt32, memory: UnsafeMutableRawPointer, bytes: Int) {
    self.index = index
    self.generation = generation
    self.memory = memory
    self.bytes = bytes
  }
}

/// A slot that this process may read until it lets go of it.
public struct ReadableSlot: @unchecked Sendable {
  // Sendable: read-only memory that stays mapped; the holder bit keeps the pixels unchanged.
  public let index: UInt32
  public let generation: UInt32
  public let memory: UnsafeRawPointer
  public let bytes: Int

  public init(index: UInt32, generation: UInt32, memory: UnsafeRawPointer, bytes: Int) {
    self.index = index
    self.generation = generation
    self.memory = memory
    self.bytes = bytes
  }
}

/// Where a decode stream gets its slots and hands its frames on. Implemented by the worker runtime over the ring, and
/// by an in-process fake in tests. All calls may come from any thread (libavcodec's frame threads too).
public protocol SlotProvider: AnyObject, Sendable {
  /// Takes a granted slot. Blocks while a published one may still come back; nil when none can come (all are held by
  /// the codec itself) or the stream is being closed: the caller then uses private memory, and copies on publishing.
  func acquire() -> WritableSlot?
  /// Bytes of every slot of this stream.
  var slotBytes: Int { get }
  /// Puts back a slot that was never published: it stays granted and is used again.
  func recycle(_ slot: WritableSlot)
  /// The slot's header and pixels are complete: it serves output frames `first ..< first + count`. May be called again
  /// for the same slot with later frames. While `held` the decoder itself still reads it (libavcodec references).
  func publish(_ slot: WritableSlot, first: Int64, count: Int64, held: Bool)
  /// libavcodec let go of a slot that was published with `held`.
  func release(_ slot: WritableSlot)
  /// The stream is to end as soon as possible.
  var isCancelled: Bool { get }
  /// One line for the user: a damaged frame, a clip shorter than planned.
  func warn(_ text: String)
  var counters: StageCounters { get }
}

/// What a stage counts while it works. Implemented over the worker's lease; the supervisor reads it from there.
/// Every call is atomic.
public protocol StageCounters: AnyObject, Sendable {
  func add(_ counter: StageCounter, _ amount: UInt64)
}

public enum StageCounter: Sendable, CaseIterable {
  case frames, busyNanoseconds, blockedNanoseconds, directFrames, fallbackFrames, copiedBytes, buffersCreated, damagedFrames
}
