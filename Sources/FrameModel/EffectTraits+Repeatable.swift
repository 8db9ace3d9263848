extension EffectTraits {
  /// Whether the result of a chain or graph in libavfilter's language depends on its text and its input alone: it reads no file
  /// and no clock, and uses no random seed of its own choice. false for filters that are not in the tables below.
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

  /// Filters without a memory that read a look-up table.
  private static let readsFiles: Set<String> = ["lut1d", "lut3d"]

  /// Filters of FFmpeg 5.1 that look at several pictures, or join them.
  private static let remembering: Set<String> = [
    "atadenoise", "blend", "bwdif", "deflicker", "fade", "fps", "framestep", "hqdn3d", "hstack", "lagfun", "loop", "minterpolate",
    "noise", "overlay", "reverse", "select", "setpts", "settb", "split", "tblend", "tmedian", "tmix", "trim", "vstack", "xstack",
    "yadif", "zoompan",
  ]
  /// Filters without input.
  private static let sources: Set<String> = [
    "allrgb", "allyuv", "color", "colorchart", "colorspectrum", "haldclutsrc", "mandelbrot", "mptestsrc", "pal100bars",
    "pal75bars",
    "rgbtestsrc", "smptebars", "smptehdbars", "testsrc", "testsrc2", "yuvtestsrc",
  ]
  /// Filters on sound, and sources of sound.
  private static let sound: Set<String> = [
    "aecho", "aevalsrc", "aformat", "afade", "allpass", "anull", "anullsrc", "aphaser", "apulsator", "aresample", "asetnsamples",
    "asetpts", "asetrate", "asettb", "atempo", "atrim", "bandpass", "bandreject", "bass", "biquad", "chorus", "compand",
    "crossfeed",
    "dcshift", "equalizer", "extrastereo", "flanger", "highpass", "highshelf", "loudnorm", "lowpass", "lowshelf", "pan", "sine",
    "stereotools", "stereowiden", "treble", "tremolo", "vibrato", "volume",
  ]
  /// Filters without input whose pictures differ from run to run unless they are given a seed.
  private static let seeded: Set<String> = ["anoisesrc", "cellauto", "gradients", "life", "sierpinski"]
  private static let seeds: Set<Substring> = ["seed", "random_seed"]
  /// Words of options and expressions that bring in files, the clock or random numbers. (Several threads draw the random
  /// numbers at once, so that their order is not the same in every run.)
  private static let fromOutside: Set<Substring> = [
    "file", "filename", "psfile", "plot", "RTCTIME", "RTCSTART", "time", "localtime", "gmtime", "random",
  ]
}
