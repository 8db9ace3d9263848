import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// The sound of a media file from any place in it.
///
/// Where the timestamps tell each sample (or a codec's frames have one length, so that coarse ones do too) a seek begins to decode a
/// little before the place wanted: at packets that depend on nothing but that place. What a codec remembers for longer than that (noise
/// that it substitutes) may differ; places never do. Where they do not, the file is decoded from its start.
public final class SoundFile: SoundFeed {
  public static let maximumRate = 768_000

  public let rate: Int
  public var channels: Int { converter.channels }
  private let path: String
  private let streamNumber: Int
  private var demuxer: Demuxer
  private var decoder: SoundDecoder
  private let converter: SoundConverter
  private var clock: SoundClock
  private let packet: PacketBox
  private var isDraining = false
  private var isAtStart = true
  private var damage: SoundDamage?
  /// Its end was found to be too early, and told.
  private var hasToldEnd = false

  /// Sample frames of a packet where all have as many; where the first begins.
  private let packetFrames: Int64
  private var grid: Int64?
  private let preroll: Int64
  private let isTrusted: Bool
  private let isSeekable: Bool
  /// After a seek: frames before this tick are not decoded, and complaints before this sample do not count.
  private var skipsTo: Int64?
  private var whole = Int64.min
  private var awaitsFirst = false

  /// Opens stream `number` of the file's sound streams. `zero`: presentation time, seconds, that positions count from.
  public init(path: String, stream number: Int, zero: Rational) throws(SluiceError) {
    self.path = path
    streamNumber = number
    demuxer = try Demuxer(path: path, sound: number)
    decoder = try SoundDecoder(demuxer)
    packet = try PacketBox()
    guard let parameters = demuxer.stream?.pointee.codecpar.pointee else {
      throw SluiceError(.badInput, "no such sound stream in this file", at: path)
    }
    rate = Int(parameters.sample_rate)
    guard 1000...Self.maximumRate ~= rate, 1...64 ~= parameters.ch_layout.nb_channels else {
      throw SluiceError(
        .badInput, "sound of \(rate) Hz and \(parameters.ch_layout.nb_channels) channels cannot be used", at: path)
    }
    converter = SoundConverter(parameters.ch_layout, rate: rate)
    clock = SoundClock(timeBase: demuxer.timeBase, zero: zero, rate: rate)
    packetFrames = Int64(max(0, parameters.frame_size))
    let properties = avcodec_descriptor_get(parameters.codec_id)?.pointee.props ?? 0
    // Lossless codecs begin anew with every packet; others remember a few.
    preroll =
      properties & AV_CODEC_PROP_LOSSLESS != 0 && properties & AV_CODEC_PROP_LOSSY == 0 ? Int64(rate) / 10 : Int64(rate) * 3 / 10
    isTrusted = clock.isExact || packetFrames > 0
    let names = demuxer.containerName.split(separator: ",").map(String.init)
    isSeekable =
      isTrusted && names.contains { ["mov", "matroska", "wav", "w64", "aiff", "caf", "flac", "mpegts", "au"].contains($0) }
  }

  public func takeDamage() -> SoundDamage? {
    defer { damage = nil }
    return damage
  }

  // MARK: Position

  public func seek(to sample: Int64) throws(SluiceError) {
    // What is complained of on the way is met again, or does not count.
    let before = damage
    defer { damage = before }
    let target = sample.subtractingReportingOverflow(preroll).partialValue
    guard isTrusted, target > 0 else { return try restart() }
    if !clock.isExact, grid == nil {
      try restart()
      _ = try next()
    }
    let tick = clock.tick(target)
    if isSeekable, demuxer.seek(to: tick) {
      decoder = try SoundDecoder(demuxer)
      begin(skipTo: tick, whole: sample)
      if try skip() { return }
    }
    try restart()
    begin(skipTo: tick, whole: sample)
    if try skip() { return }
    try restart()
  }

  private func begin(skipTo tick: Int64?, whole sample: Int64) {
    isDraining = false
    isAtStart = false
    skipsTo = tick
    whole = sample
    awaitsFirst = true
    clock.forget()
  }

  /// Puts the first packet that is to be decoded into `packet`; false where that cannot be told.
  private func skip() throws(SluiceError) -> Bool {
    guard let tick = skipsTo else { return true }
    skipsTo = nil
    var isFirst = true
    while demuxer.read(into: packet) {
      guard let pts = packet.pts else { return false }
      // A seek that landed behind the place.
      if isFirst, pts > tick, isSeekable { return false }
      isFirst = false
      if pts + max(packet.duration, 1) > tick {
        holdsPacket = true
        return true
      }
    }
    isDraining = true
    _ = decoder.send(nil)
    return true
  }
  private var holdsPacket = false

