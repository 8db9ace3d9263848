import FrameModel

// From a `SourceKey` to a plan's source record, and back.
extension SourceRecord.Kind {
  /// A key that cannot be read (nil) counts as a path, which then cannot be opened.
  package init(_ key: SourceKey?) {
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
  /// What a decoder opens for the record; nil when its text cannot be read.
  public init?(_ source: SourceRecord) {
    switch source.kind {
    case .file: self = .file(source.text)
    case .lavfi: self = .filterGraph(source.text)
    case .sequence, .title, .subtitles: self.init(source.text)
    }
  }
}

extension SourceRecord {
  /// The name that errors and warnings use.
  public var place: String { SourceKey(self)?.place ?? text }
}
