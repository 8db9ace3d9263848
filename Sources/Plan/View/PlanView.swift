import CSchema
import FrameModel

/// A plan read in place. `init?` checks every offset, index and number once; after that nothing is read out of bounds. The
/// memory must stay mapped and unchanged as long as the view is used.
public struct PlanView: @unchecked Sendable {
  // Sendable: read-only memory, never written while a view on it exists.
  let base: UnsafeRawPointer
  let header: sluice_plan

  /// nil when the block is not a valid plan of this version.
  public init?(_ base: UnsafeRawPointer, count: Int) {
    guard count >= MemoryLayout<sluice_plan>.size else { return nil }
    self.base = base
    header = base.loadUnaligned(as: sluice_plan.self)
    guard PlanCheck(base: base, header: header).isValid(count: count) else { return nil }
  }

  public var frameCount: Int64 { header.frame_count }
  public var streamCount: Int { Int(header.stream_count) }
  public var sourceCount: Int { Int(header.source_count) }
  /// Whether a layer changes from frame to frame by keyframes or transitions.
  public var isAnimated: Bool { header.motion_count > 0 || header.transition_count > 0 }

  public var canvas: Canvas {
    Canvas(
      width: Int(header.width), height: Int(header.height), format: PixelFormat(rawValue: header.format),
      rate: header.rate.value, background: header.background.value, color: header.color.value,
      sampleAspect: header.sample_aspect.value)
  }

  public var output: OutputSettings {
    var output = OutputSettings()
    output.codec = text(header.codec)
    output.format = text(header.container)
    output.pixelFormat = text(header.pixel_format)
    output.width = Int(header.output_width)
    output.height = Int(header.output_height)
    output.sampleAspect = header.output_aspect.value
    output.rate = header.output_rate.value
    output.color = header.output_color.value
    output.threads = Int(header.output_threads)
    output.options = options(header.option_offset, header.option_count)
    output.sound = soundSettings
    return output
  }

  func options(_ offset: UInt64, _ count: UInt32) -> [OutputSettings.Option] {
    (0..<Int(count)).map { index in
      let record = record(sluice_plan_option.self, offset, index)
      return OutputSettings.Option(text(record.name), text(record.value))
    }
  }

  /// Streams are stored by rising `firstFrame`.
  public func stream(_ index: Int) -> StreamRecord {
    precondition(index >= 0 && index < streamCount, "no such stream")
    let record = record(sluice_plan_stream.self, header.stream_offset, index)
    var stream = StreamRecord(
      source: Int(record.source), firstFrame: record.first_frame, endFrame: record.end_frame, start: record.start.value,
      step: record.step.value, number: record.number, threads: Int(record.threads), slotBytes: Int(record.slot_bytes),
      slots: Int(record.slots), isStill: record.is_still != 0,
      tile: record.tile_width == 0
        ? nil
        : StillTile(source: record.tile_source.value, width: Int(record.tile_width), height: Int(record.tile_height)))
    stream.effects = text(record.effects)
    stream.deinterlace = record.flags & SLUICE_STREAM_DEINTERLACE != 0
    stream.warmUp = Int(record.warm_up)
    stream.keyStart = record.key_start.value
    stream.keyStep = record.key_step.value
    stream.privateBytes = Int(record.private_bytes)
    stream.firstFilter = Int(record.first_filter)
    stream.workerFilters = (0..<Int(record.filter_count)).map { filter(stream.firstFilter + $0) }
    stream.parameters = (0..<Int(record.parameter_count)).map { offset in
      let parameter = self.record(
        sluice_plan_parameter.self, header.parameter_offset, Int(record.first_parameter) + offset)
      return StreamParameter(effect: Int(parameter.effect), name: text(parameter.name), value: animatable(parameter.value))
    }
    return stream
  }

  /// The number of workers' filters in the plan. A FILTER message names one by its index.
  public var filterCount: Int { Int(header.filter_count) }

  public func filter(_ index: Int) -> WorkerEffect {
    precondition(index >= 0 && index < filterCount, "no such filter")
    let record = record(sluice_plan_filter.self, header.filter_offset, index)
    return WorkerEffect(
      text(record.name), parameters: text(record.parameters), version: text(record.version),
      everyFrame: record.flags & SLUICE_FILTER_EVERY_FRAME != 0)
  }

  /// The filters that every output frame goes through, in order.
  public var outputFilters: Range<Int> {
    Int(header.output_filter_first)..<Int(header.output_filter_first) + Int(header.output_filter_count)
  }

  /// Whether another run gives the same frames from the same pictures. false when a filter of the output has no version. For the
  /// streams' own filters see `StreamRecord.isReproducible`.
  public var isOutputReproducible: Bool { outputFilters.allSatisfy { filter($0).isReproducible } }

