/// How far encoders have come. An encoder begins its work from the start again, so what it did is progress only if it came further than any
/// before it.
struct EncoderReach: Sendable {
  /// Furthest frame that an encoder has let go of in each segment.
  private var frames: [Int: Int64] = [:]
  private var sound: Int64 = 0

  /// - Parameter reach: what it has come to in which segment; nil: it has none.
  mutating func isFurther(_ reach: (segment: Int, frame: Int64)?) -> Bool {
    guard let reach else { return true }
    defer { frames[reach.segment] = max(frames[reach.segment] ?? 0, reach.frame) }
    return reach.frame > frames[reach.segment] ?? 0
  }

  /// The same of the encoder of the sound, in blocks.
  mutating func isFurther(sound reach: Int64) -> Bool {
    defer { sound = max(sound, reach) }
    return reach > sound
  }
}

/// Lines of workers for the user. What our own say is shown once: a file that several lanes come to is damaged once.
struct WorkerLines: Sendable {
  private var shown: Set<String> = []
  /// Lines that are remembered.
  private static let limit = 4096

  /// nil: it was shown before.
  mutating func text(_ line: String, of worker: WorkerHandle) -> String? {
    guard worker.isOurs else { return "\(worker.name): \(line)" }
    return shown.count < Self.limit && !shown.insert(line).inserted ? nil : line
  }
}
