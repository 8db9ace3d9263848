import FrameModel

/// Everything in a plan that decides the bytes of a segment, in a canonical form: segments that show the same have the same
/// `bytes`, wherever they stand and however the project is written. The contents of the files are not in the plan; `uses` tells
/// which files count.
public struct SegmentContent: Sendable {
  /// What a segment shows of a source.
  public struct Use: Hashable, Sendable {
    /// Index of the source in the plan.
    public var source: Int
    /// Source times shown, in seconds.
    public var times: ClosedRange<Rational>
    /// Whether pictures before and after those that are shown count too.
    public var reachesBeyond: Bool
    /// The source's effects, as the plan carries them.
    public var effects: String
  }

  public var bytes: [UInt8]
  /// One for each decode stream, in order of first appearance.
  public var uses: [Use]
  /// Whether another run gives the same pictures. false when they go through a worker that does not promise it.
  public var isReproducible: Bool
}

extension PlanView {
  /// What output frames `frames`, which one encoder encodes, are made of. Pure. O(layers that change in it), not O(frames),
  /// where nothing moves. Without `paths`, where files lie is left out: what they hold is said by who makes a key of it.
  public func content(of frames: Range<Int64>, paths: Bool = true) -> SegmentContent {
    var writer = SegmentContentWriter(plan: self, frames: frames, paths: paths)
    return writer.write()
  }
}

/// Writes one segment's content. Numbers are little-endian; texts and lists have their length before them.
private struct SegmentContentWriter {
  let plan: PlanView
  let frames: Range<Int64>
  let paths: Bool
  private var out = CanonicalBytes()
  /// Streams of the plan by order of first appearance, with the frames that show them.
  private var order: [Int] = []
  private var numbers: [Int: Int] = [:]
  private var shown: [Int: [Range<Int64>]] = [:]
  private var isReproducible = true

  init(plan: PlanView, frames: Range<Int64>, paths: Bool) {
    self.plan = plan
    self.frames = frames
    self.paths = paths
  }

  mutating func write() -> SegmentContent {
    out.add(plan.output)
    out.add(plan.canvas)
    out.add(frames.count)
    addLayers()
    out.add(order.count)
    let uses = order.map { stream in addStream(stream) }
    addFilters(plan.outputFilters.map { plan.filter($0) })
    return SegmentContent(bytes: out.bytes, uses: uses, isReproducible: isReproducible && plan.isOutputReproducible)
  }

  /// Runs of frames with equal layers: their number, then the layers.
  private mutating func addLayers() {
    var layers: [Layer] = []
    var run: (bytes: [UInt8], first: Int64)?
    var frame = frames.lowerBound
    while frame < frames.upperBound {
      plan.layers(at: frame, into: &layers)
      let end = min(plan.nextChange(after: frame), frames.upperBound)
      var part = CanonicalBytes()
      part.add(layers.count)
      for layer in layers { add(layer, frame..<end, to: &part) }
      if let before = run, before.bytes != part.bytes {
        out.add(Int(frame - before.first))
        out.bytes += before.bytes
        run = nil
      }
      if run == nil { run = (part.bytes, frame) }
      frame = end
    }
    guard let run else { return }
    out.add(Int(frames.upperBound - run.first))
    out.bytes += run.bytes
  }

  private mutating func add(_ layer: Layer, _ range: Range<Int64>, to part: inout CanonicalBytes) {
    switch layer.content {
    case .fill(let color):
      part.add(0)
      part.add(color)
    case .picture(let stream):
      part.add(1)
      part.add(local(stream, range))
    case .group(let width, let height, let background, let members):
      part.add(2)
      part.add(width)
      part.add(height)
      part.add(background)
      part.add(members)
    }
    for rect in [layer.source, layer.destination, layer.clip] { part.add(rect) }
    part.add(layer.rotation)
    part.add(layer.opacity)
    part.add(Int(layer.blend.rawValue))
    part.add(layer.tint)
  }

