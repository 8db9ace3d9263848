import SluiceBase

/// A chain of libavfilter that sound goes through, as probing is asked for it: whether it can be built for that sound.
public struct SoundEffectKey: Hashable, Sendable {
  public var chain: String
  public var sampleRate: Int
  public var channels: Int
  /// Of the effect in its project, for errors.
  public var place: String

  public init(chain: String, sampleRate: Int, channels: Int, place: String) {
    (self.chain, self.sampleRate, self.channels, self.place) = (chain, sampleRate, channels, place)
  }

  /// nil for the key of a source.
  public init?(_ key: String) {
    guard key.hasPrefix("{"), let value = try? JSONReader.read(key), let chain = value["soundEffect"]?.string,
      let rate = value["sampleRate"]?.number?.integer, 1...768_000 ~= rate,
      let channels = value["channels"]?.number?.integer, 1...64 ~= channels, let place = value["place"]?.string
    else { return nil }
    self.init(chain: chain, sampleRate: Int(rate), channels: Int(channels), place: place)
  }

  public var text: String {
    JSONValue.object([
      "soundEffect": .string(chain), "sampleRate": .number(sampleRate), "channels": .number(channels), "place": .string(place),
    ]).line
  }
}
