import CSluice
import ContentStore
import FrameModel
import Plan
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

extension Segment {
  /// Stands for the whole sound where segments are kept and found.
  static let sound = Segment(index: -1, frames: 0..<0)
  /// As the store has it.
  var kind: ContentKind { self == .sound ? .sound : .segment }
}

/// The keys of a run's segments, each made when it is asked for. Thread-safe.
final class SegmentKeys: Sendable {
  /// A segment that may be stored, and the files that it stands on.
  struct Keyed: Sendable {
    var key: ContentKey
    var files: [String]
    /// Sources of the plan that are sequences: their folders count too.
    var sequences: [Int]
  }
  /// Raised when something else than the plan changes what a plan renders to.
  private static let version: [UInt8] = Array("sluice segment 1".utf8)
  private static let soundVersion: [UInt8] = Array("sluice sound 1".utf8)
  /// Added to keys that know files by their contents.
  private static let byContents: [UInt8] = Array("by contents".utf8)

  private let plan: PlanView
  private let sources: SourceBook
  private let programs: [UInt8]
  /// An option of the encoder names a file, which may change.
  private let readsFiles: Bool

  /// - Parameter programs: what renders (`ProgramIdentity`).
  init(plan: PlanView, sources: SourceBook, programs: [UInt8]) {
    self.plan = plan
    self.sources = sources
    self.programs = programs
    readsFiles = plan.output.options.contains(where: Self.readsFile)
  }

  /// nil: it shows something that may differ from run to run.
  func key(of segment: Segment) -> Keyed? {
    if segment == .sound { return soundKey() }
    if readsFiles { return nil }
    let content = plan.content(of: segment.frames, paths: sources.namesPaths)
    guard content.isReproducible else { return nil }
    return keyed([Self.version, programs, content.bytes], content.uses)
  }

  private func soundKey() -> Keyed? {
    guard let content = plan.soundContent, content.isReproducible,
      plan.output.sound?.options.contains(where: Self.readsFile) == false
    else { return nil }
    return keyed([Self.soundVersion, programs, content.bytes], content.uses)
  }

  /// With the contents of the sources.
  private func keyed(_ about: [[UInt8]], _ uses: [SegmentContent.Use]) -> Keyed? {
    var parts = sources.namesPaths ? about : [Self.byContents] + about
    var files: [String] = []
    var sequences: Set<Int> = []
    for use in uses {
      guard let identity = sources.identity(use) else { return nil }
      parts.append(identity.bytes)
      files += identity.files
      if plan.source(use.source).kind == .sequence { sequences.insert(use.source) }
    }
    return Keyed(key: ContentKey(of: parts), files: Set(files).sorted(), sequences: sequences.sorted())
  }

  /// Statistics of an earlier pass, matrices, and whatever else is there under one of its words.
  private static func readsFile(_ option: OutputSettings.Option) -> Bool {
    let passes: Set<Substring> = ["pass", "pass1", "pass2", "stats", "passlogfile"]
    let words = option.value.split { ":=,;+ ".contains($0) } + [option.value[...]]
    return passes.contains(option.name[...]) || words.contains { passes.contains($0) || access(String($0), F_OK) == 0 }
  }

  /// All of them, in order; several threads share the work where it is much.
  func keys(of segments: [Segment]) -> [Keyed?] {
    let threads = max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)), segments.count / 64))
    return Parallel.map(segments, threads: threads) { self.key(of: $0) }
  }
}
