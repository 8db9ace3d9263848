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
  private var grid: PacketGrid
  private let preroll: Int64
  private let isTrusted: Bool
  private let isSeekable: Bool
  private var run = Run()
  private var damage: SoundDamage?
  /// Its end was found to be too early, and told.
  private var hasToldEnd = false

  /// What is known since the file was opened, or since the last seek.
  private struct Run {
    /// Nothing was read yet: the file's start comes next.
    var isAtStart = true
    /// `packet` is to be decoded next.
    var holdsPacket = false
    /// All packets went into the decoder.
    var isDraining = false
    /// Complaints before this sample do not count.
    var whole = Int64.min
    /// The next frame is the first behind a seek.
    var awaitsFirst = false
  }

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
    grid = PacketGrid(length: Int64(max(0, parameters.frame_size)))
    let properties = avcodec_descriptor_get(parameters.codec_id)?.pointee.props ?? 0
    // Lossless codecs begin anew with every packet; others remember a few.
    preroll =
      properties & AV_CODEC_PROP_LOSSLESS != 0 && properties & AV_CODEC_PROP_LOSSY == 0 ? Int64(rate) / 10 : Int64(rate) * 3 / 10
    isTrusted = clock.isExact || grid.isRegular
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
    if !clock.isExact, !grid.isKnown {
      try restart()
      _ = try next()
    }
    let tick = clock.tick(target)
    if isSeekable, demuxer.seek(to: tick) {
      decoder = try SoundDecoder(demuxer)
      begin(whole: sample)
      if try skip(to: tick) { return }
    }
    try restart()
    begin(whole: sample)
    if try skip(to: tick) { return }
    try restart()
  }

  private func begin(whole sample: Int64) {
    run = Run(isAtStart: false, whole: sample, awaitsFirst: true)
    clock.forget()
  }

  /// Puts the first packet that is to be decoded, one that lasts beyond `tick`, into `packet`; false where that cannot be told.
  private func skip(to tick: Int64) throws(SluiceError) -> Bool {
    var isFirst = true
    while demuxer.read(into: packet) {
      guard let pts = packet.pts else { return false }
      // A seek that landed behind the place.
      if isFirst, pts > tick, isSeekable { return false }
      isFirst = false
      if pts + max(packet.duration, 1) > tick {
        run.holdsPacket = true
        return true
      }
    }
    run.isDraining = true
    _ = decoder.send(nil)
    return true
  }

  /// From the file's start, whatever the container can seek.
  private func restart() throws(SluiceError) {
    if !run.isAtStart {
      demuxer = try Demuxer(path: path, sound: streamNumber)
      decoder = try SoundDecoder(demuxer)
    }
    run = Run()
    clock = SoundClock(timeBase: clock.timeBase, zero: clock.zero, rate: rate)
  }

  // MARK: Sound

  public func next() throws(SluiceError) -> SoundPiece? {
    while true {
      run.isAtStart = false
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
    if run.awaitsFirst {
      run.awaitsFirst = false
      if !clock.isExact, let tick {
        guard let place = grid.nearest(clock.position(tick), tolerance: clock.tolerance) else {
          // Not where a packet of this stream can be: counted from the start it is certain.
          try restart()
          return try next()
        }
        clock.set(place)
      }
    }
    let place = clock.place(tick, count: sound.count)
    grid.note(end: place + Int64(sound.count))
    return SoundPiece(position: place, count: sound.count, planes: sound.planes)
  }

  private func feed() {
    guard !run.isDraining else { return }
    if !run.holdsPacket, !demuxer.read(into: packet) {
      if let failure = demuxer.failure { note(failure) }
      run.isDraining = true
      _ = decoder.send(nil)
      return
    }
    run.holdsPacket = false
    if packet.isDamaged { note("a part of the file is missing") }
    if case .damaged(let message) = decoder.send(packet) { note(message) }
    packet.clear()
  }

  /// Behind a seek codecs complain of what they did not see; that is no damage.
  private func note(_ message: String) {
    guard (clock.expected ?? Int64.min) >= run.whole else { return }
    let at = SoundDamage.seconds(clock.expected ?? 0, rate: rate)
    damage = .both(damage, SoundDamage(count: 1, text: "damaged near \(at) s (\(message)); what is lost is silent"))
  }

  /// Its sound is over: a second and more before the container says so, a part of the file is missing.
  private func noteEnd() {
    // Behind a seek that found nothing it ended before that place.
    guard !hasToldEnd, let stated = statedEnd, let reached = clock.expected ?? (run.whole > 0 ? run.whole : nil),
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
