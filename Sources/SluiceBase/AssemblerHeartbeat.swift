/// How the program that joins segments says that it lives: packets between those of its work.
public enum AssemblerHeartbeat {
  /// In the place of an exit code.
  public static let code = UInt64.max
  public static let milliseconds: Int32 = 250
}
