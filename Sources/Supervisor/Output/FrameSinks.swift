import SluiceBase

/// Chooses the end of a run's lanes.
enum FrameSinks {
  /// Whether the output is a FIFO, which is opened, and so waited for, before anything else is made.
  static func isStream(_ configuration: RunConfiguration, _ prepared: RunPreparation) -> Bool {
    !prepared.storeOnly && configuration.encoderCommand == nil && OutputTarget.isPipe(configuration.output)
  }

  /// nil: the run has no output.
  static func target(_ configuration: RunConfiguration, _ prepared: RunPreparation) throws(SluiceError) -> OutputTarget? {
    if prepared.storeOnly { return nil }
    return try OutputTarget(
      path: configuration.output, overwrite: configuration.overwrite, command: configuration.encoderCommand)
  }

  static func make(
    _ flow: SegmentFlow, _ target: OutputTarget?, _ configuration: RunConfiguration, isDirect: Bool, _ context: SinkContext
  ) throws(SluiceError) -> any FrameSink {
    guard let target else {
      guard !isDirect else {
        throw SluiceError(
          .badInput, "only formats with segments (mp4, mkv, mov, webm) can go into the store alone",
          at: configuration.launchFile ?? "", advice: "take out \"output\", or name another format")
      }
      return try StoreSink(flow, context)
    }
    if target.kind == .command { return ExternalEncoderSink(flow, target: target) }
    let name = target.kind == .standardOutput ? "standard output" : configuration.output
    return isDirect
      ? DirectStreamSink(flow, target: target, name: name) : SegmentedFileSink(flow, target: target, name: name, context)
  }
}

extension RunPreparation {
  /// Segments go into the store, and nowhere else.
  var storeOnly: Bool { launch.storeOnly }
}
