import SluiceBase

// The line that `sluice-decoder --probe` prints for a source and the supervisor reads. Rationals are `num/den` texts.

extension MediaInfo {
  /// One line of JSON, without its end of line.
  public var json: String { jsonValue.line }

  public var jsonValue: JSONValue {
    var members: [JSONMember] = [
      JSONMember("path", .string(path)), JSONMember("kind", .string(kind.rawValue)), JSONMember("container", .string(container)),
      JSONMember("fileBytes", .number(fileBytes)), JSONMember("modified", .number(modified)),
    ]
    if let duration { members.append(JSONMember("duration", .string(duration.description))) }
    if let video { members.append(JSONMember("video", video.jsonValue)) }
    members.append(
      JSONMember("audio", .array(audio.map(\.jsonValue))))
    if soundZero != .zero { members.append(JSONMember("soundZero", .string(soundZero.description))) }
    if !notes.isEmpty { members.append(JSONMember("notes", .array(notes.map { .string($0) }))) }
    return .object(members)
  }

  /// Reads what `json` wrote. Returns nil for anything else: the prober is another program, and may have ended within a line.
  public init?(json: String) {
    guard let value = try? JSONReader.read(json) else { return nil }
    self.init(value)
  }

  public init?(_ value: JSONValue) {
    guard let path = value["path"]?.string, let kind = value["kind"]?.string.flatMap(Kind.init(rawValue:)),
      let fileBytes = value["fileBytes"]?.number?.integer, let modified = value["modified"]?.number?.integer,
      let audio = value["audio"]?.array
    else { return nil }
    self.init(path: path, kind: kind)
    container = value["container"]?.string ?? ""
    self.fileBytes = fileBytes
    self.modified = modified
    if let text = value["duration"] {
      guard let duration = text.string.flatMap(Rational.init(fraction:)), duration >= .zero else { return nil }
      self.duration = duration
    }
    if let video = value["video"] {
      guard let video = Video(video) else { return nil }
      self.video = video
    }
    for track in audio {
      guard let item = Audio(track) else { return nil }
      self.audio.append(item)
    }
    if let text = value["soundZero"] {
      guard let zero = text.string.flatMap(Rational.init(fraction:)), zero.isModest else { return nil }
      soundZero = zero
    }
    if let lines = value["notes"] {
      guard let lines = lines.array else { return nil }
      notes = lines.compactMap(\.string)
    }
  }
}

extension MediaInfo.Audio {
  fileprivate var jsonValue: JSONValue {
    var members = [
      JSONMember("codec", .string(codec)), JSONMember("sampleRate", .number(sampleRate)),
      JSONMember("channels", .number(channels)),
    ]
    if !layout.isEmpty { members.append(JSONMember("layout", .string(layout))) }
    if start != .zero { members.append(JSONMember("start", .string(start.description))) }
    if let duration { members.append(JSONMember("duration", .string(duration.description))) }
    return .object(members)
  }

  fileprivate init?(_ value: JSONValue) {
    guard let codec = value["codec"]?.string, let rate = value["sampleRate"]?.int, let channels = value["channels"]?.int
    else { return nil }
    self.init()
    self.codec = codec
    sampleRate = rate
    self.channels = channels
    layout = value["layout"]?.string ?? ""
    if let text = value["start"] {
      guard let start = text.string.flatMap(Rational.init(fraction:)), start.isModest else { return nil }
      self.start = start
    }
    if let text = value["duration"] {
      guard let duration = text.string.flatMap(Rational.init(fraction:)), duration >= .zero, duration.isModest else { return nil }
      self.duration = duration
    }
  }
}

extension Rational {
  /// For numbers from outside. Returns nil when the number does not fit.
  public func sum(_ other: Rational) -> Rational? {
    Rational(
      reducing: Int128(num) * Int128(other.den) + Int128(other.num) * Int128(den), Int128(den) * Int128(other.den))
  }

  /// Whether the sum of a few such numbers fits. Files may hold any number.
  public var isModest: Bool { den <= 1 << 32 && num.magnitude <= 1 << 60 && double.magnitude <= 1e9 }
}

