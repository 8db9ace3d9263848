import AudioStage
import FrameModel
import SluiceBase

extension SoundRenderer {
  /// Everything, as one array a channel.
  func renderAll() throws(SluiceError) -> [[Float]] {
    var planes = [[Float]](repeating: [], count: plan.channels)
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: plan.channels * SoundBlock.frames)
    defer { memory.deallocate() }
    for block in 0..<blocks {
      let count = try render(block: block, into: memory, stride: SoundBlock.frames)
      for channel in planes.indices {
        planes[channel] += UnsafeBufferPointer(start: memory + channel * SoundBlock.frames, count: count)
      }
    }
    return planes
  }
}

/// WAVE files of float32.
enum WaveFile {
  static func bytes(_ planes: [[Float]], rate: Int) -> [UInt8] {
    let count = planes.first?.count ?? 0
    let size = planes.count * count * 4
    var out: [UInt8] = []
    out.reserveCapacity(size + 58)
    func put(_ text: String) { out += Array(text.utf8) }
    func put<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { out += Array($0) } }
    put("RIFF")
    put(UInt32(size + 50))
    put("WAVEfmt ")
    put(UInt32(18))
    put(UInt16(3))
    put(UInt16(planes.count))
    put(UInt32(rate))
    put(UInt32(rate * planes.count * 4))
    put(UInt16(planes.count * 4))
    put(UInt16(32))
    put(UInt16(0))
    put("fact")
    put(UInt32(4))
    put(UInt32(count))
    put("data")
    put(UInt32(size))
    for index in 0..<count { for plane in planes { put(plane[index].bitPattern) } }
    return out
  }
}
