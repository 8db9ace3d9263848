/// The heartbeat of the program that joins segments: it sends packets of its own between the packets of its work.
public enum AssemblerHeartbeat {
  /// Stands in a heartbeat packet where the others have an exit code.
  public static let code = UInt64.max
  public static let milliseconds: Int32 = 250
}
