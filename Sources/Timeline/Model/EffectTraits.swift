import SluiceBase

/// What is known of libavfilter's filters without asking it.
public enum EffectTraits {
  /// Filters whose picture depends on the one that goes in, and on nothing before or after it.
  static let stateless: Set<String> = [
    "alphaextract", "avgblur", "bilateral", "boxblur", "chromakey", "chromanr", "chromashift", "colorbalance",
    "colorchannelmixer", "colorcontrast", "colorcorrect", "colorhold", "colorize", "colorkey", "colorlevels", "colormatrix",
    "colorspace", "colortemperature", "convolution", "crop", "curves", "despill", "dilation", "drawbox", "drawgrid",
    "edgedetect", "eq", "erosion", "exposure", "fillborders", "format", "gblur", "grayworld", "hflip", "hqx", "hsvhold",
    "hsvkey", "hue", "huesaturation", "inflate", "kirsch", "lenscorrection", "limiter", "lut", "lut1d", "lut3d", "lutrgb",
    "lutyuv", "monochrome", "negate", "null", "pad", "perspective", "pixelize", "prewitt", "pseudocolor",
    "removegrain", "rgbashift", "roberts", "sab", "scale", "scharr", "selectivecolor", "setdar", "setparams",
    "setsar", "shear", "shuffleplanes", "smartblur", "sobel", "swapuv", "transpose", "unsharp", "vflip", "vibrance", "xbr",
    "yaepblur", "zscale",
  ]

  /// Whether every filter of the effects (the JSON of `EffectText`) is one of those.
  public static func isStateless(_ effects: String) -> Bool {
    guard !effects.isEmpty else { return true }
    guard let list = (try? JSONReader.read(effects))?.array else { return false }
    return list.allSatisfy { effect in
      if effect["lut"] != nil { return true }
      guard let chain = effect["avfilter"]?.string else { return false }
      return names(chain).allSatisfy(stateless.contains)
    }
  }

  /// Names of the filters of a chain, without instance names: `gblur=2,eq@a=contrast=1.5` → gblur, eq.
  static func names(_ chain: String) -> [String] {
    var names: [String] = []
    var name = ""
    var inName = true, quoted = false, escaped = false, depth = 0
    for character in chain {
      if escaped {
        escaped = false
        continue
      }
      switch character {
      case "\\": escaped = true
      case "'": quoted.toggle()
      case _ where quoted: break
      case "[": depth += 1
      case "]": depth -= 1
      case _ where depth > 0: break
      case ",", ";":
        names.append(name)
        name = ""
        inName = true
      case "=", "@": inName = false
      default: if inName, !character.isWhitespace { name.append(character) }
      }
    }
    return (names + [name]).filter { !$0.isEmpty }
  }
}
