import AVBinding
import FrameModel
import SharedRing
import SluiceBase

/// Delivers the pictures of one source into the slots of a provider, one publication for each distinct picture with the
/// output frames that it serves.
///
/// The picture shown at a time is the last whose pts, less half a tick, is not after it; before the first picture the
/// first is shown, after the last the last is held. A damaged picture is not shown: the good one before it is held.
/// Use it from one thread: `run()` blocks there until the last frame is delivered or the provider is cancelled.
public final class DecodeStream {
  private let request: DecodeRequest
  private let provider: any SlotProvider
  private var hasWarnedOfDamage = false

  public init(request: DecodeRequest, provider: any SlotProvider) {
    self.request = request
    self.provider = provider
  }

  /// Throws 66 and 65 for a source that cannot be used, 70 when the slots do not suffice. Every slot that was acquired
  /// has come back, or been published, when it returns or throws; slots that libavcodec holds are released before.
  public func run() throws(SluiceError) {
    var request = request
    guard request.startFrame < request.endFrame else { return }
    let clock = BusyClock(provider.counters)
    clock.tick()
    defer { clock.tick() }
    try checkParameters(request)
    if case .subtitles(let key) = request.source { return try SubtitleDelivery(request, key, provider).run(clock) }
    var source = try open(clock)
    if request.number >= 0 { request.start = try start(of: request.number, source) }
    if !request.orderedRecipe.isEmpty {
      let parameters = request.isStateful ? request.parameters : []
      let first = request.firstFrame
      source = FilteredSource(
        source, request.orderedRecipe, warmUp: request.isStateful ? request.warmUp : 0, windowBytes: request.windowBytes
      ) { (graph) throws(SluiceError) in
        for parameter in parameters { try graph.set(effect: parameter.effect, parameter.name, parameter.value(first)) }
      }
    }
    let publisher = SlotPublisher(
      source, provider, place: request.place, effects: request.shownRecipe.isEmpty ? nil : ShownEffects(request, source),
      still: source.isStill ? request.still : nil)
    if request.isReverse, !source.isStill {
      let damaged = source
      try ReverseDelivery(request, source, provider) { [self] picture in
        clock.tick()
        report(damaged.takeDamage(), at: picture?.tick, damaged)
      }.run(publisher)
    } else {
      try deliver(request, from: source, publisher, clock)
    }
  }

  /// What was built for one value cannot follow another one: such a stream would depend on where it begins.
  private func checkParameters(_ request: DecodeRequest) throws(SluiceError) {
    guard request.isStateful else { return }
    for parameter in request.parameters {
      let value = parameter.value(request.firstFrame)
      if (request.firstFrame..<request.endFrame).contains(where: { parameter.value($0) != value }) {
        throw SluiceError(
          .badInput, "\(parameter.name): the options of effects that look at several pictures cannot change over time",
          at: request.place, advice: "use constant values")
      }
    }
  }

  private func open(_ clock: BusyClock) throws(SluiceError) -> any PictureSource {
    let privately = request.still != nil || request.isReverse || request.deinterlace || !request.effects.isEmpty
    let allocator = SlotAllocator(provider, clock: clock, privately: privately)
    switch request.source {
    case .filterGraph(let text): return try GraphSource(text)
    case .file(let path): return try FileSource(path: path, threads: request.threads, allocator: allocator)
    case .sequence(let key): return try SequenceSource(key, allocator: allocator)
    case .title(let key): return DrawnSource(try DrawnPicture.title(key))
    case .subtitles: throw SluiceError(.software, "subtitles are drawn for every frame", at: request.place)
    }
  }

  private func start(of number: Int64, _ source: any PictureSource) throws(SluiceError) -> Rational {
    if case .sequence = request.source { return source.clock.time(number) }  // ticks count pictures
    guard case .file(let path) = request.source, !source.isStill else {
      guard number == 0 || !source.isStill else {
        throw SluiceError(.badInput, "has no frame \(number): it has 1", at: request.place, advice: "numbers count from 0")
      }
      throw SluiceError(.badInput, "frames of a filter graph have no numbers", at: request.place, advice: "ask by time")
    }
    return source.clock.time(try FrameIndex.tick(of: number, path: path, threads: request.threads))
  }

