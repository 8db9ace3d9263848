import CSluice
import Compositing
import FrameModel
import Plan

/// Puts samples over a target in float, for blend modes and for surfaces with alpha. The formulas are those of W3C's Compositing and
/// Blending, in the canvas's non-linear R'G'B' at full resolution. Chroma samples are repeated for their pixels, and the result's are
/// averaged over the cell.
struct Mixer {
  let target: Target
  let matrix: BlendMatrix
  let coverage: Scratch

  private var format: PixelFormat { target.canvas.format }

  func mix(_ samples: [UInt16], _ stroke: Stroke, in clip: Box) {
    var source = sluice_pixels()
    source.kind = Int32(SLUICE_PIXELS_FILL.rawValue)
    withUnsafeMutableBytes(of: &source.fill) { raw in
      let fill = raw.bindMemory(to: Float.self)
      for (index, sample) in samples.prefix(3).enumerated() { fill[index] = Float(sample) }
    }
    run(source, stroke, area(clip))
  }

  func mix(_ surface: Surface, _ stroke: Stroke, in clip: Box) {
    let area = area(clip.intersection(surface.box))
    guard !area.isEmpty else { return }
    let x = area.x0 - surface.box.x0
    let y = area.y0 - surface.box.y0
    var source = sluice_pixels()
    switch surface.kind {
    case .opaque: source.kind = Int32(SLUICE_PIXELS_OPAQUE.rawValue)
    case .straight: source.kind = Int32(SLUICE_PIXELS_STRAIGHT.rawValue)
    case .premultiplied: source.kind = Int32(SLUICE_PIXELS_PREMULTIPLIED.rawValue)
    }
    let bytes = surface.kind == .premultiplied ? 2 : format.bytesPerSample
    withUnsafeMutableBytes(of: &source.plane) { raw in
      let planes = raw.bindMemory(to: UnsafeRawPointer?.self)
      for index in 0..<surface.planes.count {
        let isAlpha = surface.kind != .opaque && index == surface.planes.count - 1
        let (cw, ch) = surface.kind == .opaque ? format.subsampling(index) : (0, 0)
        planes[isAlpha ? 3 : index] = surface.planes.at(index, x: x >> cw, y: y >> ch, bytes: bytes).map { UnsafeRawPointer($0) }
      }
    }
    withUnsafeMutableBytes(of: &source.stride) { raw in
      let strides = raw.bindMemory(to: Int.self)
      for index in 0..<surface.planes.count {
        strides[surface.kind != .opaque && index == surface.planes.count - 1 ? 3 : index] = surface.planes.stride[index]
      }
    }
    if surface.weights.count > 0 {
      source.weights = surface.weights.at(0, x: x, y: y, bytes: 2).map { UnsafePointer($0.assumingMemoryBound(to: UInt16.self)) }
      source.weights_stride = surface.weights.stride[0]
    }
    source.sited_left = surface.sited && target.canvas.color.chromaLocation != 1
    source.has_left = x > 0
    run(source, stroke, area)
  }

  private func area(_ clip: Box) -> Box {
    clip.intersection(Box(target.canvas))
  }

