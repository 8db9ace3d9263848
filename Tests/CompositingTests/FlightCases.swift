import Compositing
import CompositingTestKit
import Plan
import Testing

private let whole = Rect(0, 0, 46, 34)

/// One compositor with a picture of its own for every frame.
private struct Flight {
  let backend: Backend
  let compositor: any Compositor
  let canvas = Canvas.test(46, 34)
  let pictures = (0..<8).map { TestSlot(.yuv420p, 46, 34).scene($0) }
  let outputs = (0..<8).map { _ in TestSlot(.yuv420p, 46, 34) }
  /// A quarter of the picture is enlarged over the whole canvas.
  private let layers = [Layer(stream: 0, source: Rect(0, 0, 23, 17), destination: whole)]

  init(_ backend: Backend) {
    self.backend = backend
    compositor = backend.make(canvas, TestCounters())
  }

  func submit(_ frame: Int, hasPicture: Bool = true) throws {
    try compositor.submit(
      frame: Int64(frame), layers: layers, input: { _ in hasPicture ? pictures[frame].readable : nil },
      into: outputs[frame].writable)
  }

  /// The frame's slot holds what a compositor of its own draws.
  func isRight(_ frame: Int) throws -> Bool {
    backend.agree(outputs[frame], try backend.stage(canvas).render(layers, [pictures[frame]]))
  }
}

// Frames that are submitted before those ahead of them are finished.
extension ConformanceCase {
  static let flight: [ConformanceCase] = [
    ConformanceCase("frames in flight end in order, each with its own picture") { backend in
      let flight = Flight(backend)
      let depth = min(flight.compositor.depth, flight.outputs.count)
      #expect(depth >= 1)
      for round in 0..<flight.outputs.count / depth {
        let frames = round * depth..<(round + 1) * depth
        for frame in frames { try flight.submit(frame) }
        for frame in frames {
          #expect(try flight.compositor.finish(within: .max))
          #expect(try flight.isRight(frame), "frame \(frame)")
        }
      }
    },
    ConformanceCase("nothing is finished that was not submitted") { backend in
      let flight = Flight(backend)
      #expect(try !flight.compositor.finish(within: 0) && !flight.compositor.finish(within: .max))
      try flight.submit(0)
      #expect(try flight.compositor.finish(within: .max))
      #expect(try !flight.compositor.finish(within: 0) && !flight.compositor.finish(within: .max))
    },
    ConformanceCase("a frame that cannot be submitted leaves the others alone") { backend in
      let flight = Flight(backend)
      let ahead = flight.compositor.depth > 1
      if ahead { try flight.submit(0) }
      #expect(throws: (any Error).self) { try flight.submit(1, hasPicture: false) }
      if ahead {
        #expect(try flight.compositor.finish(within: .max))
        #expect(try flight.isRight(0))
      }
      #expect(try !flight.compositor.finish(within: .max))
      try flight.submit(2)
      #expect(try flight.compositor.finish(within: .max))
      #expect(try flight.isRight(2))
    },
    ConformanceCase("a frame is read from its inputs until it has ended, and never again") { backend in
      let flight = Flight(backend)
      try flight.submit(0)
      #expect(try flight.compositor.finish(within: .max))
      let before = flight.outputs[0].allSamples
      flight.pictures[0].fill([235, 128, 128])
      try flight.submit(1)
      #expect(try flight.compositor.finish(within: .max))
      #expect(flight.outputs[0].allSamples == before)
      #expect(try flight.isRight(1))
    },
  ]
}
