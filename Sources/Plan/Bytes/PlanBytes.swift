import CSchema
import FrameModel

/// Writes the flat block that `PlanView` reads.
package enum PlanBytes {
  package struct LayerRecord {
    package var first: Int64
    package var end: Int64
    package var order: Int
    /// For a group: the members have orders between the group's own and this.
    package var membersEnd = 0
    package var layer: Layer
    package var motion: Int? = nil
    package var entering: Int? = nil
    package var leaving: Int? = nil

    package init(
      first: Int64, end: Int64, order: Int, membersEnd: Int = 0, layer: Layer, motion: Int? = nil, entering: Int? = nil,
      leaving: Int? = nil
    ) {
      (self.first, self.end, self.order, self.membersEnd) = (first, end, order, membersEnd)
      (self.layer, self.motion, self.entering, self.leaving) = (layer, motion, entering, leaving)
    }
  }

  /// The motions and transitions of a plan.
  package struct Changes {
    package var motions: [Motion] = []
    package var transitions: [TransitionRecord] = []
    package init() {}
  }

  package struct TransitionRecord: Hashable {
    package enum Kind: Hashable {
      case dissolve, cross, fade(RGBA), wipe(Direction), slide(Direction), push(Direction)
    }
    package var first: Int64
    package var end: Int64
    package var kind: Kind
    package var area: Rect

    package init(first: Int64, end: Int64, kind: Kind, area: Rect) {
      (self.first, self.end, self.kind, self.area) = (first, end, kind, area)
    }
  }

  /// `layers` are sorted by rising `first`, `streams` by rising `firstFrame`. `output.sound` tells how `sound` is coded.
  package static func encode(
    canvas: Canvas, output: OutputSettings, frames: Int64, sources: [SourceRecord], streams: [StreamRecord],
    layers: [LayerRecord], changes: Changes = Changes(), outputFilters: [WorkerEffect] = [], sound: SoundPlan? = nil
  ) -> CompiledPlan {
    var header = sluice_plan()
    var texts = TextArea()
    var values = ValueTable()
    header.magic = SLUICE_PLAN_MAGIC
    header.version = SLUICE_PLAN_VERSION
    header.header_bytes = UInt32(MemoryLayout<sluice_plan>.size)
    header.frame_count = frames
    header.width = UInt32(clamping: canvas.width)
    header.height = UInt32(clamping: canvas.height)
    header.format = canvas.format.rawValue
    header.rate = sluice_plan_rational(canvas.rate)
    header.sample_aspect = sluice_plan_rational(canvas.sampleAspect)
    header.background = sluice_plan_color(canvas.background)
    header.color = sluice_plan_description(canvas.color)
    header.codec = texts.add(output.codec)
    header.container = texts.add(output.format)
    header.pixel_format = texts.add(output.pixelFormat)
    header.output_aspect = sluice_plan_rational(output.sampleAspect)
    header.output_rate = sluice_plan_rational(output.rate)
    header.output_color = sluice_plan_description(output.color)
    header.output_width = UInt32(clamping: output.width)
    header.output_height = UInt32(clamping: output.height)
    header.output_threads = UInt32(clamping: output.threads)

    let sourceRecords = sources.map { source in
      sluice_plan_source(
        kind: source.kind.rawValue, is_still: source.isStill ? 1 : 0, text: texts.add(source.text), file_bytes: source.fileBytes,
        modified: source.modified, width: UInt32(clamping: source.width), height: UInt32(clamping: source.height),
        rate: sluice_plan_rational(source.rate))
    }
    var parameterRecords: [sluice_plan_parameter] = []
    var filters = FilterTable()
    let streamRecords = streams.map { stream in
      let firstParameter = parameterRecords.count
      parameterRecords += stream.parameters.map {
        sluice_plan_parameter(effect: UInt32($0.effect), reserved: 0, name: texts.add($0.name), value: values.add($0.value))
      }
      return sluice_plan_stream(
        source: UInt32(stream.source), is_still: stream.isStill ? 1 : 0, first_frame: stream.firstFrame,
        end_frame: stream.endFrame, start: sluice_plan_rational(stream.start), step: sluice_plan_rational(stream.step),
        number: stream.number, slot_bytes: UInt64(clamping: stream.slotBytes), slots: UInt32(clamping: stream.slots),
        threads: UInt32(clamping: stream.threads), tile_width: UInt32(stream.tile?.width ?? 0),
        tile_height: UInt32(stream.tile?.height ?? 0),
        tile_source: sluice_plan_rect(stream.tile?.source ?? Rect(x: 0, y: 0, width: 0, height: 0)),
        effects: texts.add(stream.effects), flags: stream.deinterlace ? SLUICE_STREAM_DEINTERLACE : 0,
        first_parameter: UInt32(firstParameter), parameter_count: UInt32(stream.parameters.count),
        warm_up: UInt32(stream.warmUp), key_start: sluice_plan_rational(stream.keyStart),
        key_step: sluice_plan_rational(stream.keyStep), private_bytes: UInt64(clamping: stream.privateBytes),
        first_filter: filters.add(stream.workerFilters, &texts), filter_count: UInt32(stream.workerFilters.count))
    }
    header.output_filter_first = filters.add(outputFilters, &texts)
    header.output_filter_count = UInt32(outputFilters.count)
    var layerRecords = layers.map(Self.record)
    _ = setMaximumEnds(&layerRecords, 0, layerRecords.count)
    let motionRecords = changes.motions.map { Self.record($0, &values) }
    let transitionRecords = changes.transitions.map(Self.record)
    let optionRecords = output.options.map { texts.add($0) }
    let soundRecords = sound.map { SoundRecords($0, output.sound ?? SoundSettings(), &texts, &values, &parameterRecords) }

    var bytes = [UInt8](repeating: 0, count: MemoryLayout<sluice_plan>.size)
    header.source_count = UInt32(sources.count)
    header.stream_count = UInt32(streams.count)
    header.layer_count = UInt32(layers.count)
    header.option_count = UInt32(output.options.count)
    header.source_offset = append(sourceRecords, to: &bytes)
    header.stream_offset = append(streamRecords, to: &bytes)
    header.layer_offset = append(layerRecords, to: &bytes)
    header.option_offset = append(optionRecords, to: &bytes)
    header.motion_count = UInt32(motionRecords.count)
    header.motion_offset = append(motionRecords, to: &bytes)
    header.transition_count = UInt32(transitionRecords.count)
    header.transition_offset = append(transitionRecords, to: &bytes)
    header.parameter_count = UInt32(parameterRecords.count)
    header.parameter_offset = append(parameterRecords, to: &bytes)
    header.key_count = UInt32(values.keys.count)
    header.key_offset = append(values.keys, to: &bytes)
    header.filter_count = UInt32(filters.records.count)
    header.filter_offset = append(filters.records, to: &bytes)
    header.sound_offset = soundRecords?.append(to: &bytes) ?? 0
    header.text_offset = append(texts.bytes, to: &bytes)
    header.text_bytes = UInt64(texts.bytes.count)
    header.bytes = UInt64(bytes.count)
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: header, as: sluice_plan.self) }
    return CompiledPlan(bytes: bytes)
  }

  /// Fills `max_end` of the tree over `low ..< high`; returns the largest end in it.
  private static func setMaximumEnds(_ layers: inout [sluice_plan_layer], _ low: Int, _ high: Int) -> Int64 {
    guard low < high else { return 0 }
    let middle = (low + high) / 2
    let below = setMaximumEnds(&layers, low, middle)
    let above = setMaximumEnds(&layers, middle + 1, high)
    layers[middle].max_end = max(below, layers[middle].end, above)
    return layers[middle].max_end
  }

  static func append<T: BitwiseCopyable>(_ records: [T], to bytes: inout [UInt8]) -> UInt64 {
    bytes.append(contentsOf: repeatElement(0, count: -bytes.count & 7))
    let offset = UInt64(bytes.count)
    records.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return offset
  }

  /// The table of filters. Equal chains are stored once.
  private struct FilterTable {
    var records: [sluice_plan_filter] = []
    private var known: [[WorkerEffect]: UInt32] = [:]

    /// Returns the index of the chain's first filter.
    mutating func add(_ chain: [WorkerEffect], _ texts: inout TextArea) -> UInt32 {
      if chain.isEmpty { return 0 }
      if let first = known[chain] { return first }
      let first = UInt32(records.count)
      known[chain] = first
      records += chain.map {
        sluice_plan_filter(
          name: texts.add($0.name), parameters: texts.add($0.parameters), version: texts.add($0.version),
          flags: $0.everyFrame ? SLUICE_FILTER_EVERY_FRAME : 0, reserved: 0)
      }
      return first
    }
  }

  /// The area of texts. Equal texts are stored once.
  struct TextArea {
    var bytes: [UInt8] = []
    /// The key is the bytes: texts that Swift calls equal may be names of different files.
    private var known: [[UInt8]: sluice_plan_text] = [:]

    mutating func add(_ text: String) -> sluice_plan_text {
      let utf8 = Array(text.utf8)
      if let record = known[utf8] { return record }
      let record = sluice_plan_text(offset: UInt32(bytes.count), bytes: UInt32(utf8.count))
      bytes += utf8
      known[utf8] = record
      return record
    }

    mutating func add(_ option: OutputSettings.Option) -> sluice_plan_option {
      sluice_plan_option(name: add(option.name), value: add(option.value))
    }
  }
}