  func animatable(_ value: sluice_plan_value) -> Animatable {
    guard value.key_count > 0 else { return .constant(Rational(approximating: value.constant)) }
    return .keys(
      (0..<Int(value.key_count)).map { index in
        let key = record(sluice_plan_key.self, header.key_offset, Int(value.first_key) + index)
        return Animatable.Key(time: key.time.value, value: Rational(approximating: key.value), ease: key.easing)
      })
  }

  public func source(_ index: Int) -> SourceRecord {
    precondition(index >= 0 && index < sourceCount, "no such source")
    let record = record(sluice_plan_source.self, header.source_offset, index)
    return SourceRecord(
      kind: SourceRecord.Kind(rawValue: record.kind) ?? .file, text: text(record.text), isStill: record.is_still != 0,
      fileBytes: record.file_bytes, modified: record.modified, width: Int(record.width), height: Int(record.height),
      rate: record.rate.value)
  }

  /// The visible layers of a frame, bottom to top, evaluated for it; what a layer above covers is left out. O(log layers),
  /// plus the layers found. `layers` is emptied first; handing in the same array again saves its allocation.
  public func layers(at frame: Int64, into layers: inout [Layer]) {
    layers.removeAll(keepingCapacity: true)
    var found: [(order: UInt32, index: Int)] = []
    collect(frame, 0, Int(header.layer_count), into: &found)
    found.sort { $0.order < $1.order }
    var rest = found[...]
    let canvas = Rect(x: 0, y: 0, width: Double(header.width), height: Double(header.height))
    evaluate(&rest, frame, on: canvas, below: .max, into: &layers)
  }

  /// The first frame after `frame` whose layers may differ from those of `frame`, but for their pictures; at most
  /// `frameCount`. O(log layers), plus the layers found.
  public func nextChange(after frame: Int64) -> Int64 {
    var next = header.frame_count
    // Layers are stored by rising first frame.
    var low = 0, high = Int(header.layer_count)
    while low < high {
      let middle = (low + high) / 2
      if record(sluice_plan_layer.self, header.layer_offset, middle).first <= frame { low = middle + 1 } else { high = middle }
    }
    if low < Int(header.layer_count) { next = min(next, record(sluice_plan_layer.self, header.layer_offset, low).first) }
    var found: [(order: UInt32, index: Int)] = []
    collect(frame, 0, Int(header.layer_count), into: &found)
    for (_, index) in found {
      let layer = record(sluice_plan_layer.self, header.layer_offset, index)
      if layer.motion >= 0, !rests(Int(layer.motion)) { return min(frame + 1, header.frame_count) }
      for index in [layer.entering, layer.leaving] where index >= 0 {
        let transition = record(sluice_plan_transition.self, header.transition_offset, Int(index))
        if transition.first <= frame, frame < transition.end { return min(frame + 1, header.frame_count) }
        if frame < transition.first { next = min(next, transition.first) }
      }
      next = min(next, layer.end)
    }
    return next
  }

  private func rests(_ motion: Int) -> Bool {
    let record = record(sluice_plan_motion.self, header.motion_offset, motion)
    let (crop, place) = (record.crop, record.place)
    let values = [crop.0, crop.1, crop.2, crop.3, place.0, place.1, place.2, place.3, record.rotation, record.opacity]
    return values.allSatisfy { $0.key_count == 0 } && (record.parent < 0 || rests(Int(record.parent)))
  }

  /// Layers with an order below `end`, which lie on one canvas.
  private func evaluate(
    _ rest: inout ArraySlice<(order: UInt32, index: Int)>, _ frame: Int64, on canvas: Rect, below end: UInt32,
    into layers: inout [Layer]
  ) {
    while let (order, index) = rest.first, order < end {
      rest = rest.dropFirst()
      let record = record(sluice_plan_layer.self, header.layer_offset, index)
      let isGroup = record.kind == SLUICE_LAYER_GROUP.rawValue
      guard var layer = layer(record, frame, on: canvas) else {
        if isGroup { rest = rest.drop { $0.order < record.members_end } }
        continue
      }
      guard isGroup else {
        layers.append(layer)
        continue
      }
      let at = layers.count
      layers.append(layer)
      let inner = Rect(x: 0, y: 0, width: Double(record.group_width), height: Double(record.group_height))
      evaluate(&rest, frame, on: inner, below: record.members_end, into: &layers)
      layer.content = .group(
        width: Int(record.group_width), height: Int(record.group_height), background: record.fill.value,
        members: layers.count - at - 1)
      layers[at] = layer
    }
  }

