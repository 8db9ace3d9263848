/// Runs the steps for one quantum. A plain value, so that rendering touches no reference count and no dynamic exclusivity check.
struct Renderer {
  let steps: UnsafeMutablePointer<Step>
  let count: Int
  let buffers: UnsafeMutablePointer<Float>
  let stride: Int
  let silent: UnsafeMutablePointer<Bool>
  let scratch: Scratch

  private func signal(_ buffer: Int32, _ channels: Int32) -> Signal {
    Signal(base: buffers + Int(buffer) * stride, channels: Int(channels))
  }

  func render(_ frame: Int64) {
    for index in 0..<count {
      let step = steps[index]
      let output = signal(step.output, step.outputChannels)
      if step.operation == .mix {
        mix(step, output)
      } else if let state = step.state {
        silent[Int(step.output)] = run(step, state, output, frame)
      }
    }
  }

  private func run(_ step: Step, _ state: UnsafeMutableRawPointer, _ output: Signal, _ frame: Int64) -> Bool {
    if step.operation == .source { return state.assumingMemoryBound(to: SourceState.self).pointee.process(output, frame) }
    if step.operation == .constant {
      return state.assumingMemoryBound(to: ConstantState.self).pointee.process(output, frame, scratch)
    }
    let input = signal(step.input, step.inputChannels)
    let quiet = silent[Int(step.input)]
    return switch step.operation {
    case .gain: state.assumingMemoryBound(to: GainState.self).pointee.process(input, quiet, output, frame, scratch)
    case .panner: state.assumingMemoryBound(to: PannerState.self).pointee.process(input, quiet, output, frame, scratch)
    case .biquad: state.assumingMemoryBound(to: BiquadState.self).pointee.process(input, quiet, output, frame, scratch)
    case .delay: state.assumingMemoryBound(to: DelayState.self).pointee.process(input, quiet, output, frame, scratch)
    case .compressor: state.assumingMemoryBound(to: CompressorState.self).pointee.process(input, quiet, output, frame, scratch)
    case .limiter: state.assumingMemoryBound(to: LimiterState.self).pointee.process(input, quiet, output, frame, scratch)
    case .meter: state.assumingMemoryBound(to: MeterState.self).pointee.process(input, quiet, output)
    case .source, .constant, .mix: true
    }
  }

  private func mix(_ step: Step, _ output: Signal) {
    if step.first {
      output.clear()
      silent[Int(step.output)] = true
    }
    guard step.input >= 0, !silent[Int(step.input)], let taps = step.taps else { return }
    let input = signal(step.input, step.inputChannels)
    for index in 0..<Int(step.tapCount) {
      let tap = taps[index]
      ChannelMixing.add(input.plane(Int(tap.input)), times: tap.gain, to: output.plane(Int(tap.output)))
    }
    silent[Int(step.output)] = false
  }
}
