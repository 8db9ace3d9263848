import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWResample
import CSWScale
import SluiceBase

/// Turns decoded frames, of whatever format, layout and rate, into planar float of one layout and rate. Used from one thread.
final class SoundConverter {
  let rate: Int
  let channels: Int
  private var layout = AVChannelLayout()
  private var context: OpaquePointer?
  /// What `context` takes in.
  private var input: (format: Int32, rate: Int32, layout: AVChannelLayout)?
  private var buffer: UnsafeMutablePointer<Float>
  private var capacity: Int
  private let planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

  /// Mono, stereo and quad stay; every other layout becomes 5.1.
  init(_ source: AVChannelLayout, rate: Int) {
    self.rate = rate
    var named = Self.named(source)
    switch named.nb_channels {
    case 1: av_channel_layout_from_mask(&layout, sluice_layout_mono())
    case 2: av_channel_layout_from_mask(&layout, sluice_layout_stereo())
    default:
      let isKept = [sluice_layout_quad(), sluice_layout_5point1(), sluice_layout_5point1_back()].contains {
        av_channel_layout_subset(&named, UInt64.max) == $0
      }
      av_channel_layout_from_mask(
        &layout, isKept ? av_channel_layout_subset(&named, UInt64.max) : sluice_layout_5point1())
    }
    channels = Int(layout.nb_channels)
    capacity = 4096
    buffer = .allocate(capacity: capacity * channels)
    planes = .allocate(capacity: channels)
    planes.initialize(repeating: nil, count: channels)
  }

  deinit {
    swr_free(&context)
    buffer.deallocate()
    planes.deallocate()
  }

  /// A layout without names gets those that are usual for so many channels.
  private static func named(_ layout: AVChannelLayout) -> AVChannelLayout {
    guard layout.order != AV_CHANNEL_ORDER_NATIVE else { return layout }
    var usual = AVChannelLayout()
    av_channel_layout_default(&usual, layout.nb_channels)
    return usual
  }

  /// Samples that were repaired since it was asked last.
  func takeRepaired() -> Int {
    defer { repaired = 0 }
    return repaired
  }
  private var repaired = 0

  /// The frame's samples, valid until the next call; see `SampleGuard`.
  func convert(
    _ frame: UnsafeMutablePointer<AVFrame>
  ) throws(SluiceError) -> (planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, count: Int) {
    let count = Int(frame.pointee.nb_samples)
    var own = Self.named(frame.pointee.ch_layout)
    if frame.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue, Int(frame.pointee.sample_rate) == rate,
      av_channel_layout_compare(&own, &layout) == 0
    {
      return (try repair(frame, count), count)
    }
    try prepare(frame, &own)
    let wanted = Int(swr_get_out_samples(context, Int32(count)))
    if wanted > capacity {
      buffer.deallocate()
      capacity = wanted
      buffer = .allocate(capacity: capacity * channels)
    }
    for channel in 0..<channels {
      planes[channel] = UnsafeMutableRawPointer(buffer + channel * capacity).assumingMemoryBound(to: UInt8.self)
    }
    let source = UnsafeMutableRawPointer(frame.pointee.extended_data)?.assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
    let made = swr_convert(context, planes, Int32(capacity), source, Int32(count))
    guard made >= 0 else { throw SluiceError(.badInput, "its sound cannot be converted: \(AVErrorText.text(made))") }
    for channel in 0..<channels { repaired += SampleGuard.repair(buffer + channel * capacity, Int(made)) }
    return (planes, Int(made))
  }

  /// The planes of a frame that is what is wanted already. Its memory may be the decoder's too: it is written only where it must be.
  private func repair(
    _ frame: UnsafeMutablePointer<AVFrame>, _ count: Int
  ) throws(SluiceError) -> UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?> {
    guard let data = frame.pointee.extended_data else { throw SluiceError(.software, "a frame of sound without samples") }
    let (planes, changed) = try SampleGuard.repair(frame, data, channels: channels, count)
    repaired += changed
    return planes
  }

