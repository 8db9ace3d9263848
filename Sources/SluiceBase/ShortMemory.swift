import CSluice

/// A worker that runs into its memory limit (RLIMIT_DATA, set by the supervisor) ends with a status of its own, so that the
/// supervisor can say why. Any thread.
public enum ShortMemory {
  public static let exitStatus: Int32 = 71  // EX_OSERR

  /// From now on a crash for want of memory ends the program so. Called at its start.
  public static func tell() {
    if System.environment("SWIFT_BACKTRACE") ?? "enable=no" == "enable=no" { sluice_tell_short_memory(exitStatus) }
  }

  /// A library said that it has no memory: ends the program if that is so for everybody, and not for one absurd wish.
  public static func check() {
    if sluice_memory_is_short() { _exit(exitStatus) }
  }
}
