import ContentStore
import FrameModel
import Plan
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// The contents of a plan's sources, by the identity of their files when the run began. Thread-safe.
final class SourceBook: Sendable {
  /// What a segment's key says of a source, and the files that it stands for.
  struct Identity: Sendable {
    var bytes: [UInt8]
    var files: [String]
  }

  private let watch = FileWatch()
  private let names: any SourceIdentity
  private let plan: PlanView
  /// Files that name others, which nobody here knows.
  private let playlists: Set<String>
  private let sequences: [Int: Sequence]
  /// Files that were others when they were probed.
  private let stale: Set<String>
  private let workerDirectory: String?
  /// Outer nil: not asked for yet.
  private let fonts: Monitor<[UInt8]??>

  /// A sequence of the plan with the files that it had when the run began.
  private struct Sequence {
    var key: SequenceKey
    var files: [File]
  }
  private struct File {
    /// In its sequence, from 0.
    var place: Int64
    var path: String
  }

  /// Looks at every file of the plan: call it before a decoder does. `media`: as probed. `names`: what stands in keys for a
  /// file. `workerDirectory`: where the decoder program lies, which knows the fonts.
  init(
    plan: PlanView, media: [String: MediaInfo], names: any SourceIdentity = LocalIdentity(), workerDirectory: String?
  ) {
    self.plan = plan
    self.names = names
    self.workerDirectory = workerDirectory
    let listing: Set<String> = ["concat", "dash", "hls", "imf", "sdp", "webm_dash_manifest"]
    var playlists: Set<String> = []
    for info in media.values where info.container.split(separator: ",").contains(where: { listing.contains(String($0)) }) {
      playlists.insert(info.path)
    }
    self.playlists = playlists
    var sequences: [Int: Sequence] = [:]
    var stale: Set<String> = []
    for index in 0..<plan.sourceCount {
      let source = plan.source(index)
      switch SourceKey(source) {
      case .file(let path):
        let now = watch.identity(path)
        if now?.bytes != source.fileBytes || now?.modified != source.modified { stale.insert(path) }
      case .subtitles(let key):
        let now = watch.identity(key.path)
        if now?.bytes != source.fileBytes || now?.modified != source.modified { stale.insert(key.path) }
      case .sequence(let key):
        let files = Self.files(of: key)
        for file in files { _ = watch.identity(file.path) }
        sequences[index] = Sequence(key: key, files: files)
      case .filterGraph, .title, nil: break
      }
    }
    for index in 0..<plan.streamCount {
      for path in Self.tables(plan.stream(index).effects) ?? [] { _ = watch.identity(path) }
    }
    self.sequences = sequences
    self.stale = stale
    fonts = Monitor(nil)
  }

  /// Whether keys hold the paths of files.
  var namesPaths: Bool { names.namesPaths }

  /// nil: what it shows may differ from run to run.
  func identity(_ use: SegmentContent.Use) -> Identity? {
    guard let tables = Self.tables(use.effects) else { return nil }
    var files = tables.map { File(place: 0, path: $0) }
    let source = plan.source(use.source)
    var needsFonts = false
    switch SourceKey(source) {
    case .file(let path):
      guard !playlists.contains(path) else { return nil }
      files.append(File(place: 0, path: path))
      needsFonts = path.lowercased().hasSuffix(".svg")
    case .filterGraph(let text): guard Self.isRepeatable(text) else { return nil }
    case .sequence:
      guard let shown = sequence(use) else { return nil }
      files += shown
    case .title: needsFonts = true
    case .subtitles(let key):
      files.append(File(place: 0, path: key.path))
      needsFonts = true
    case nil: return nil
    }
    var text = ""
    for file in files {
      guard !stale.contains(file.path), let found = watch.identity(file.path), let name = names.text(of: file.path, found)
      else { return nil }
      // A path says which picture of a sequence it is, and by its ending how it is read.
      text += namesPaths ? "\(file.path.utf8.count) \(name)\n" : "\(file.place) \(name) \(Self.ending(file.path))\n"
    }
    guard let fonts = needsFonts ? fontBytes() : [] else { return nil }
    return Identity(bytes: Array(text.utf8) + fonts, files: files.map(\.path))
  }

  /// The first file that is not what it was, or sequence that has not the files that it had; nil: all are.
  func changed(_ keyed: SegmentKeys.Keyed) -> String? {
    if let file = keyed.files.first(where: { !watch.isUnchanged($0) }) { return file }
    for index in keyed.sequences {
      guard let sequence = sequences[index] else { continue }
      if Self.files(of: sequence.key).map(\.path) != sequence.files.map(\.path) { return sequence.key.pattern }
    }
    return nil
  }

  /// The first file that was another one when it was probed.
  var staleFile: String? { stale.min() }

  /// Pictures of a sequence that a segment shows, and its first, which says what all are like.
  private func sequence(_ use: SegmentContent.Use) -> [File]? {
    guard let sequence = sequences[use.source], let first = sequence.files.first else { return nil }
    if use.reachesBeyond { return sequence.files }
    // A time shows the last picture at or before it; a picture that cannot be read is another one's turn.
    let low = (use.times.lowerBound * sequence.key.rate).floor - 2, high = (use.times.upperBound * sequence.key.rate).ceil + 2
    let start = sequence.files.lastIndex { $0.place <= low } ?? 0
    return [first] + sequence.files[start...].prefix { $0.place <= high }
  }

  /// Those that are there, by their place in the sequence.
  private static func files(of key: SequenceKey) -> [File] {
    guard let files = try? SequenceFiles(key, list: Folder.names) else { return [] }
    return files.numbers.map { File(place: $0 - key.first, path: files.path($0)) }
  }

  /// What stands behind the last dot of the file's name, in small letters; empty where there is none.
  private static func ending(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
  }

  /// nil when it cannot be told which fonts there are.
  private func fontBytes() -> [UInt8]? {
    fonts.with { known in
      if let known { return known }
      let bytes = FontFiles.identity(workerDirectory, names)
      known = .some(bytes)
      return bytes
    }
  }

  /// Look-up tables of effects; nil where an effect may differ from run to run.
  private static func tables(_ effects: String) -> [String]? {
    guard let chain = EffectChain(json: effects) else { return nil }
    var paths: [String] = []
    for effect in chain.effects {
      switch effect {
      case .lut(let path): paths.append(path)
      case .avfilter(let text, _): guard isRepeatable(text) else { return nil }
      }
    }
    return paths
  }

  /// What filters make of their input alone; not where any of their words is a file, whatever the option is called.
  private static func isRepeatable(_ filters: String) -> Bool {
    NamedFiles.files(in: filters).isEmpty && EffectTraits.isRepeatable(filters: filters)
  }
}
