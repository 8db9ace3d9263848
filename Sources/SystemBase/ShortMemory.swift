import CSluice

/// Ends a worker that reaches its memory limit (RLIMIT_DATA, set by the supervisor) with an exit status of its own, so that the
/// supervisor can tell the user why. May be called on any thread.
public enum ShortMemory {
  public static let exitStatus: Int32 = 71  // EX_OSERR

  /// After this call a crash for want of memory ends the program with `exitStatus`. Called when the program starts.
  public static func tell() {
    if System.environment("SWIFT_BACKTRACE") ?? "enable=no" == "enable=no" { sluice_tell_short_memory(exitStatus) }
  }

  /// Called when a library reports that it has no memory. Ends the program when memory is short in fact, and not when one
  /// allocation was absurdly large.
  public static func check() {
    if sluice_memory_is_short() { _exit(exitStatus) }
  }
}