  private mutating func local(_ stream: Int, _ range: Range<Int64>) -> Int {
    let number = numbers[stream] ?? order.count
    if number == order.count {
      numbers[stream] = number
      order.append(stream)
    }
    var ranges = shown[stream] ?? []
    if let last = ranges.last, last.upperBound >= range.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
    } else {
      ranges.append(range)
    }
    shown[stream] = ranges
    return number
  }

  private mutating func addStream(_ index: Int) -> SegmentContent.Use {
    let stream = plan.stream(index)
    let source = plan.source(stream.source)
    let ranges = shown[index] ?? []
    let first = ranges.first?.lowerBound ?? frames.lowerBound
    let last = (ranges.last?.upperBound ?? first + 1) - 1
    func time(_ frame: Int64) -> Rational { stream.start + Rational(frame - stream.firstFrame) * stream.step }
    // The result of effects with a memory depends on where the stream begins.
    let remembers = !stream.isStill && !EffectTraits.isStateless(stream.effects) && !stream.effects.isEmpty
    let begin = remembers ? stream.firstFrame : first
    out.add(Int(source.kind.rawValue))
    out.add(paths ? source.text : SourceText.withoutPaths(source.text, kind: source.kind))
    out.add(stream.isStill)
    out.add(Int(stream.number))
    out.add(time(begin))
    out.add(stream.step)
    out.add(paths ? stream.effects : SourceText.withoutPaths(json: stream.effects))
    out.add(stream.deinterlace)
    out.add(stream.warmUp)
    out.add(remembers ? Int(begin - frames.lowerBound) : 0)
    out.add(stream.tile != nil)
    if let tile = stream.tile {
      out.add(tile.source)
      out.add(tile.width)
      out.add(tile.height)
    }
    addParameters(stream, remembers ? [begin..<begin + 1] : ranges)
    addFilters(stream.workerFilters)
    isReproducible = isReproducible && stream.isReproducible
    let times = [time(begin), time(first), time(last)]
    return SegmentContent.Use(
      source: stream.source, times: (times.min() ?? .zero)...(times.max() ?? .zero),
      reachesBeyond: remembers || stream.deinterlace, effects: stream.effects)
  }

  private mutating func addFilters(_ filters: [WorkerEffect]) {
    out.add(filters.count)
    for filter in filters {
      for text in [filter.name, filter.parameters, filter.version] { out.add(text) }
      out.add(filter.everyFrame)
      // Such a filter is told the frame's number.
      out.add(filter.everyFrame ? Int(frames.lowerBound) : 0)
    }
  }

  /// The parameters' values at each of the frames, as runs of equal values.
  private mutating func addParameters(_ stream: StreamRecord, _ ranges: [Range<Int64>]) {
    out.add(stream.parameters.count)
    for parameter in stream.parameters {
      out.add(parameter.effect)
      out.add(parameter.name)
      guard parameter.value.constant == nil else {
        out.add(parameter.value.at(.zero))
        continue
      }
      var run: (value: Double, count: Int)?
      for range in ranges {
        for frame in range {
          let value = parameter.value.at(stream.keyStart + Rational(frame - stream.firstFrame) * stream.keyStep)
          if let before = run, before.value == value {
            run = (value, before.count + 1)
            continue
          }
          if let run { out.add(run.value, times: run.count) }
          run = (value, 1)
        }
      }
      if let run { out.add(run.value, times: run.count) }
    }
  }
}

/// Values written one after the other. Two lists of values of the same types give the same bytes only when they are equal.
struct CanonicalBytes {
  var bytes: [UInt8] = []

  mutating func add(_ value: Int) { withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) } }
  mutating func add(_ value: Bool) { bytes.append(value ? 1 : 0) }
  /// Equal numbers give equal bytes: minus zero is written as zero.
  mutating func add(_ value: Double) {
    withUnsafeBytes(of: (value + 0).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
  mutating func add(_ value: Double, times count: Int) {
    add(count)
    add(value)
  }
  mutating func add(_ value: Rational) {
    add(Int(value.num))
    add(Int(value.den))
  }
  mutating func add(_ text: String) {
    add(text.utf8.count)
    bytes += Array(text.utf8)
  }
  mutating func add(_ rect: Rect) { for number in [rect.x, rect.y, rect.width, rect.height] { add(number) } }
  mutating func add(_ color: RGBA) { for number in [color.red, color.green, color.blue, color.alpha] { add(number) } }
  mutating func add(_ color: ColorDescription) {
    bytes += [color.matrix, color.primaries, color.transfer, color.fullRange ? 1 : 0, color.chromaLocation]
  }
  mutating func add(_ output: OutputSettings) {
    for text in [output.codec, output.format, output.pixelFormat] { add(text) }
    for number in [output.width, output.height, output.threads, output.options.count] { add(number) }
    for option in output.options {
      add(option.name)
      add(option.value)
    }
    add(output.sampleAspect)
    add(output.rate)
    add(output.color)
  }
  mutating func add(_ canvas: Canvas) {
    for number in [canvas.width, canvas.height, Int(canvas.format.rawValue)] { add(number) }
    add(canvas.rate)
    add(canvas.background)
    add(canvas.color)
    add(canvas.sampleAspect)
  }
}
