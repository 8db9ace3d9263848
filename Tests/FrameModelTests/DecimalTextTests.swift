import FrameModel
import Testing

@Suite struct DecimalTextTests {
  @Test func secondsAreRoundedToTheMillisecond() {
    #expect(DecimalText.seconds(12.5) == "12.500")
    #expect(DecimalText.seconds(0.0004) == "0.000")
    #expect(DecimalText.seconds(0.0006) == "0.001")
    #expect(DecimalText.seconds(59.9996) == "60.000")
    #expect(DecimalText.seconds(-1.25) == "-1.250")
    #expect(DecimalText.seconds(-0.0001) == "0.000")
    #expect(DecimalText.seconds(360_000.007) == "360000.007")
    // 1/30 s, as a frame's time is.
    #expect(DecimalText.seconds(Rational(2, 30).double) == "0.067")
  }

  @Test func fixedDecimals() {
    #expect(DecimalText.fixed(1.005, 1) == "1.0")
    #expect(DecimalText.fixed(-0.04, 1) == "0.0")
    #expect(DecimalText.fixed(12.96, 1) == "13.0")
    #expect(DecimalText.fixed(.nan, 2) == "0.00")
    #expect(DecimalText.fixed(1e300, 0) == "0")
    #expect(DecimalText.fixed(7.5, 0) == "8")
  }

  @Test func exactTextReadsBack() {
    for value in [Rational(25), Rational(1, 8), Rational(-7, 1000), Rational(30000, 1001), Rational(.max), Rational(1, 1 << 17)] {
      let text = DecimalText.text(value)
      let body = text.hasPrefix("-") ? text.dropFirst() : text[...]
      let read = DecimalText.fraction(text) ?? DecimalText.rational(body).map { text.hasPrefix("-") ? -$0 : $0 }
      #expect(text == value.description || read == value, "\(text)")
    }
    #expect(DecimalText.text(Rational(-7, 1000)) == "-0.007")
    #expect(DecimalText.text(Rational(30000, 1001)) == "30000/1001")
  }
}
