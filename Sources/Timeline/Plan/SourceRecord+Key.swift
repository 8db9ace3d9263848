import FrameModel

// A plan's source record is a `SourceKey` in a plan's words.
extension SourceRecord.Kind {
  /// nil: a key that means nothing counts as a path, which then cannot be opened.
  init(_ key: SourceKey?) {
    switch key {
    case .filterGraph: self = .lavfi
    case .sequence: self = .sequence
    case .title: self = .title
    case .subtitles: self = .subtitles
    case .file, nil: self = .file
    }
  }
}

extension SourceKey {
  /// What a decoder opens for the record; nil when its text means nothing.
  public init?(_ source: SourceRecord) {
    switch source.kind {
    case .file: self = .file(source.text)
    case .lavfi: self = .filterGraph(source.text)
    case .sequence, .title, .subtitles: self.init(source.text)
    }
  }
}

extension SourceRecord {
  /// What errors and warnings call it.
  public var place: String { SourceKey(self)?.place ?? text }
}
