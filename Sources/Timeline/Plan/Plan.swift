/// A compiled timeline: one flat, versioned block of bytes (`ipc-schema/sluice_plan.h`) that is put into shared memory
/// and read there by `PlanView`. Equal projects and media give equal bytes.
public struct Plan: Equatable, Sendable {
  public let bytes: [UInt8]
  /// What the user should know: a line each.
  public internal(set) var warnings: [String] = []
  init(bytes: [UInt8]) { self.bytes = bytes }
}
