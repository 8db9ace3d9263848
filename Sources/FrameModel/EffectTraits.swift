/// What is known of effects without asking libavfilter. Pure.
public enum EffectTraits {
  /// Whether an `EffectChain`'s JSON names only effects whose result depends on one picture. Then a stream may begin anywhere,
  /// and only the pictures that are shown are filtered. false for filters that are not in the table below.
  public static func isStateless(_ json: String) -> Bool { EffectChain(json: json)?.isStateless ?? false }

  /// The same for one chain in libavfilter's language.
  public static func isStateless(filters text: String) -> Bool {
    let parts = split(text)
    return !parts.isEmpty
      && parts.allSatisfy { part in
        guard stateless.contains(part.name) else { return false }
        // The noise of dithering comes from a generator that continues from picture to picture.
        if part.name == "vignette", !part.words.contains("dither=0") { return false }
        return !part.words.contains { word in
          word.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }).contains { carriesState.contains($0) }
        }
      }
  }

  /// The filters of a chain by name, without their instance names.
  public static func filterNames(_ text: String) -> [String] { split(text).map(\.name) }

  /// Filters of FFmpeg 5.1. Those that draw noise, count pictures, keep a generator's state or look at neighbours in time are
  /// left out on purpose.
  static let stateless: Set<String> = [
    "avgblur", "bilateral", "boxblur", "cas", "chromahold", "chromakey", "chromanr", "chromashift", "colorbalance",
    "colorchannelmixer", "colorcontrast", "colorcorrect", "colorhold", "colorize", "colorkey", "colorlevels", "colormatrix",
    "colorspace", "colortemperature", "convolution", "copy", "crop", "curves", "dblur", "deband", "deblock", "deflate", "delogo",
    "despill", "dilation", "drawbox", "drawgrid", "edgedetect", "epx", "eq", "erosion", "exposure", "fillborders", "format",
    "gblur", "gradfun", "grayworld", "hflip", "hqx", "hsvhold", "hsvkey", "hue", "huesaturation", "il", "inflate", "kirsch",
    "lenscorrection", "limiter", "lumakey", "lut", "lut1d", "lut3d", "lutrgb", "lutyuv", "median", "monochrome", "negate",
    "nlmeans", "noformat", "null", "owdenoise", "pad", "perspective", "pixelize", "prewitt", "pseudocolor", "removegrain",
    "rgbashift", "roberts", "rotate", "sab", "scale", "scharr", "selectivecolor", "setdar", "setparams", "setrange", "setsar",
    "shear", "shuffleplanes", "smartblur", "sobel", "super2xsai", "swaprect", "swapuv", "tonemap", "transpose", "unsharp",
    "v360", "vaguedenoiser", "vflip", "vibrance", "vignette", "xbr", "yaepblur", "zscale",
  ]

  /// Words of expressions that stand for the picture's number, random numbers and variables that are kept.
  private static let carriesState: Set<Substring> = ["n", "N", "random", "st", "ld", "pos"]

  struct Part {
    var name: String
    /// Its arguments, split at `:`.
    var words: [String]
  }

  /// The filters of a graph, split at `,` and `;` outside quotes, without labels and instance names.
  static func split(_ text: String) -> [Part] {
    var pieces: [String] = [""]
    var isQuoted = false
    var isEscaped = false
    for character in text {
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "'" {
        isQuoted.toggle()
      } else if !isQuoted, character == "," || character == ";" {
        pieces.append("")
        continue
      }
      pieces[pieces.count - 1].append(character)
    }
    return pieces.compactMap { piece in
      var rest = piece[...].drop { $0.isWhitespace }
      while rest.first == "[", let end = rest.firstIndex(of: "]") {
        rest = rest[rest.index(after: end)...].drop { $0.isWhitespace }
      }
      let name = rest.prefix { $0 != "=" && $0 != "@" && $0 != "[" && !$0.isWhitespace }
      let arguments = rest.firstIndex(of: "=").map { rest[rest.index(after: $0)...] } ?? ""
      let words = arguments.split(separator: ":").map { $0.filter { $0 != "'" && $0 != "\\" && !$0.isWhitespace } }
      return Part(name: String(name), words: words)
    }
  }
}
