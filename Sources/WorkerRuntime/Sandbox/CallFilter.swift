import CSeccomp
import CSluice
import SluiceBase
import SystemBase

/// The system calls that are left to a contained worker (seccomp): an allow-list. What is not on it fails with EPERM, so
/// that a library that tries something harmless goes on.
///
/// Everything works on descriptors that are there; nothing makes a socket, a process or a file, looks into another
/// process, or signals one. `open` is there for roles with files to read, and then for reading only.
struct CallFilter {
  /// Whether files may be opened for reading: which ones is Landlock's matter.
  var opensFiles: Bool

  /// Without conditions. Names that this architecture or libseccomp does not know are skipped.
  static let plain = [
    // Descriptors that are open.
    "read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "lseek", "close",
    "close_range", "dup",
    "fstat", "newfstatat", "statx", "fadvise64", "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait",
    "eventfd2", "pipe2", "sendto", "sendmsg", "recvfrom", "recvmsg", "getsockopt", "getsockname", "getpeername", "shutdown",
    // Memory.
    "brk", "munmap", "mremap", "mprotect", "madvise", "mincore", "membarrier",
    // Threads and waiting.
    "futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "exit", "exit_group", "sched_yield", "nanosleep",
    "clock_nanosleep", "restart_syscall", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "getpriority", "get_mempolicy",
    // Signals of its own.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
    // What it may know.
    "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrusage", "getpid", "gettid", "getppid", "getuid",
    "geteuid", "getgid", "getegid", "getrlimit", "uname", "sysinfo", "getrandom", "getcpu",
  ]

  static let files = [
    "stat", "lstat", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64",
    "getcwd", "statfs", "fstatfs",
  ]

  /// Installs the filter in every thread of this process.
  func install() throws(SluiceError) {
    guard let context = seccomp_init(sluice_scmp_errno(EPERM)) else { throw Self.failure("seccomp_init", ENOMEM) }
    defer { seccomp_release(context) }
    // A process of another architecture is refused in the same way; all threads at once; a tree instead of a list.
    seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, sluice_scmp_errno(EPERM))
    seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1)
    seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
    for name in Self.plain { try Self.add(context, name) }
    try addConditional(context)
    if opensFiles {
      for name in Self.files { try Self.add(context, name) }
      // O_PATH: a handle on whatever is there, which Landlock does not look at.
      let writing = UInt64(O_ACCMODE | O_CREAT | O_TRUNC | sluice_o_path()) | UInt64(UInt32(bitPattern: sluice_o_tmpfile()))
      try Self.add(context, "open", [Self.masked(1, writing, 0)])
      try Self.add(context, "openat", [Self.masked(2, writing, 0)])
    }
    let code = seccomp_load(context)
    guard code == 0 else { throw Self.failure("seccomp_load", -code) }
  }

  private func addConditional(_ context: scmp_filter_ctx) throws(SluiceError) {
    // Threads, not processes. clone3 hides its flags in memory, so the C library is told to use clone.
    try Self.add(context, "clone", [Self.masked(0, sluice_clone_thread(), sluice_clone_thread())])
    try Self.add(context, "clone3", action: sluice_scmp_errno(ENOSYS))
    // Memory of its own is private: shared memory would not count towards its limit.
    let ours = UInt64(MAP_ANONYMOUS | MAP_SHARED)
    for kind in [UInt64(MAP_SHARED), 0, UInt64(MAP_ANONYMOUS)] {
      try Self.add(context, "mmap", [Self.masked(3, ours, kind)])
    }
    // abort() of its own.
    try Self.add(context, "tgkill", [Self.equal(0, UInt64(getpid()))])
    // Limits may be read, not set.
    try Self.add(context, "prlimit64", [Self.equal(0, 0), Self.masked(2, .max, 0)])
    try Self.add(context, "prctl", [Self.equal(0, 15)])  // PR_SET_NAME
    try Self.add(context, "prctl", [Self.equal(0, 0x5356_4d41)])  // PR_SET_VMA: names of memory
    // libnuma (x265) complains aloud where these fail; they do nothing and say yes.
    // ZeroMQ's threads set the scheduling that they have, by a number that could be anybody's.
    for name in ["sched_setaffinity", "set_mempolicy", "mbind", "sched_setscheduler"] {
      try Self.add(context, name, action: sluice_scmp_errno(0))
    }
    // No F_SETOWN, which sends signals to others, and no leases.
    for command in [F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETLK, F_SETLK, F_SETLKW] {
      try Self.add(context, "fcntl", [Self.equal(1, UInt64(command))])
    }
    for request in [0x5401, 0x5413, 0x541b] {  // TCGETS (isatty), TIOCGWINSZ, FIONREAD
      try Self.add(context, "ioctl", [Self.equal(1, UInt64(request))])
    }
  }

  private static func add(
    _ context: scmp_filter_ctx, _ name: String, _ conditions: [scmp_arg_cmp] = [], action: UInt32 = sluice_scmp_allow()
  ) throws(SluiceError) {
    let number = seccomp_syscall_resolve_name(name)
    guard number != sluice_scmp_unknown() else { return }
    let code = seccomp_rule_add_array(context, action, number, UInt32(conditions.count), conditions)
    guard code == 0 || code == -EDOM else { throw failure("seccomp_rule_add \(name)", -code) }
  }

  private static func equal(_ argument: UInt32, _ value: UInt64) -> scmp_arg_cmp {
    // The kernel compares 64 bits of what C libraries fill as 32; the upper half is not theirs to decide.
    scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: 0xffff_ffff, datum_b: value)
  }
  private static func masked(_ argument: UInt32, _ mask: UInt64, _ value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
  }

  private static func failure(_ call: String, _ code: Int32) -> SluiceError {
    SluiceError(
      .unavailable, "\(call): \(SystemError(call, errno: code).reason)", at: "containment",
      advice: "see sluice doctor; a launch file may say containment: \"off\"")
  }
}
