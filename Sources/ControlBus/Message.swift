import CSluice

/// One 64-byte record of the control bus; see `sluice_message` in ipc-schema/sluice_ipc.h. A ZeroMQ message carries one or
/// more of them, so that what happened at once costs one system call.
public typealias Message = sluice_message

extension Message {
  public enum Kind: UInt16, Sendable {
    case grant = 1, open = 2, close = 3, render = 4, encode = 5, finish = 6, quit = 7, filter = 8, begin = 9
    case ready = 32, done = 33, release = 34, end = 35, finished = 36, fail = 37, warn = 38, need = 39
  }

  /// nil for a number that this version does not know.
  public var kind: Kind? { Kind(rawValue: type) }

  public init(
    _ kind: Kind, slot: UInt32 = UInt32(SLUICE_NO_SLOT), generation: UInt32 = 0, frame: Int64 = 0, stream: UInt32 = 0,
    job: UInt32 = 0, count: UInt32 = 0, arg: UInt64 = 0, arg2: UInt64 = 0
  ) {
    self.init()
    self.type = kind.rawValue
    self.ring_epoch = 1
    self.slot = slot
    self.generation = generation
    self.frame = frame
    self.stream = stream
    self.job = job
    self.count = count
    self.arg = arg
    self.arg2 = arg2
  }

  public static let size = MemoryLayout<sluice_message>.size

  /// The records of a received message; nil when its length is not a multiple of a record's.
  public static func decode(_ bytes: UnsafeRawBufferPointer) -> [Message]? {
    guard !bytes.isEmpty, bytes.count % size == 0 else { return nil }
    return stride(from: 0, to: bytes.count, by: size).map { bytes.loadUnaligned(fromByteOffset: $0, as: sluice_message.self) }
  }
}
