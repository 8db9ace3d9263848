/// AudioBufferSourceNode over a `SampleProvider`: silent before `start` and from `stop` on, exact to the frame.
struct SourceState: NodeState {
  /// Held by the graph as long as the node is in use.
  var provider: Unmanaged<SampleProvider>?
  /// Frames of the graph.
  var start = Int64.max
  var stop = Int64.max
  /// Of the provider, at `start`.
  var offset: Int64 = 0
  /// Frames that should have been there and were not.
  var starvedFrames: Int64 = 0

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {}

  mutating func reset() {}

  mutating func process(_ output: Signal, _ frame: Int64) -> Bool {
    let end = frame + Int64(Quantum.frames)
    guard let provider, start < end, stop > frame else {
      output.clear()
      return true
    }
    let first = Int(max(start - frame, 0))
    let count = Int(min(stop, end) - frame) - first
    guard count > 0 else {
      output.clear()
      return true
    }
    let position = frame + Int64(first) - start + offset
    let destination = SampleDestination(
      channels: output.channels, count: count, base: output.base + first, stride: Quantum.frames)
    let (got, length) = provider._withUnsafeGuaranteedRef { provider in
      (min(max(provider.read(at: position, into: destination), 0), count), provider.frames)
    }
    if got < count {
      let due = length.map { min(max($0 - position, 0), Int64(count)) } ?? Int64(count)
      starvedFrames += max(0, due - Int64(got))
    }
    for channel in 0..<output.channels {
      let plane = output.plane(channel)
      plane.update(repeating: 0, count: first)
      (plane + first + got).update(repeating: 0, count: Quantum.frames - first - got)
    }
    return got == 0
  }
}

/// ConstantSourceNode: `offset`, from `start` until `stop`.
struct ConstantState: NodeState {
  let offset: UnsafeMutablePointer<Parameter>
  var start = Int64.max
  var stop = Int64.max

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    offset = parameters
  }

  mutating func reset() {}

  mutating func process(_ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    let constant = offset.pointee.values(at: frame, scratch.values(0))
    let end = frame + Int64(Quantum.frames)
    guard start < end, stop > frame else {
      output.clear()
      return true
    }
    let plane = output.plane(0)
    for i in 0..<Quantum.frames {
      let now = frame + Int64(i)
      plane[i] = now >= start && now < stop ? Float(constant ?? scratch.values(0)[i]) : 0
    }
    return false
  }
}
