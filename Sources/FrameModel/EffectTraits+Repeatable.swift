extension EffectTraits {
  /// Whether what a chain or graph in libavfilter's language makes depends on its text and its input alone: it reads no
  /// file, no clock, and draws no random numbers of its own choice. false for what it does not know.
  public static func isRepeatable(filters text: String) -> Bool {
    let parts = split(text)
    return !parts.isEmpty && parts.allSatisfy(isRepeatable)
  }

  private static func isRepeatable(_ part: Part) -> Bool {
    guard !readsFiles.contains(part.name) else { return false }
    guard
      stateless.contains(part.name) || remembering.contains(part.name) || sources.contains(part.name) || sound.contains(part.name)
    else {
      guard seeded.contains(part.name) else { return false }
      let hasSeed = part.words.contains { word in
        let pair = word.split(separator: "=", omittingEmptySubsequences: false)
        return pair.count == 2 && seeds.contains(pair[0]) && Int64(pair[1]).map { $0 >= 0 } == true
      }
      return hasSeed && isTimeless(part)
    }
    return isTimeless(part)
  }

  private static func isTimeless(_ part: Part) -> Bool {
    part.words.allSatisfy { word in
      word.split { !($0.isLetter || $0.isNumber || $0 == "_") }.allSatisfy { !fromOutside.contains($0) }
    }
  }

  /// Those without a memory that read a look-up table.
  private static let readsFiles: Set<String> = ["lut1d", "lut3d"]

  /// Of FFmpeg 5.1: what looks at several pictures, or joins them.
  private static let remembering: Set<String> = [
    "atadenoise", "blend", "bwdif", "deflicker", "fade", "fps", "framestep", "hqdn3d", "hstack", "lagfun", "loop", "minterpolate",
    "noise", "overlay", "reverse", "select", "setpts", "settb", "split", "tblend", "tmedian", "tmix", "trim", "vstack", "xstack",
    "yadif", "zoompan",
  ]
  /// Without input.
  private static let sources: Set<String> = [
    "allrgb", "allyuv", "color", "colorchart", "colorspectrum", "haldclutsrc", "mandelbrot", "mptestsrc", "pal100bars",
    "pal75bars",
    "rgbtestsrc", "smptebars", "smptehdbars", "testsrc", "testsrc2", "yuvtestsrc",
  ]
  /// On sound, and sources of it.
  private static let sound: Set<String> = [
    "aecho", "aevalsrc", "aformat", "afade", "allpass", "anull", "anullsrc", "aphaser", "apulsator", "aresample", "asetnsamples",
    "asetpts", "asetrate", "asettb", "atempo", "atrim", "bandpass", "bandreject", "bass", "biquad", "chorus", "compand",
    "crossfeed",
    "dcshift", "equalizer", "extrastereo", "flanger", "highpass", "highshelf", "loudnorm", "lowpass", "lowshelf", "pan", "sine",
    "stereotools", "stereowiden", "treble", "tremolo", "vibrato", "volume",
  ]
  /// Without input, and without a seed another picture each time.
  private static let seeded: Set<String> = ["anoisesrc", "cellauto", "gradients", "life", "sierpinski"]
  private static let seeds: Set<Substring> = ["seed", "random_seed"]
  /// In options and expressions: files, the clock, and random numbers, which are drawn by several threads at once.
  private static let fromOutside: Set<Substring> = [
    "file", "filename", "psfile", "plot", "RTCTIME", "RTCSTART", "time", "localtime", "gmtime", "random",
  ]
}
