import CSchema
import FrameModel

/// Records of layers, and of the motions and transitions that change them.
extension PlanBytes {
  static func record(_ record: LayerRecord) -> sluice_plan_layer {
    let layer = record.layer
    var out = sluice_plan_layer()
    out.first = record.first
    out.end = record.end
    out.order = UInt32(record.order)
    out.members_end = UInt32(record.membersEnd)
    out.stream = -1
    switch layer.content {
    case .fill(let color):
      out.kind = SLUICE_LAYER_FILL.rawValue
      out.fill = sluice_plan_color(color)
    case .picture(let stream):
      out.kind = SLUICE_LAYER_PICTURE.rawValue
      out.stream = Int32(stream)
    case .group(let width, let height, let background, _):
      out.kind = SLUICE_LAYER_GROUP.rawValue
      out.fill = sluice_plan_color(background)
      out.group_width = UInt32(width)
      out.group_height = UInt32(height)
    }
    out.source = sluice_plan_rect(layer.source)
    out.destination = sluice_plan_rect(layer.destination)
    out.opacity = layer.opacity
    out.rotation = layer.rotation
    out.blend = layer.blend.rawValue
    out.motion = Int32(record.motion ?? -1)
    out.entering = Int32(record.entering ?? -1)
    out.leaving = Int32(record.leaving ?? -1)
    return out
  }

  static func record(_ motion: Motion, _ values: inout ValueTable) -> sluice_plan_motion {
    var out = sluice_plan_motion()
    out.offset = sluice_plan_rational(motion.time.offset)
    out.speed = sluice_plan_rational(motion.time.speed)
    out.width = motion.width
    out.height = motion.height
    out.aspect = motion.aspect
    out.fit = motion.fit.planValue
    out.parent = Int32(motion.parent ?? -1)
    func whole(_ length: Double) -> sluice_plan_value { sluice_plan_value(constant: length, first_key: 0, key_count: 0) }
    if let crop = motion.crop {
      out.crop = (values.add(crop.x), values.add(crop.y), values.add(crop.width), values.add(crop.height))
    } else {
      out.crop = (whole(0), whole(0), whole(motion.width), whole(motion.height))
    }
    let place = motion.place
    out.place = (values.add(place.x), values.add(place.y), values.add(place.width), values.add(place.height))
    out.rotation = values.add(motion.rotation)
    out.opacity = values.add(motion.opacity)
    return out
  }

  static func record(_ transition: TransitionRecord) -> sluice_plan_transition {
    var out = sluice_plan_transition()
    out.first = transition.first
    out.end = transition.end
    out.area = sluice_plan_rect(transition.area)
    switch transition.kind {
    case .dissolve: out.kind = SLUICE_TRANSITION_DISSOLVE.rawValue
    case .cross: out.kind = SLUICE_TRANSITION_CROSS.rawValue
    case .fade(let color):
      out.kind = SLUICE_TRANSITION_FADE.rawValue
      out.color = sluice_plan_color(color)
    case .wipe(let direction):
      out.kind = SLUICE_TRANSITION_WIPE.rawValue
      out.direction = Self.value(direction)
    case .slide(let direction):
      out.kind = SLUICE_TRANSITION_SLIDE.rawValue
      out.direction = Self.value(direction)
    case .push(let direction):
      out.kind = SLUICE_TRANSITION_PUSH.rawValue
      out.direction = Self.value(direction)
    }
    return out
  }

  private static func value(_ direction: Direction) -> UInt32 {
    switch direction {
    case .left: SLUICE_LEFT.rawValue
    case .right: SLUICE_RIGHT.rawValue
    case .up: SLUICE_UP.rawValue
    case .down: SLUICE_DOWN.rawValue
    }
  }

  /// Numbers over time. Equal lists of keyframes are stored once.
  struct ValueTable {
    var keys: [sluice_plan_key] = []
    private var known: [[Animatable.Key]: UInt32] = [:]

    mutating func add(_ value: Animatable) -> sluice_plan_value {
      switch value {
      case .constant(let number): return sluice_plan_value(constant: number.double, first_key: 0, key_count: 0)
      case .keys(let list):
        let first = known[list] ?? UInt32(keys.count)
        if known.updateValue(first, forKey: list) == nil { keys += list.map(Self.record) }
        return sluice_plan_value(constant: 0, first_key: first, key_count: UInt32(list.count))
      }
    }

    private static func record(_ key: Animatable.Key) -> sluice_plan_key {
      var out = sluice_plan_key()
      out.time = sluice_plan_rational(key.time)
      out.value = key.value.double
      switch key.ease {
      case .linear: out.ease = SLUICE_EASE_LINEAR.rawValue
      case .hold: out.ease = SLUICE_EASE_HOLD.rawValue
      case .bezier(let x1, let y1, let x2, let y2):
        out.ease = SLUICE_EASE_BEZIER.rawValue
        (out.x1, out.y1, out.x2, out.y2) = (x1, y1, x2, y2)
      }
      return out
    }
  }
}
