import Plan

/// A plan of the store's own, which stays as long as anybody reads it. Thread-safe: it is never written.
final class PlanCopy: @unchecked Sendable {
  // Sendable: the bytes are written before the object is there, and never after.
  private let bytes: UnsafeMutableRawBufferPointer
  let view: PlanView

  /// nil for what is no plan.
  init?(_ plan: CompiledPlan) {
    bytes = .allocate(byteCount: plan.bytes.count, alignment: 16)
    bytes.copyBytes(from: plan.bytes)
    guard let base = bytes.baseAddress, let view = PlanView(UnsafeRawPointer(base), count: bytes.count) else {
      bytes.deallocate()
      return nil
    }
    self.view = view
  }

  deinit { bytes.deallocate() }
}