extension MediaInfo.Video {
  fileprivate var jsonValue: JSONValue {
    var members = [
      JSONMember("codec", .string(codec)), JSONMember("width", .number(width)), JSONMember("height", .number(height)),
      JSONMember("format", .number(format.rawValue)), JSONMember("formatName", .string(format.description)),
      JSONMember("sourceFormat", .string(sourceFormat)), JSONMember("sampleAspect", .string(sampleAspect.description)),
      JSONMember("rotation", .number(rotation)), JSONMember("mirrored", .bool(mirrored)),
      JSONMember("matrix", .number(color.matrix)), JSONMember("primaries", .number(color.primaries)),
      JSONMember("transfer", .number(color.transfer)), JSONMember("fullRange", .bool(color.fullRange)),
      JSONMember("chromaLocation", .number(color.chromaLocation)), JSONMember("interlaced", .bool(interlaced)),
      JSONMember("averageRate", .string(averageRate.description)), JSONMember("nominalRate", .string(nominalRate.description)),
      JSONMember("slotBytes", .number(slotBytes)), JSONMember("pictureBuffers", .number(pictureBuffers)),
      JSONMember("sourceBytes", .number(sourceBytes)), JSONMember("sourceBuffers", .number(sourceBuffers)),
    ]
    if let frames { members.append(JSONMember("frames", .number(frames))) }
    return .object(members)
  }

  fileprivate init?(_ value: JSONValue) {
    func byte(_ key: String) -> UInt8? { value[key]?.int.flatMap(UInt8.init(exactly:)) }
    func rational(_ key: String) -> Rational? { value[key]?.string.flatMap(Rational.init(fraction:)) }
    guard let codec = value["codec"]?.string, let width = value["width"]?.int, let height = value["height"]?.int,
      (1...65536).contains(width), (1...65536).contains(height),
      let word = value["format"]?.int.flatMap(UInt32.init(exactly:)), PixelFormat(rawValue: word).isValid,
      let sampleAspect = rational("sampleAspect"), sampleAspect > .zero,
      let rotation = value["rotation"]?.int, (0...3).contains(rotation), let mirrored = value["mirrored"]?.bool,
      let matrix = byte("matrix"), let primaries = byte("primaries"), let transfer = byte("transfer"),
      let fullRange = value["fullRange"]?.bool, let chromaLocation = byte("chromaLocation"),
      let interlaced = value["interlaced"]?.bool, let averageRate = rational("averageRate"), averageRate >= .zero,
      let nominalRate = rational("nominalRate"), nominalRate >= .zero,
      let slotBytes = value["slotBytes"]?.int, (0...1 << 34).contains(slotBytes),
      let pictureBuffers = value["pictureBuffers"]?.int, (1...1024).contains(pictureBuffers),
      let sourceBytes = value["sourceBytes"]?.int, (0...1 << 34).contains(sourceBytes),
      let sourceBuffers = value["sourceBuffers"]?.int, (0...1024).contains(sourceBuffers)
    else { return nil }
    self.init()
    self.codec = codec
    self.width = width
    self.height = height
    format = PixelFormat(rawValue: word)
    sourceFormat = value["sourceFormat"]?.string ?? ""
    self.sampleAspect = sampleAspect
    self.rotation = rotation
    self.mirrored = mirrored
    color = ColorDescription(
      matrix: matrix, primaries: primaries, transfer: transfer, fullRange: fullRange, chromaLocation: chromaLocation)
    self.interlaced = interlaced
    self.averageRate = averageRate
    self.nominalRate = nominalRate
    self.slotBytes = slotBytes
    self.pictureBuffers = pictureBuffers
    self.sourceBytes = sourceBytes
    self.sourceBuffers = sourceBuffers
    if let frames = value["frames"] {
      guard let count = frames.number?.integer else { return nil }
      self.frames = count
    }
  }
}

extension JSONValue {
  fileprivate var int: Int? { number?.integer.map(Int.init) }
}
