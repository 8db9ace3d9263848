import CSluice
import SystemBase

/// Memory of processes from /proc.
enum ProcessMemory {
  /// Proportional set size: private pages plus the process's share of shared ones. The sum over all processes that share
  /// counts every page once.
  static func proportional(_ pid: Int32) -> UInt64 { field("/proc/\(pid)/smaps_rollup", "Pss:") }
  /// Anonymous private pages.
  static func anonymous(_ pid: Int32) -> UInt64 { field("/proc/\(pid)/status", "RssAnon:") }

  private static func field(_ path: String, _ name: String) -> UInt64 {
    guard let bytes = try? System.readFile(path) else { return 0 }
    for line in bytes.split(separator: 0x0a) {
      guard line.starts(with: name.utf8) else { continue }
      let digits = line.drop { !(0x30...0x39).contains($0) }.prefix { (0x30...0x39).contains($0) }
      return (UInt64(String(decoding: digits, as: UTF8.self)) ?? 0) * 1024
    }
    return 0
  }
}
