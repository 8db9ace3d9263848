/// Private memory of the decoder for streams whose pictures do not go straight from the codec into slots: streams with effects,
/// deinterlaced ones, and those played backwards. Pure, so that a memory plan can count it.
public enum StreamMemory {
  /// Bytes of pictures that a stream keeps to be able to hand them out backwards, or to lead effects up to their first picture.
  public static let windowBytes = 64 << 20

  /// An upper bound, beside what the codec itself needs; 0 for streams that decode into slots.
  /// - Parameters:
  ///   - video: as probed, with the effects in its key.
  ///   - threads: of the codec; each holds one picture more.
  ///   - effects: JSON of an `EffectChain`; empty: none.
  ///   - warmUp: source pictures that the effects must have seen.
  public static func privateBytes(
    _ video: MediaInfo.Video, threads: Int, effects: String, deinterlace: Bool, isReverse: Bool, warmUp: Int
  ) -> Int {
    guard !effects.isEmpty || deinterlace || isReverse else { return 0 }
    let source = max(video.sourceBytes, 1)
    var bytes = source * (video.sourceBuffers + max(threads, 1))
    let isStateful = deinterlace || (!effects.isEmpty && !EffectTraits.isStateless(effects))
    // Every link of a graph may hold a picture; a chain keeps few of them at once.
    if !effects.isEmpty { bytes += 3 * max(video.slotBytes, source) }
    if deinterlace { bytes += 5 * source }
    let kept = max(2, windowBytes / source)
    if isStateful { bytes += source * min(warmUp + 3, kept) }
    if isReverse { bytes += (isStateful ? 2 : 1) * source * kept }
    return bytes
  }
}
