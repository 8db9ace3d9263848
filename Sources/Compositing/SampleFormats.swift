import FrameModel

extension PixelFormat {
  /// log2 of the pixels that a sample of `plane` stands for.
  public func subsampling(_ plane: Int) -> (Int, Int) { isChroma(plane: plane) ? (log2ChromaWidth, log2ChromaHeight) : (0, 0) }
  /// Its chroma planes have the size of the other's.
  public func isSubsampled(like other: PixelFormat) -> Bool {
    log2ChromaWidth == other.log2ChromaWidth && log2ChromaHeight == other.log2ChromaHeight
  }
}

// Formats of surfaces with alpha that belong to a canvas of this format.
extension PixelFormat {
  /// Full resolution, straight alpha, the canvas's depth.
  public var straight: PixelFormat { PixelFormat(family ?? .yuv, depth: depth, alpha: true) }
  /// The format whose layout surfaces with premultiplied alpha have: full resolution, 16 bits.
  public var premultiplied: PixelFormat { PixelFormat(family ?? .yuv, depth: 16, alpha: true) }
}