  private func deliver(
    _ request: DecodeRequest, from source: any PictureSource, _ publisher: SlotPublisher, _ clock: BusyClock
  ) throws(SluiceError) {
    var frame = request.startFrame
    var limit = source.clock.limit(request.time(of: frame))
    // Effects with a state have seen everything from the first frame on.
    let from = request.isStateful ? request.firstFrame : request.startFrame
    try source.position(before: source.clock.limit(request.time(of: from)), keeping: 0)
    var shown: Picture?
    var taken: Int64 = 0
    while !provider.isCancelled {
      if shown != nil { try source.advance(to: limit) }
      let coming = try source.next()
      clock.tick()
      report(source.takeDamage(), at: coming?.tick, source)
      guard let coming else { break }
      taken += 1
      guard let current = shown else {
        shown = coming
        try publishAhead(coming, request, from: source, publisher, &frame, &limit)
        if frame == request.endFrame { return }
        continue
      }
      if coming.isDamaged, !current.isDamaged {
        report((1, "damaged picture"), at: coming.tick, source)
        continue
      }
      // A damaged picture stands in only until the first good one.
      if current.isDamaged, !coming.isDamaged, frame == request.startFrame {
        report((1, "damaged picture"), at: current.tick, source)
        shown = coming
        continue
      }
      let first = frame
      while frame < request.endFrame, limit < coming.tick {
        frame += 1
        limit = source.clock.limit(request.time(of: frame))
      }
      if frame > first { try publisher.publish(current, first: first, count: frame - first) }
      shown = coming
      if frame == request.endFrame { return }
      try publishAhead(coming, request, from: source, publisher, &frame, &limit)
      if frame == request.endFrame { return }
    }
    if provider.isCancelled { return }
    guard let last = shown else {
      throw SluiceError(
        .badInput, "no picture could be decoded", at: request.place, advice: "the file may be damaged or incomplete")
    }
    if !source.isStill, taken > 1 || request.startFrame > request.firstFrame { warnOfEnd(request, last, source.clock) }
    try publisher.publish(last, first: frame, count: request.endFrame - frame)
  }

  /// Hands a picture on before the next one is decoded, for the frames that surely show it: a slot less is under way.
  private func publishAhead(
    _ picture: Picture, _ request: DecodeRequest, from source: any PictureSource, _ publisher: SlotPublisher,
    _ frame: inout Int64, _ limit: inout Int64
  ) throws(SluiceError) {
    guard !picture.isDamaged, limit >= picture.tick, let next = source.nextTick else { return }
    let first = frame
    while frame < request.endFrame, limit < next {
      frame += 1
      limit = source.clock.limit(request.time(of: frame))
    }
    if frame > first { try publisher.publish(picture, first: first, count: frame - first) }
  }

  private func warnOfEnd(_ request: DecodeRequest, _ last: Picture, _ clock: TickClock) {
    let (end, overflow) = last.tick.addingReportingOverflow(2 * max(1, min(last.duration, .max / 4)))
    guard !overflow, clock.limit(request.time(of: request.endFrame - 1)) > end else { return }
    let seconds = DecimalText.seconds(clock.time(last.tick + last.duration).double)
    provider.warn("\(request.place): ends at \(seconds) s, before the clip does; its last picture is held")
  }

  private func report(_ damage: (count: UInt64, message: String?), at tick: Int64?, _ source: any PictureSource) {
    guard damage.count > 0 else { return }
    provider.counters.add(.damagedFrames, damage.count)
    guard !hasWarnedOfDamage else { return }
    hasWarnedOfDamage = true
    let place = tick.map { " near \(DecimalText.seconds(source.clock.time($0).double)) s" } ?? " at its end"
    let reason = damage.message.map { " (\($0))" } ?? ""
    provider.warn("\(request.place): damaged\(place)\(reason); the last good picture is held there")
  }
}
