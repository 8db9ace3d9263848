import FrameModel

/// Everything that decides the bytes of a segment, as far as a plan tells: made canonical, so that a segment that shows the
/// same has the same bytes here, wherever it stands and however the project says it. What the plan does not tell, the
/// contents of the files, comes with `uses`.
public struct SegmentContent: Sendable {
  /// What a segment shows of a source.
  public struct Use: Hashable, Sendable {
    /// Index of the source in the plan.
    public var source: Int
    /// Source times shown, in seconds.
    public var times: ClosedRange<Rational>
    /// Pictures around those that are shown count too.
    public var reachesBeyond: Bool
    /// Effects on it, as the plan carries them.
    public var effects: String
  }

  public var bytes: [UInt8]
  /// In order of first appearance; one for each decode stream.
  public var uses: [Use]
  /// Another run gives the same pictures; false where they go through a worker of whom nobody says so.
  public var isReproducible: Bool
}

extension PlanView {
  /// What output frames `frames`, which one encoder encodes, are made of. Pure. O(layers that change in it), not O(frames),
  /// where nothing moves.
  public func content(of frames: Range<Int64>) -> SegmentContent {
    var writer = SegmentContentWriter(plan: self, frames: frames)
    return writer.write()
  }
}

/// Writes one segment's content. Numbers are little-endian; texts and lists have their length before them.
private struct SegmentContentWriter {
  let plan: PlanView
  let frames: Range<Int64>
  private var out = CanonicalBytes()
  /// Streams of the plan by order of first appearance, with the frames that show them.
  private var order: [Int] = []
  private var numbers: [Int: Int] = [:]
  private var shown: [Int: [Range<Int64>]] = [:]
  private var isReproducible = true

  init(plan: PlanView, frames: Range<Int64>) {
    self.plan = plan
    self.frames = frames
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
    // With a memory, what is seen depends on where the stream begins.
    let remembers = !stream.isStill && !EffectTraits.isStateless(stream.effects) && !stream.effects.isEmpty
    let begin = remembers ? stream.firstFrame : first
    out.add(Int(source.kind.rawValue))
    out.add(source.text)
    out.add(stream.isStill)
    out.add(Int(stream.number))
    out.add(time(begin))
    out.add(stream.step)
    out.add(stream.effects)
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
      // Then it sees the frame's number.
      out.add(filter.everyFrame ? Int(frames.lowerBound) : 0)
    }
  }

  /// Their values at each of the frames, in runs of equal ones.
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

/// Values one after the other; different lists of values of one shape give different bytes.
struct CanonicalBytes {
  var bytes: [UInt8] = []

  mutating func add(_ value: Int) { withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) } }
  mutating func add(_ value: Bool) { bytes.append(value ? 1 : 0) }
  /// Equal numbers give equal bytes: both zeros are one.
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
