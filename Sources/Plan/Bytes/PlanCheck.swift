import CSchema
import FrameModel

/// Checks of a plan that another process wrote.
struct PlanCheck {
  let base: UnsafeRawPointer
  let header: sluice_plan

  func isValid(count: Int) -> Bool {
    header.magic == SLUICE_PLAN_MAGIC && header.version == SLUICE_PLAN_VERSION
      && header.header_bytes == UInt32(MemoryLayout<sluice_plan>.size) && header.bytes <= UInt64(count)
      && header.frame_count >= 0 && header.frame_count <= CompiledPlan.maximumFrames
      && isPicture(header.width, header.height) && PixelFormat(rawValue: header.format).isValid
      && isPicture(header.output_width, header.output_height)
      && isPositive(header.rate) && isPositive(header.sample_aspect) && isPositive(header.output_rate)
      && isPositive(header.output_aspect) && header.background.isValid && header.output_threads <= 1024
      && fits(header.text_offset, header.text_bytes, 1)
      && isText(header.codec) && isText(header.container) && isText(header.pixel_format)
      && all(sluice_plan_option.self, header.option_offset, header.option_count) { isText($0.name) && isText($0.value) }
      && all(sluice_plan_source.self, header.source_offset, header.source_count) {
        $0.kind <= SLUICE_PLAN_SUBTITLES.rawValue && isText($0.text) && $0.rate.isValid && $0.width <= 65536 && $0.height <= 65536
      }
      && all(sluice_plan_stream.self, header.stream_offset, header.stream_count, isStream)
      && all(sluice_plan_layer.self, header.layer_offset, header.layer_count, isLayer)
      && all(sluice_plan_key.self, header.key_offset, header.key_count, isKey)
      && all(sluice_plan_parameter.self, header.parameter_offset, header.parameter_count) {
        isText($0.name) && isValue($0.value) && $0.effect < 1024
      }
      && all(sluice_plan_transition.self, header.transition_offset, header.transition_count) {
        $0.first < $0.end && $0.first >= -CompiledPlan.maximumFrames && $0.end <= 2 * CompiledPlan.maximumFrames
          && $0.kind <= SLUICE_TRANSITION_PUSH.rawValue && $0.direction <= SLUICE_DOWN.rawValue && $0.color.isValid
          && $0.area.isPlace
      }
      && all(sluice_plan_filter.self, header.filter_offset, header.filter_count) {
        isText($0.name) && (1...SLUICE_FILTER_NAME_BYTES).contains($0.name.bytes) && isText($0.parameters) && isText($0.version)
      }
      && UInt64(header.output_filter_first) + UInt64(header.output_filter_count) <= UInt64(header.filter_count)
      && areMotions && isSoundValid
  }

  private func isStream(_ stream: sluice_plan_stream) -> Bool {
    stream.source < header.source_count && stream.first_frame >= 0 && stream.first_frame < stream.end_frame
      && stream.end_frame <= header.frame_count && stream.start.isValid && stream.step.isValid
      && stream.number >= -1 && stream.slot_bytes <= 1 << 34 && stream.slots <= SLUICE_MAX_SLOTS && stream.threads <= 1024
      && stream.tile_width <= 65536 && stream.tile_height <= 65536 && stream.tile_source.isValid
      && isText(stream.effects) && stream.warm_up <= 1024 && stream.key_start.isValid && stream.key_step.isValid
      && stream.private_bytes <= 1 << 40
      && UInt64(stream.first_parameter) + UInt64(stream.parameter_count) <= UInt64(header.parameter_count)
      && UInt64(stream.first_filter) + UInt64(stream.filter_count) <= UInt64(header.filter_count)
      && (stream.tile_width == 0) == (stream.tile_height == 0)
  }

  private func isLayer(_ layer: sluice_plan_layer) -> Bool {
    let hasContent =
      switch layer.kind {
      case SLUICE_LAYER_PICTURE.rawValue: layer.stream >= 0 && Int64(layer.stream) < Int64(header.stream_count)
      case SLUICE_LAYER_FILL.rawValue: layer.stream == -1
      case SLUICE_LAYER_GROUP.rawValue:
        layer.stream == -1 && isPicture(layer.group_width, layer.group_height) && layer.members_end > layer.order
      default: false
      }
    return hasContent && layer.fill.isValid && layer.source.isValid && layer.destination.isPlace && layer.opacity >= 0
      && layer.opacity <= 1 && layer.rotation.magnitude <= 1e9 && layer.blend <= SLUICE_BLEND_PLUS.rawValue
      && isIndex(layer.motion, header.motion_count) && isIndex(layer.entering, header.transition_count)
      && isIndex(layer.leaving, header.transition_count)
  }