  /// nil when nothing of the layer is seen.
  private func layer(_ record: sluice_plan_layer, _ frame: Int64, on canvas: Rect) -> Layer? {
    let content: Layer.Content =
      record.kind == SLUICE_LAYER_PICTURE.rawValue ? .picture(stream: Int(record.stream)) : .fill(record.fill.value)
    var layer = Layer(
      content, source: record.source.value, destination: record.destination.value, clip: canvas, rotation: record.rotation,
      opacity: record.opacity, blend: BlendMode(rawValue: record.blend) ?? .normal)
    if record.motion >= 0 {
      guard let moved = motion(Int(record.motion), frame) else { return nil }
      let tile = record.kind == SLUICE_LAYER_PICTURE.rawValue ? stream(Int(record.stream)).tile : nil
      layer.source = tile?.map(moved.placed.source) ?? moved.placed.source
      layer.destination = moved.placed.destination
      layer.clip = moved.placed.clip
      layer.rotation = moved.rotation
      layer.opacity = moved.opacity
      if layer.rotation != 0 { layer.clip = moved.outerClip ?? canvas }
    } else if record.rotation == 0 {
      layer.clip = layer.destination
    }
    for (index, entering) in [(record.entering, true), (record.leaving, false)] where index >= 0 {
      let transition = self.record(sluice_plan_transition.self, header.transition_offset, Int(index))
      guard transition.first <= frame, frame < transition.end else { continue }
      let progress = Double(frame - transition.first) / Double(transition.end - transition.first)
      layer.apply(transition, progress: progress, entering: entering)
    }
    layer.clip = layer.clip.intersection(canvas)
    let seen = layer.rotation == 0 ? layer.destination.intersection(layer.clip) : layer.clip
    return layer.opacity > 0 && !seen.isEmpty && !layer.destination.isEmpty ? layer : nil
  }

  private struct Moved {
    var placed: Placed
    var constancy: MotionConstancy
    var rotation: Double
    var opacity: Double
    /// The clip of the canvases on which the picture lies; nil when none of them is placed by a motion.
    var outerClip: Rect?
  }

  private func motion(_ index: Int, _ frame: Int64) -> Moved? {
    guard var moved = rawMotion(index, frame) else { return nil }
    moved.placed = moved.placed.settled(moved.constancy, turns: moved.rotation != 0)
    return moved
  }

  /// The motion before it is put on whole pixels.
  private func rawMotion(_ index: Int, _ frame: Int64) -> Moved? {
    let record = self.record(sluice_plan_motion.self, header.motion_offset, index)
    let time = ClipTime(frame: frame, rate: header.rate.value, offset: record.offset.value, speed: record.speed.value)
    let motion = PlanMotion(record: record, time: time) { [self] in
      self.record(sluice_plan_key.self, header.key_offset, $0)
    }
    guard var placed = motion.placed else { return nil }
    // What does not show is left out before the picture is rotated.
    let everywhere = Rect(x: -1e7, y: -1e7, width: 2e7, height: 2e7)
    if motion.rotation != 0 { placed = placed.clipped(to: everywhere) ?? placed }
    guard record.parent >= 0 else {
      return Moved(
        placed: placed, constancy: MotionConstancy(record, parent: nil), rotation: motion.rotation, opacity: motion.opacity)
    }
    guard let outer = self.motion(Int(record.parent), frame) else { return nil }
    return Moved(
      placed: outer.placed.map(placed), constancy: MotionConstancy(record, parent: outer.constancy),
      rotation: motion.rotation, opacity: motion.opacity,
      outerClip: outer.placed.clip.intersection(outer.outerClip ?? outer.placed.clip))
  }

  /// Walks the tree that `sluice_plan_layer` describes. Its depth is the logarithm of the table's length.
  private func collect(_ frame: Int64, _ low: Int, _ high: Int, into found: inout [(order: UInt32, index: Int)]) {
    guard low < high else { return }
    let middle = (low + high) / 2
    let record = record(sluice_plan_layer.self, header.layer_offset, middle)
    guard record.max_end > frame else { return }
    collect(frame, low, middle, into: &found)
    guard record.first <= frame else { return }
    if record.end > frame { found.append((record.order, middle)) }
    collect(frame, middle + 1, high, into: &found)
  }

  func record<T: BitwiseCopyable>(_ type: T.Type, _ offset: UInt64, _ index: Int) -> T {
    base.loadUnaligned(fromByteOffset: Int(offset) + index * MemoryLayout<T>.stride, as: type)
  }

  func text(_ text: sluice_plan_text) -> String {
    let bytes = UnsafeRawBufferPointer(start: base + Int(header.text_offset) + Int(text.offset), count: Int(text.bytes))
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension CompiledPlan {
  package var isValid: Bool {
    bytes.withUnsafeBytes { raw in raw.baseAddress.map { PlanView($0, count: raw.count) != nil } ?? false }
  }

  /// Lends a view on the bytes. The view must not be used after `body` has returned.
  public func withView<R>(_ body: (PlanView) throws -> R) rethrows -> R {
    try bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress, let view = PlanView(base, count: raw.count) else {
        preconditionFailure("the plan compiler made a plan that does not hold")
      }
      return try body(view)
    }
  }
}
