import CSluice
import CommandInterface
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What a run needs from the machine, each asked of the kernel itself.
enum MachineChecks {
  static func all() -> [DoctorReport.Check] {
    [sharedMemory(), memory(), cores(), kernel(), pidfd(), landlock(), seccomp(), descriptors()]
  }

  private static func sharedMemory() -> DoctorReport.Check {
    let fd = sluice_shared_memory(4096, 4096)
    guard fd >= 0, sluice_seal(fd, true) == 0 else {
      return .init(
        "shared memory", .fail, "\(SystemError("memfd_create"))",
        advice: "needs Linux 5.1, and a container that permits memfd_create")
    }
    close(fd)
    return .init("shared memory", .ok, "sealed memfd")
  }

  private static func memory() -> DoctorReport.Check {
    var available = meminfo("MemAvailable") ?? 0
    var value = "\(Values.sizeText(meminfo("MemTotal") ?? 0)), \(Values.sizeText(available)) available"
    if let limit = number(inFile: "/sys/fs/cgroup/memory.max") {
      let left = limit - min(limit, number(inFile: "/sys/fs/cgroup/memory.current") ?? 0)
      value += "; this container may use \(Values.sizeText(limit))"
      available = min(available, left)
    }
    return available >= 1 << 30
      ? .init("memory", .ok, value)
      : .init("memory", .warn, value, advice: "render with a smaller --memory, or end other programs")
  }

  private static func cores() -> DoctorReport.Check {
    let count = sluice_usable_cores()
    return count > 1
      ? .init("cores", .ok, "\(count)") : .init("cores", .warn, "1", advice: "decoding, rendering and encoding will take turns")
  }

  private static func kernel() -> DoctorReport.Check {
    var name = utsname()
    guard uname(&name) == 0 else { return .init("kernel", .warn, "not known") }
    let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let parts = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    let isOld = parts.count == 2 && (parts[0], parts[1]) < (5, 9)
    return .init(
      "kernel", isOld ? .warn : .ok, "Linux \(release)", advice: isOld ? "made for Linux 5.9 and newer" : "")
  }

  private static func pidfd() -> DoctorReport.Check {
    let fd = sluice_pidfd_open(getpid())
    guard fd >= 0 else {
      return .init(
        "pidfd", .fail, "\(SystemError("pidfd_open"))", advice: "needs Linux 5.3, and a container that permits pidfd_open")
    }
    close(fd)
    return .init("pidfd", .ok, "there")
  }

  private static func landlock() -> DoctorReport.Check {
    let version = sluice_landlock_version()
    guard version > 0 else {
      return .init(
        "landlock", .warn, "not there",
        advice: "workers can read every file that you can; Linux 5.13 and newer have it, boot with lsm=landlock,…")
    }
    var missing: [String] = []
    if version < 4 { missing.append("network (Linux 6.7; seccomp holds it)") }
    if version < 6 { missing.append("signals (Linux 6.12; seccomp holds them)") }
    return .init("landlock", .ok, "version \(version)" + (missing.isEmpty ? "" : ", without " + missing.joined(separator: ", ")))
  }

  private static func seccomp() -> DoctorReport.Check {
    sluice_seccomp_available()
      ? .init("seccomp", .ok, "there")
      : .init(
        "seccomp", .warn, "not there", advice: "workers can make sockets and processes; the kernel needs CONFIG_SECCOMP_FILTER")
  }

  private static func descriptors() -> DoctorReport.Check {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else {
      return .init("descriptors", .warn, "not known")
    }
    let value = limit.rlim_cur == rlim_t.max ? "no limit" : "\(limit.rlim_cur) open files"
    return limit.rlim_cur >= 1024
      ? .init("descriptors", .ok, value) : .init("descriptors", .warn, value, advice: "raise it: ulimit -n 4096")
  }

  /// A line of /proc/meminfo in bytes.
  private static func meminfo(_ name: String) -> UInt64? {
    guard let bytes = try? System.readFile("/proc/meminfo") else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name + ":") {
      return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
    }
    return nil
  }

  private static func number(inFile path: String) -> UInt64? {
    guard let bytes = try? System.readFile(path) else { return nil }
    return UInt64(String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self))
  }
}