  /// From the file's start, whatever the container can seek.
  private func restart() throws(SluiceError) {
    if !isAtStart {
      demuxer = try Demuxer(path: path, sound: streamNumber)
      decoder = try SoundDecoder(demuxer)
    }
    begin(skipTo: nil, whole: Int64.min)
    isAtStart = true
    holdsPacket = false
    awaitsFirst = false
    clock = SoundClock(timeBase: clock.timeBase, zero: clock.zero, rate: rate)
  }

  // MARK: Sound

  public func next() throws(SluiceError) -> SoundPiece? {
    while true {
      isAtStart = false
      switch decoder.receive() {
      case .done:
        let raw = decoder.frame.raw
        guard raw.pointee.nb_samples > 0 else { continue }
        if decoder.frame.isDamaged { note("what was decoded is not whole") }
        let sound = try converter.convert(raw)
        let repaired = converter.takeRepaired()
        if repaired > 0 { note(SampleGuard.text(repaired)) }
        return try place(sound, tick: decoder.frame.pts)
      case .damaged(let message): note(message)
      case .end:
        noteEnd()
        return nil
      case .blocked: feed()
      }
    }
  }

  private func place(
    _ sound: (planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, count: Int), tick: Int64?
  ) throws(SluiceError) -> SoundPiece? {
    if awaitsFirst {
      awaitsFirst = false
      if !clock.isExact, let tick {
        guard let place = snapped(clock.position(tick), count: Int64(sound.count)) else {
          // Not where a packet of this stream can be: counted from the start it is certain.
          try restart()
          return try next()
        }
        clock.set(place)
      }
    }
    let place = clock.place(tick, count: sound.count)
    // Of the first frame the beginning may be cut off, so packets are counted from its end.
    if grid == nil { grid = place + Int64(sound.count) }
    return SoundPiece(position: place, count: sound.count, planes: sound.planes)
  }

  /// On the grid of the stream's packets.
  private func snapped(_ position: Int64, count: Int64) -> Int64? {
    guard let grid, packetFrames > 0 else { return nil }
    let offset = position - grid
    let below = offset >= 0 ? offset / packetFrames : -((-offset + packetFrames - 1) / packetFrames)
    let low = grid + below * packetFrames
    let nearest = position - low <= packetFrames / 2 ? low : low + packetFrames
    return abs(nearest - position) <= clock.tolerance ? nearest : nil
  }

  private func feed() {
    guard !isDraining else { return }
    if !holdsPacket, !demuxer.read(into: packet) {
      if let failure = demuxer.failure { note(failure) }
      isDraining = true
      _ = decoder.send(nil)
      return
    }
    holdsPacket = false
    if packet.isDamaged { note("a part of the file is missing") }
    if case .damaged(let message) = decoder.send(packet) { note(message) }
    packet.clear()
  }

  /// Behind a seek codecs complain of what they did not see; that is no damage.
  private func note(_ message: String) {
    guard (clock.expected ?? Int64.min) >= whole else { return }
    let at = SoundDamage.seconds(clock.expected ?? 0, rate: rate)
    damage = .both(damage, SoundDamage(count: 1, text: "damaged near \(at) s (\(message)); what is lost is silent"))
  }

  /// Its sound is over: a second and more before the container says so, a part of the file is missing.
  private func noteEnd() {
    // Behind a seek that found nothing it ended before that place.
    guard !hasToldEnd, let stated = statedEnd, let reached = clock.expected ?? (whole > 0 ? whole : nil),
      stated - reached > Int64(rate)
    else { return }
    hasToldEnd = true
    let (end, wanted) = (SoundDamage.seconds(reached, rate: rate), SoundDamage.seconds(stated, rate: rate))
    damage = .both(
      damage, SoundDamage(count: 1, text: "ends by \(end) s, though its sound should last until \(wanted) s; silence follows"))
  }

  /// Sample at which the sound ends by the container; nil where that does not say, or guesses.
  private var statedEnd: Int64? {
    guard let end = demuxer.soundEnd?.sum(-clock.zero), end.isModest else { return nil }
    return Rational(reducing: Int128(end.num) * Int128(rate), Int128(end.den))?.rounded
  }
}