  private func run(_ source: sluice_pixels, _ stroke: Stroke, _ area: Box) {
    guard !area.isEmpty else { return }
    var surface = sluice_surface()
    surface.depth = Int32(format.depth)
    surface.channels = format.family == .gray ? 1 : 3
    surface.log2_width = Int32(format.log2ChromaWidth)
    surface.log2_height = Int32(format.log2ChromaHeight)
    surface.premultiplied = target.isPremultiplied
    let bytes = target.isPremultiplied ? 2 : format.bytesPerSample
    let planes = target.planes
    withUnsafeMutableBytes(of: &surface.plane) { raw in
      let bound = raw.bindMemory(to: UnsafeMutableRawPointer?.self)
      for index in 0..<planes.count {
        let (cw, ch) = target.isPremultiplied ? (0, 0) : format.subsampling(index)
        bound[target.isPremultiplied && index == planes.count - 1 ? 3 : index] = planes.at(
          index, x: area.x0 >> cw, y: area.y0 >> ch, bytes: bytes)
      }
    }
    withUnsafeMutableBytes(of: &surface.stride) { raw in
      let bound = raw.bindMemory(to: Int.self)
      for index in 0..<planes.count {
        bound[target.isPremultiplied && index == planes.count - 1 ? 3 : index] = planes.stride[index]
      }
    }
    var rule = matrix.rule
    rule.mode = Int32(stroke.blend.rawValue)
    rule.opacity = Float(stroke.weight) / 65535
    if let tint = stroke.tint {
      rule.tint_alpha = Float(tint.weight) / 65535
      withUnsafeMutableBytes(of: &rule.tint) { raw in
        let bound = raw.bindMemory(to: Float.self)
        for (index, sample) in tint.samples.prefix(3).enumerated() { bound[index] = Float(sample) }
      }
    }
    // Coverage of the columns from one left of the area, then of the rows.
    let weights = coverage.reserve((area.width + 1 + area.height) * 4).assumingMemoryBound(to: Float.self)
    let x = Span(low: stroke.visible.x, high: stroke.visible.maxX, size: target.canvas.width, log2: 0)
    let y = Span(low: stroke.visible.y, high: stroke.visible.maxY, size: target.canvas.height, log2: 0)
    func weight(_ span: Span, _ at: Int) -> Float {
      at >= span.start && at < span.start + span.count ? Float(span.weight(at - span.start)) / 65535 : 0
    }
    for column in 0...area.width { weights[column] = weight(x, area.x0 + column - 1) }
    for row in 0..<area.height { weights[area.width + 1 + row] = weight(y, area.y0 + row) }
    rule.across = UnsafePointer(weights + 1)
    rule.down = UnsafePointer(weights + area.width + 1)
    var pixels = source
    sluice_mix(&surface, &pixels, &rule, Int32(area.width), Int32(area.height))
  }
}

/// From a canvas's code values to R'G'B' of 0...1, and of differences back.
struct BlendMatrix {
  let rule: sluice_mix_rule

  init(_ canvas: Canvas) {
    let format = canvas.format
    let depth = format.depth
    let top = Double(1 << depth) - 1
    let step = Double(1 << (depth - 8))
    let full = canvas.color.fullRange || format.family == .rgb
    let luma = full ? top : 219 * step
    let chroma = full ? top : 224 * step
    let black = full ? 0 : 16 * step
    let zero = Double(1 << (depth - 1))
    var offset = [black, zero, zero]
    var toRGB: [Double]
    var fromRGB: [Double]
    switch format.family {
    case .rgb:
      offset = [0, 0, 0]
      toRGB = [1, 0, 0, 0, 1, 0, 0, 0, 1].map { $0 / top }
      fromRGB = [1, 0, 0, 0, 1, 0, 0, 0, 1].map { $0 * top }
    case .gray:
      toRGB = [1, 0, 0, 1, 0, 0, 1, 0, 0].map { $0 / luma }
      fromRGB = [1, 1, 1, 0, 0, 0, 0, 0, 0].map { $0 * luma / 3 }
    default:
      let matrix = canvas.color.completed(width: canvas.width, height: canvas.height).matrix
      if matrix == 8 {
        toRGB = [1, -1, 1, 1, 1, 0, 1, -1, -1]
        fromRGB = [0.25, 0.5, 0.25, -0.25, 0.5, -0.25, 0.5, 0, -0.5]
      } else {
        let (kr, kb) = ColorRules.luma(matrix)
        let kg = 1 - kr - kb
        let (u, v) = (2 * (1 - kb), 2 * (1 - kr))
        toRGB = [1, 0, v, 1, -kb * u / kg, -kr * v / kg, 1, u, 0]
        fromRGB = [kr, kg, kb, -kr / u, -kg / u, (1 - kb) / u, (1 - kr) / v, -kg / v, -kb / v]
      }
      for row in 0..<3 {
        for column in 0..<3 {
          toRGB[3 * row + column] /= column == 0 ? luma : chroma
          fromRGB[3 * row + column] *= row == 0 ? luma : chroma
        }
      }
    }
    var rule = sluice_mix_rule()
    func put<T>(_ values: [Double], _ field: inout T) {
      withUnsafeMutableBytes(of: &field) { raw in
        let bound = raw.bindMemory(to: Float.self)
        for (index, value) in values.enumerated() { bound[index] = Float(value) }
      }
    }
    put(toRGB, &rule.to_rgb)
    put(fromRGB, &rule.from_rgb)
    put(offset, &rule.offset)
    self.rule = rule
  }
}
