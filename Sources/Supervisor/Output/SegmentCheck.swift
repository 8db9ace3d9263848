import CSluice
import SluiceBase
import Timeline

#if canImport(Glibc)
import Glibc
#endif

/// A segment that somebody else's encoder says it has written. It is copied, because that one could write into it still, and read
/// by a contained program of ours before anything relies on it.
enum SegmentCheck {
  /// The copy; nil: it is no segment of these frames, or larger than they could be.
  static func copy(
    of file: FileDescriptor, _ segment: Segment, to target: FileDescriptor, most: UInt64, program: String,
    environment: [String: String]
  ) -> FileDescriptor? {
    var status = stat()
    guard fstat(file.raw, &status) == 0, status.st_size > 0, UInt64(status.st_size) <= most else { return nil }
    guard sluice_copy_file(file.raw, target.raw, Int64(status.st_size)) == 0 else { return nil }
    let words = ["--check", "\(segment.frames.lowerBound)", "\(segment.frames.count)"]
    guard
      let child = try? ChildProcess(program, arguments: words, environment: environment, descriptors: [(target.raw, 3)])
    else { return nil }
    // A gigabyte takes a second to read.
    guard child.wait(milliseconds: 10_000 + Int32(clamping: status.st_size >> 20)) else {
      child.end()
      return nil
    }
    guard let ending = child.status, sluice_exited(ending), sluice_exit_status(ending) == 0 else { return nil }
    return target
  }
}
