import Compositing
import CompositingTestKit
import Plan
import Testing

@Suite struct LayerRemovalTests {
  @Test func removedStreamsLeaveGroupsRight() {
    let rect = Rect(0, 0, 8, 8)
    func picture(_ stream: Int) -> Layer { Layer(.picture(stream: stream), source: rect, destination: rect) }
    func group(_ members: Int) -> Layer {
      Layer(.group(width: 8, height: 8, background: .clear, members: members), source: rect, destination: rect)
    }
    var layers = [picture(0), group(4), picture(1), group(2), picture(2), picture(3), picture(1)]
    layers.remove(streams: [1, 3])
    #expect(layers == [picture(0), group(2), group(1), picture(2)])
  }
}