  private func prepare(_ frame: UnsafeMutablePointer<AVFrame>, _ own: inout AVChannelLayout) throws(SluiceError) {
    if var input, context != nil, input.format == frame.pointee.format, input.rate == frame.pointee.sample_rate,
      av_channel_layout_compare(&input.layout, &own) == 0
    {
      return
    }
    swr_free(&context)
    let (code, message) = AVLog.capture { () -> Int32 in
      let code = swr_alloc_set_opts2(
        &context, &layout, AV_SAMPLE_FMT_FLTP, Int32(rate), &own, AVSampleFormat(frame.pointee.format), frame.pointee.sample_rate,
        0,
        nil)
      guard code >= 0 else { return code }
      // As the mix does it (Web Audio), where a mono stream goes on in stereo, or the other way round.
      switch (own.nb_channels, layout.nb_channels) {
      case (1, 2): swr_set_matrix(context, [1, 1], 1)
      case (2, 1): swr_set_matrix(context, [0.5, 0.5], 2)
      default: break
      }
      return swr_init(context)
    }
    guard code >= 0 else {
      throw SluiceError(.badInput, "its sound cannot be converted: \(message ?? AVErrorText.text(code))")
    }
    input = (frame.pointee.format, frame.pointee.sample_rate, own)
  }
}

/// Resamples planar float by an exact ratio with libswresample: output frame k stands at input frame k * input / output, without a
/// delay, the first output at the first input. Used from one thread.
public final class SoundResampler {
  public let channels: Int
  /// Input frames for `output` output frames; in lowest terms.
  public let input: Int
  public let output: Int
  /// Input frames that an output frame is computed from, at most: half of them before it.
  public let reach: Int
  private var context: OpaquePointer?
  private let inputs: UnsafeMutablePointer<UnsafePointer<UInt8>?>
  private let outputs: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

  public init(channels: Int, input: Int, output: Int) throws(SluiceError) {
    self.channels = channels
    self.input = input
    self.output = output
    // libswresample: filter_size 32, stretched where the rate falls, cutoff 0.97.
    reach = Int((32 * max(1, Double(input) / Double(output)) / 0.97).rounded(.up)) + 2
    inputs = .allocate(capacity: channels)
    inputs.initialize(repeating: nil, count: channels)
    outputs = .allocate(capacity: channels)
    outputs.initialize(repeating: nil, count: channels)
    try make()
  }

  deinit {
    swr_free(&context)
    inputs.deallocate()
    outputs.deallocate()
  }

  private func make() throws(SluiceError) {
    var layout = AVChannelLayout()
    av_channel_layout_default(&layout, Int32(channels))
    var same = layout
    let (code, message) = AVLog.capture { () -> Int32 in
      let code = swr_alloc_set_opts2(
        &context, &same, AV_SAMPLE_FMT_FLTP, Int32(output), &layout, AV_SAMPLE_FMT_FLTP, Int32(input), 0, nil)
      guard code >= 0, let context else { return code }
      // Ratios of a thousand phases and less are exact; others lie between two of 1024.
      av_opt_set_int(UnsafeMutableRawPointer(context), "exact_rational", 1, 0)
      av_opt_set_int(UnsafeMutableRawPointer(context), "linear_interp", 1, 0)
      return swr_init(context)
    }
    guard code >= 0 else {
      throw SluiceError(.badInput, "sound cannot be resampled by \(input)/\(output): \(message ?? AVErrorText.text(code))")
    }
  }

  /// Forgets what it was given: the next input frame is a first one.
  public func reset() throws(SluiceError) {
    swr_free(&context)
    try make()
  }

  /// Takes `count` frames in and gives up to `room` out; how many. Planes `stride` floats apart.
  public func process(
    _ from: UnsafePointer<Float>, stride: Int, count: Int, to: UnsafeMutablePointer<Float>, stride outStride: Int, room: Int
  ) throws(SluiceError) -> Int {
    for channel in 0..<channels {
      inputs[channel] = UnsafeRawPointer(from + channel * stride).assumingMemoryBound(to: UInt8.self)
      outputs[channel] = UnsafeMutableRawPointer(to + channel * outStride).assumingMemoryBound(to: UInt8.self)
    }
    let made = swr_convert(context, outputs, Int32(room), inputs, Int32(count))
    guard made >= 0 else { throw SluiceError(.software, "swr_convert: \(AVErrorText.text(made))") }
    return Int(made)
  }

  /// Output frames that so many more input frames give, at most.
  public func most(_ count: Int) -> Int { Int(swr_get_out_samples(context, Int32(count))) }
}
