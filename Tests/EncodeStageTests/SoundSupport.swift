import CSluice
import EncodeStage
import Foundation
import FrameModel
import SharedRing
import SystemBase

/// A slot in this process's memory with a block of sound in it.
final class FakeSoundSlot {
  let memory: UnsafeMutableRawPointer
  let block: SoundBlock

  /// The samples of `wave` from `number * SoundBlock.frames` on.
  init(_ wave: Wave, number: Int64) {
    let start = Int(number) * SoundBlock.frames
    let count = min(SoundBlock.frames, wave.frames - start)
    block = SoundBlock(number: number, count: count, channels: wave.channels, sampleRate: wave.rate)
    memory = .allocate(byteCount: SoundBlock.slotBytes(channels: wave.channels), alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0xee, count: SoundBlock.slotBytes(channels: wave.channels))
    block.write(to: memory)
    for channel in 0..<wave.channels {
      let samples = block.samples(channel, in: memory)
      for index in 0..<count { samples[index] = wave.sample(start + index, channel) }
    }
  }

  deinit { memory.deallocate() }

  var readable: ReadableSlot {
    ReadableSlot(index: 0, generation: 1, memory: memory, bytes: SoundBlock.slotBytes(channels: block.channels))
  }
}

/// Faint noise with a click in it, the same whenever asked for: values that 16 bits hold exactly.
struct Wave {
  var frames: Int
  var rate = 48000
  var channels = 2
  var click = 12345
  var noise = true
  /// One for each channel, besides.
  var clicks: [Int] = []

  func sample(_ frame: Int, _ channel: Int) -> Float {
    if frame == click || (channel < clicks.count && frame == clicks[channel]) { return 24000 / 32768 }
    guard noise else { return 0 }
    var x = UInt32(truncatingIfNeeded: frame &* 2_654_435_761 &+ channel &* 40503 &+ 12345)
    x ^= x >> 15
    x = x &* 0x85eb_ca6b
    x ^= x >> 13
    return Float(Int32(x & 255) - 128) / 32768
  }

  var blocks: Int64 { SoundBlock.blocks(of: Int64(frames)) }
  /// Interleaved.
  var samples: [Float] { (0..<frames).flatMap { frame in (0..<channels).map { sample(frame, $0) } } }
}

func soundSettings(_ codec: String, _ format: String, wave: Wave, bitRate: Int64 = 0) -> OutputSettings {
  var sound = SoundSettings()
  sound.codec = codec
  sound.bitRate = bitRate
  sound.sampleRate = wave.rate
  sound.channels = wave.channels
  var output = OutputSettings()
  output.codec = ""
  output.format = format
  output.sound = sound
  return output
}

func openNew(_ path: String) -> FileDescriptor { FileDescriptor(sluice_open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)) }

/// Encodes a wave without pictures into the file at `path`.
@discardableResult
func encodeSound(_ settings: OutputSettings, _ wave: Wave, to path: String, asSegment: Bool = false) throws -> UInt64 {
  signal(SIGPIPE, SIG_IGN)
  let fd = openNew(path)
  let output =
    asSegment ? try SoundOutput(segmentOf: settings, fd: fd.raw) : try SoundOutput(settings: settings, fd: fd.raw)
  for number in 0..<wave.blocks {
    let slot = FakeSoundSlot(wave, number: number)
    try output.encode(slot.block, in: slot.readable)
  }
  return try output.finish()
}

/// Samples of the first sound stream as the ffmpeg program decodes them, interleaved floats.
func decodeSound(_ path: String, channels: Int = 2) throws -> [Float] {
  let data = try run("ffmpeg", ["-v", "error", "-i", path, "-map", "0:a:0", "-f", "f32le", "-ac", "\(channels)", "-"])
  return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
}

/// The sample frame with the loudest sample.
func peak(_ samples: [Float], channels: Int = 2) -> Int {
  let loudest = samples.indices.max { abs(samples[$0]) < abs(samples[$1]) } ?? 0
  return loudest / channels
}

/// Fields of a stream by ffprobe.
func probeStream(_ path: String, _ stream: String, _ entries: String) throws -> [String: String] {
  let data = try run(
    "ffprobe",
    ["-v", "error", "-select_streams", stream, "-show_entries", "stream=\(entries)", "-of", "default=nw=1", path])
  var fields: [String: String] = [:]
  for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
    let parts = line.split(separator: "=", maxSplits: 1)
    if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
  }
  return fields
}