  private func isIndex(_ index: Int32, _ count: UInt32) -> Bool { index >= -1 && Int64(index) < Int64(count) }

  private func isKey(_ key: sluice_plan_key) -> Bool {
    key.time.isValid && key.value.magnitude <= 1e12 && key.ease <= SLUICE_EASE_BEZIER.rawValue
      && [key.x1, key.x2].allSatisfy { $0 >= 0 && $0 <= 1 } && [key.y1, key.y2].allSatisfy { $0.magnitude <= 1000 }
  }

  func isValue(_ value: sluice_plan_value) -> Bool {
    value.constant.magnitude <= 1e12 && UInt64(value.first_key) + UInt64(value.key_count) <= UInt64(header.key_count)
  }

  private var areMotions: Bool {
    var index: Int32 = -1
    return all(sluice_plan_motion.self, header.motion_offset, header.motion_count) { motion in
      index += 1
      let numbers = [
        motion.crop.0, motion.crop.1, motion.crop.2, motion.crop.3, motion.place.0, motion.place.1, motion.place.2,
        motion.place.3, motion.rotation, motion.opacity,
      ]
      return motion.offset.isValid && motion.speed.isValid && numbers.allSatisfy(isValue)
        && (1...65536).contains(motion.width) && (1...65536).contains(motion.height) && motion.aspect > 0
        && motion.aspect <= 1000 && motion.fit <= SLUICE_FIT_NONE.rawValue && motion.parent >= -1 && motion.parent < index
    }
  }

  private func isPicture(_ width: UInt32, _ height: UInt32) -> Bool {
    (1...65536).contains(width) && (1...65536).contains(height)
  }

  func isPositive(_ value: sluice_plan_rational) -> Bool { value.isValid && value.num > 0 }

  func isText(_ text: sluice_plan_text) -> Bool {
    UInt64(text.offset) + UInt64(text.bytes) <= header.text_bytes
  }

  func fits(_ offset: UInt64, _ count: UInt64, _ stride: Int) -> Bool {
    offset <= header.bytes && count <= (header.bytes - offset) / UInt64(stride)
  }

  func all<T: BitwiseCopyable>(_ type: T.Type, _ offset: UInt64, _ count: UInt32, _ check: (T) -> Bool) -> Bool {
    let stride = MemoryLayout<T>.stride
    guard fits(offset, UInt64(count), stride) else { return false }
    return (0..<Int(count)).allSatisfy { check(base.loadUnaligned(fromByteOffset: Int(offset) + $0 * stride, as: type)) }
  }
}

extension sluice_plan_rational {
  init(_ value: Rational) { self.init(num: value.num, den: value.den) }
  /// Bounds within which sums and products of a few such numbers fit 64 bits after reduction.
  var isValid: Bool { den > 0 && den <= 1 << 40 && num.magnitude <= 1 << 62 }
  var value: Rational { Rational(num, den) }
}

extension sluice_plan_color {
  init(_ value: RGBA) { self.init(red: value.red, green: value.green, blue: value.blue, alpha: value.alpha) }
  var isValid: Bool { [red, green, blue, alpha].allSatisfy { $0 >= 0 && $0 <= 1 } }
  var value: RGBA { RGBA(red: red, green: green, blue: blue, alpha: alpha) }
}

extension sluice_plan_rect {
  init(_ value: Rect) { self.init(x: value.x, y: value.y, width: value.width, height: value.height) }
  var isValid: Bool { [x, y, width, height].allSatisfy { $0 >= 0 && $0 <= 65536 } }
  /// May lie beyond the canvas.
  var isPlace: Bool { [x, y].allSatisfy { $0.magnitude <= 1e7 } && [width, height].allSatisfy { $0 >= 0 && $0 <= 1e7 } }
  var value: Rect { Rect(x: x, y: y, width: width, height: height) }
}

extension sluice_plan_description {
  init(_ color: ColorDescription) {
    self.init(
      matrix: color.matrix, primaries: color.primaries, transfer: color.transfer, full_range: color.fullRange ? 1 : 0,
      chroma_location: color.chromaLocation, reserved: (0, 0, 0))
  }
  var value: ColorDescription {
    ColorDescription(
      matrix: matrix, primaries: primaries, transfer: transfer, fullRange: full_range != 0, chromaLocation: chroma_location)
  }
}
