import CSluice
import FrameModel
import SluiceBase

/// Probes sources in a decoder program of its own: a file that brings it down is named, the others are still probed.
public enum ProbeClient {
  /// Bytes, where nothing else is said.
  public static let defaultBudget: UInt64 = 1 << 30
  private struct Program {
    var directory: String?
    var limits: WorkerLimits
    var budget: UInt64
    var memoryLimit: UInt64 { limits.memoryLimit(planned: 0, budget: budget) }

    /// Why it gave no answer; by its end, nil: it did not come to one.
    func reason(_ end: Int32?) -> String {
      guard let end else { return "the decoder hung while it read this file" }
      if sluice_exited(end), sluice_exit_status(end) == ShortMemory.exitStatus {
        return "the decoder reached its memory limit of \(memoryLimit >> 20) MiB (workers.decoder.memoryLimit in a launch file, "
          + "--memory) while it read this file"
      }
      return "the decoder crashed while it read this file"
    }
  }
  /// Longest time that one source may take.
  static let patienceMilliseconds: Int32 = 60_000

  /// Several programs share many paths. Results are in the order of the paths.
  /// - Parameters:
  ///   - paths: absolute paths, or `lavfi:GRAPH`.
  ///   - limits: those of decoders; it is they who will read the files.
  ///   - budget: bytes; a picture that alone takes more is refused before it is decoded.
  public static func probe(
    _ paths: [String], workerDirectory: String?, limits: WorkerLimits = WorkerLimits(), budget: UInt64 = defaultBudget
  ) -> [Result<MediaInfo, SluiceError>] {
    let program = Program(directory: workerDirectory, limits: limits, budget: budget)
    let programs = max(1, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), paths.count / 2, 8))
    let parts = (0..<programs).map { part in
      Array(paths[paths.count * part / programs..<paths.count * (part + 1) / programs])
    }
    return Parallel.map(parts, threads: programs) { probeInTurn($0, program) }.flatMap { $0 }
  }

  private static func probeInTurn(_ paths: [String], _ program: Program) -> [Result<MediaInfo, SluiceError>] {
    var results: [Result<MediaInfo, SluiceError>] = []
    var deaths = 0
    while results.count < paths.count {
      let rest = Array(paths[results.count...])
      do throws(SluiceError) {
        let (lines, end) = try run(rest, program)
        let wasSilent = end == nil
        results += lines.map(parse)
        guard lines.count < rest.count else { continue }
        // One death may have been an accident; three at the same file are its fault.
        deaths = lines.isEmpty ? deaths + 1 : 1
        guard wasSilent || deaths >= 3 else { continue }
        deaths = 0
        results.append(
          .failure(
            SluiceError(
              .badInput, program.reason(end), at: ProbeKey(rest[lines.count])?.source.place ?? rest[lines.count])))
      } catch {
        results += rest.map { _ in .failure(error) }
      }
    }
    return results
  }

  /// A line is a `MediaInfo`, or `{"error": {"code": 66, "what": …, "place": …, "advice": …}}`.
  private static func parse(_ line: String) -> Result<MediaInfo, SluiceError> {
    guard let value = try? JSONReader.read(line) else {
      return .failure(SluiceError(.software, "the decoder's answer to a probe is not JSON"))
    }
    if let error = value["error"] {
      return .failure(
        SluiceError(
          (error["code"]?.number?.integer).flatMap { ExitCode(rawValue: Int32(truncatingIfNeeded: $0)) } ?? .badInput,
          error["what"]?.string ?? "cannot be read", at: error["place"]?.string ?? "", advice: error["advice"]?.string ?? ""))
    }
    guard let info = MediaInfo(value) else {
      return .failure(SluiceError(.software, "the decoder's answer to a probe is incomplete"))
    }
    return .success(info)
  }

  /// Lines that the program answered, in order; fewer than paths when it died or was silent for too long.
  /// Then also how it ended; nil when it was silent.
  private static func run(_ paths: [String], _ program: Program) throws(SluiceError) -> (lines: [String], end: Int32?) {
    let path = try WorkerPrograms.find("sluice-decoder", directory: program.directory)
    // All paths are there before the first answer, because the program contains itself to them: in memory, so that neither
    // side can wait for the other.
    let question = FileDescriptor(sluice_memfd("paths"))
    guard (try? System.writeAll(question.raw, paths.joined(separator: "\0"))) != nil, lseek(question.raw, 0, SEEK_SET) == 0
    else { throw SluiceError(.unavailable, "memfd: \(SystemError("memfd_create").reason)") }
    let fromChild = try pipe()
    let child = try ChildProcess(
      path, arguments: ["--probe"], environment: program.limits.environment(budget: program.budget),
      descriptors: [(question.raw, 0), (fromChild.write.raw, 1)])
    program.limits.apply(to: child.pid, number: 0, memoryLimit: program.memoryLimit)
    let (lines, wasSilent) = answers(paths.count, child, reader: fromChild.read)
    guard lines.count < paths.count, !wasSilent else { return (lines, nil) }
    child.end()  // it has ended already, or is about to
    return (lines, child.status)
  }

  private static func pipe() throws(SluiceError) -> (read: FileDescriptor, write: FileDescriptor) {
    var fds: [Int32] = [-1, -1]
    guard sluice_pipe(&fds) == 0 else { throw SluiceError(.unavailable, "pipe: \(SystemError("pipe").reason)") }
    return (FileDescriptor(fds[0]), FileDescriptor(fds[1]))
  }

  /// As many lines as come; the program is ended when it is silent for too long.
  private static func answers(_ count: Int, _ child: ChildProcess, reader: FileDescriptor) -> ([String], wasSilent: Bool) {
    var lines: [String] = []
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while lines.count < count {
      if let end = pending.firstIndex(of: 0x0a) {
        lines.append(String(decoding: pending[..<end], as: UTF8.self))
        pending.removeSubrange(...end)
        continue
      }
      // Its end is seen by the pidfd: we hold the pipe's other end open, so the pipe itself would not tell.
      var fds = [
        pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0),
        pollfd(fd: child.watch.raw, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&fds, 2, patienceMilliseconds)
      if ready == 0 { return (lines, true) }
      if fds[0].revents & Int16(POLLIN) != 0 {
        let n = read(reader.raw, &chunk, chunk.count)
        if n > 0 { pending += chunk[0..<n] }
      } else if fds[1].revents != 0 {
        return (lines, false)
      }
    }
    return (lines, false)
  }
}
