import EncodeStage
import FrameModel
import Testing

@Suite struct DeliveryOrderTests {
  /// Everything comes once, in its order, and none of both gets more than a block ahead of the other.
  @Test(arguments: [Rational(25), Rational(30000, 1001), Rational(1), Rational(240)], [44100, 48000, 192_000])
  func picturesAndBlocksComeByTime(rate: Rational, sampleRate: Int) {
    for (pictures, samples) in [(100, 100_000), (1, 100_000), (100, 1), (0, 20000), (37, 0), (250, 8192 * 4)] {
      var order = DeliveryOrder(
        rate: rate, pictures: Int64(pictures), sampleRate: sampleRate, samples: Int64(samples))
      var nextPicture: Int64 = 0, nextBlock: Int64 = 0
      var latest = -1.0
      while let next = order.next {
        let time: Double
        switch next {
        case .picture(let number):
          #expect(number == nextPicture)
          nextPicture += 1
          time = Double(number) / rate.double
        case .block(let number):
          #expect(number == nextBlock)
          nextBlock += 1
          time = Double(number) * 8192 / Double(sampleRate)
        }
        #expect(time >= latest)
        latest = time
        order.advance()
      }
      #expect(nextPicture == Int64(pictures) && nextBlock == SoundBlock.blocks(of: Int64(samples)))
    }
  }

  @Test func aLiveOutputMayLoseItsPictures() {
    var order = DeliveryOrder(rate: Rational(25), pictures: 100, sampleRate: 48000, samples: 48000)
    order.skip(to: 50)
    for number in 0..<6 {
      #expect(order.next == .block(Int64(number)))
      order.advance()
    }
    #expect(order.next == .picture(50))
    order.advance()
    order.endPictures()
    #expect(order.next == nil)
  }
}
