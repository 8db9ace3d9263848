/// How the sound of an output is coded; with `OutputSettings` everything that decides its bytes besides the samples.
public struct SoundSettings: Equatable, Sendable {
  /// libavcodec's encoder name (`aac`, `libopus`, `flac`, `libmp3lame`, `pcm_s16le`).
  public var codec = "aac"
  /// Bits a second; 0: the encoder's own default.
  public var bitRate: Int64 = 0
  /// Options of the encoder, in order.
  public var options: [OutputSettings.Option] = []
  /// Samples a second, and channels: 1, 2, or 6 for 5.1 (L R C LFE Ls Rs).
  public var sampleRate = 48000
  public var channels = 2
  public init() {}
}
