import CSluice
import FrameModel

/// A plan read in place. `init?` checks every offset, index and number once; after that nothing in it can be read out
/// of bounds. The memory must stay mapped, and unchanged, as long as the view is used.
public struct PlanView: @unchecked Sendable {
  // Sendable: read-only memory, never written while a view on it exists.
  private let base: UnsafeRawPointer
  private let header: sluice_plan

  /// nil when the block is not a sound plan of this version.
  public init?(_ base: UnsafeRawPointer, count: Int) {
    guard count >= MemoryLayout<sluice_plan>.size else { return nil }
    self.base = base
    header = base.loadUnaligned(as: sluice_plan.self)
    guard PlanCheck(base: base, header: header).isSound(count: count) else { return nil }
  }

  public var frameCount: Int64 { header.frame_count }
  public var streamCount: Int { Int(header.stream_count) }
  public var sourceCount: Int { Int(header.source_count) }

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
    output.options = (0..<Int(header.option_count)).map { index in
      let record = record(sluice_plan_option.self, header.option_offset, index)
      return OutputSettings.Option(text(record.name), text(record.value))
    }
    return output
  }

  /// Streams are stored by rising `firstFrame`.
  public func stream(_ index: Int) -> StreamRecord {
    precondition(index >= 0 && index < streamCount, "no such stream")
    let record = record(sluice_plan_stream.self, header.stream_offset, index)
    return StreamRecord(
      source: Int(record.source), firstFrame: record.first_frame, endFrame: record.end_frame, start: record.start.value,
      step: record.step.value, number: record.number, threads: Int(record.threads), slotBytes: Int(record.slot_bytes),
      slots: Int(record.slots), isStill: record.is_still != 0,
      tile: record.tile_width == 0
        ? nil
        : StillTile(source: record.tile_source.value, width: Int(record.tile_width), height: Int(record.tile_height)))
  }

  public func source(_ index: Int) -> SourceRecord {
    precondition(index >= 0 && index < sourceCount, "no such source")
    let record = record(sluice_plan_source.self, header.source_offset, index)
    return SourceRecord(
      kind: SourceRecord.Kind(rawValue: record.kind) ?? .file, text: text(record.text), isStill: record.is_still != 0,
      fileBytes: record.file_bytes, modified: record.modified, width: Int(record.width), height: Int(record.height),
      rate: record.rate.value)
  }

  /// Index of the first stream whose `firstFrame` is not below `frame` (`streamCount` when there is none): the streams
  /// from there on are still to be opened. O(log streams).
  public func firstStream(from frame: Int64) -> Int {
    var low = 0, high = streamCount
    while low < high {
      let middle = (low + high) / 2
      if record(sluice_plan_stream.self, header.stream_offset, middle).first_frame < frame {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /// The visible layers of a frame, bottom to top; what a layer above covers is left out. O(log layers), plus the
  /// layers found. `layers` is emptied first; handing in the same array again saves its allocation.
  public func layers(at frame: Int64, into layers: inout [Layer]) {
    layers.removeAll(keepingCapacity: true)
    var found: [(order: UInt32, index: Int)] = []
    collect(frame, 0, Int(header.layer_count), into: &found)
    found.sort { $0.order < $1.order }
    for (_, index) in found {
      let record = record(sluice_plan_layer.self, header.layer_offset, index)
      layers.append(
        Layer(
          stream: Int(record.stream), fill: record.fill.value, source: record.source.value,
          destination: record.destination.value, opacity: record.opacity))
    }
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

  private func record<T: BitwiseCopyable>(_ type: T.Type, _ offset: UInt64, _ index: Int) -> T {
    base.loadUnaligned(fromByteOffset: Int(offset) + index * MemoryLayout<T>.stride, as: type)
  }

  private func text(_ text: sluice_plan_text) -> String {
    let bytes = UnsafeRawBufferPointer(start: base + Int(header.text_offset) + Int(text.offset), count: Int(text.bytes))
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Plan {
  var isSound: Bool {
    bytes.withUnsafeBytes { raw in raw.baseAddress.map { PlanView($0, count: raw.count) != nil } ?? false }
  }

  /// Lends a view on the bytes; it must not escape.
  public func withView<R>(_ body: (PlanView) throws -> R) rethrows -> R {
    try bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress, let view = PlanView(base, count: raw.count) else {
        preconditionFailure("the plan compiler made a plan that does not hold")
      }
      return try body(view)
    }
  }
}
