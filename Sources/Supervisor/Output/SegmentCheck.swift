import CSluice
import Plan
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// A segment that somebody else's encoder says it has written. It is copied, because that one could write into it still, and read
/// by a contained program of ours before anything relies on it. On a thread of its own: nobody waits for it.
final class SegmentCheck: Sendable {
  enum Verdict: Sendable {
    /// The copy.
    case segment(FileDescriptor)
    /// It is no segment of these frames, or larger than they could be.
    case nothing
    /// It could not be found out.
    case failed(SluiceError)
  }

  struct Program: Sendable {
    var path: String
    var environment: [String: String]
    var limits: WorkerLimits
    var memoryLimit: UInt64
  }

  private let found = Monitor<Verdict?>(nil)
  /// nil: not yet.
  var verdict: Verdict? { found.with { $0 } }

  /// - Parameters:
  ///   - target: an empty file of ours.
  ///   - most: bytes that the frames could take.
  init(of file: FileDescriptor, _ segment: Segment, to target: FileDescriptor, most: UInt64, program: Program) {
    let found = found
    _ = WorkThread("segment-check") {
      let verdict = Self.check(file, segment, target, most, program)
      found.with { $0 = verdict }
    }
  }

  private static func check(
    _ file: FileDescriptor, _ segment: Segment, _ target: FileDescriptor, _ most: UInt64, _ program: Program
  ) -> Verdict {
    var status = stat()
    guard fstat(file.raw, &status) == 0, status.st_size > 0, UInt64(status.st_size) <= most else { return .nothing }
    guard sluice_copy_file(file.raw, target.raw, Int64(status.st_size)) == 0 else {
      let error = SystemError("copy_file_range")
      return error.errno == EIO ? .nothing : .failed(SluiceError(.cannotCreate, "cannot write: \(error.reason)", at: "a segment"))
    }
    do throws(SluiceError) {
      // A gigabyte takes a second to read.
      let answer = try ProgramAnswer.run(
        program.path, ["--check", "\(segment.frames.lowerBound)", "\(segment.frames.count)"],
        environment: program.environment, descriptors: [(target.raw, 3)],
        bounds: ProgramAnswer.Bounds(limits: program.limits, memoryLimit: program.memoryLimit),
        silence: 10_000 + Int32(clamping: status.st_size >> 20))
      return answer.isSuccess ? .segment(target) : .nothing
    } catch {
      return .failed(error)
    }
  }
}
