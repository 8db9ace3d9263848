/// Allocations of the calling thread so far, from whoever hooks the allocator (the CAllocationCounter target). The engine itself hooks
/// nothing.
public struct AllocationProbe: Sendable {
  public let count: @convention(c) () -> UInt64
  public init(_ count: @escaping @convention(c) () -> UInt64) { self.count = count }
}
