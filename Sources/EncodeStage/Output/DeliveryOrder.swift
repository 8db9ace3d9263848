import FrameModel

/// In which order pictures and blocks of sound go into one output: by time, a picture before the sound of the same time. So the
/// bytes do not depend on which of them was there first, and neither gets ahead of the other by more than a block. A value.
public struct DeliveryOrder: Equatable, Sendable {
  public enum Next: Equatable, Sendable {
    /// Numbers from 0.
    case picture(Int64), block(Int64)
  }
  private let rate: Rational
  private let sampleRate: Int64
  private var pictures: Int64
  private let blocks: Int64
  private var picture: Int64 = 0
  private var block: Int64 = 0

  /// - Parameters:
  ///   - pictures: of the whole output.
  ///   - samples: sample frames of the whole output.
  public init(rate: Rational, pictures: Int64, sampleRate: Int, samples: Int64) {
    self.rate = rate
    self.sampleRate = Int64(sampleRate)
    self.pictures = pictures
    blocks = SoundBlock.blocks(of: samples)
  }

  /// nil when everything was taken.
  public var next: Next? {
    guard picture < pictures else { return block < blocks ? .block(block) : nil }
    guard block < blocks else { return .picture(picture) }
    // picture / rate <= block * length / sampleRate
    let left = Int128(picture) * Int128(rate.den) * Int128(sampleRate)
    let right = Int128(block) * Int128(SoundBlock.frames) * Int128(rate.num)
    return left <= right ? .picture(picture) : .block(block)
  }

  /// Pictures before `number` do not come: a live output gave them up.
  public mutating func skip(to number: Int64) { picture = max(picture, number) }

  /// No more pictures come.
  public mutating func endPictures() { pictures = min(pictures, picture) }

  /// What `next` named was given to the output.
  public mutating func advance() {
    switch next {
    case .picture: picture += 1
    case .block: block += 1
    case nil: break
    }
  }
}
