/// A compiled timeline: one flat, versioned block of bytes (`ipc-schema/sluice_plan.h`). It is put into shared memory and
/// read there by `PlanView`. Equal projects and media give equal bytes.
public struct CompiledPlan: Equatable, Sendable {
  /// A plan has at most this many output frames: the longest start plus the longest clip.
  public static let maximumFrames: Int64 = 20_000_000_000

  public let bytes: [UInt8]
  /// What the user should know about the plan, one line each.
  public package(set) var warnings: [String] = []

  init(bytes: [UInt8]) { self.bytes = bytes }
}
