import CSchema

/// The frame header of a slot of sound as a value: a block of float32 samples, one row a channel.
public struct SoundBlock: Equatable, Sendable {
  /// Sample frames of every block but the last.
  public static let frames = Int(SLUICE_SOUND_BLOCK)
  static let format = UInt32(SLUICE_FAMILY_PCM.rawValue) | 32 << 4

  /// Counted from 0; the block begins at output sample frame `number * SoundBlock.frames`.
  public var number: Int64
  /// Sample frames in it, 1 to `SoundBlock.frames`.
  public var count: Int
  public var channels: Int
  public var sampleRate: Int
  /// Bytes from the slot's start to the first channel, and from channel to channel.
  public private(set) var offset = Int(SLUICE_FRAME_BYTES)
  public private(set) var stride: Int

  public init(number: Int64, count: Int, channels: Int, sampleRate: Int) {
    self.number = number
    self.count = count
    self.channels = channels
    self.sampleRate = sampleRate
    stride = SoundBlock.frames * MemoryLayout<Float>.size
  }

  /// Blocks of `frames` sample frames.
  public static func blocks(of frames: Int64) -> Int64 { (frames + Int64(Self.frames) - 1) / Int64(Self.frames) }

  /// Bytes of a slot, whole pages.
  public static func slotBytes(channels: Int) -> Int {
    PlaneLayout.slotBytes(Int(SLUICE_FRAME_BYTES) + frames * channels * MemoryLayout<Float>.size)
  }

  /// Writes the header at the start of a slot, which is granted to the caller and is published later with a release store of `done`.
  public func write(to slot: UnsafeMutableRawPointer) {
    var header = sluice_frame()
    header.magic = SLUICE_MAGIC_FRAME
    header.format = Self.format
    header.width = UInt32(count)
    header.height = UInt32(channels)
    header.sar_num = 1
    header.sar_den = 1
    header.plane_count = 1
    header.pts_num = number * Int64(Self.frames)
    header.pts_den = Int64(sampleRate)
    header.number = number
    header.plane.0 = sluice_plane(offset: UInt64(offset), stride: UInt32(stride), reserved: 0)
    slot.storeBytes(of: header, as: sluice_frame.self)
  }

  /// Reads and checks a header that another process wrote: all samples lie inside `slotBytes`. nil when it does not hold.
  public init?(reading slot: UnsafeRawPointer, slotBytes: Int) {
    guard slotBytes >= Int(SLUICE_FRAME_BYTES) else { return nil }
    let header = slot.load(as: sluice_frame.self)
    let plane = header.plane.0
    let row = Int(header.width) * MemoryLayout<Float>.size
    guard header.magic == SLUICE_MAGIC_FRAME, header.format == Self.format, header.plane_count == 1, header.number >= 0,
      header.number < 1 << 40, (1...Self.frames).contains(Int(header.width)), (1...8).contains(header.height),
      (1...768_000).contains(header.pts_den), header.pts_num == header.number * Int64(Self.frames),
      plane.offset >= UInt64(SLUICE_FRAME_BYTES), plane.offset < UInt64(slotBytes), plane.offset % 64 == 0, plane.stride % 4 == 0,
      Int(plane.stride) >= row, Int(plane.offset) + Int(plane.stride) * (Int(header.height) - 1) + row <= slotBytes
    else { return nil }
    self.init(number: header.number, count: Int(header.width), channels: Int(header.height), sampleRate: Int(header.pts_den))
    offset = Int(plane.offset)
    stride = Int(plane.stride)
  }

  /// The samples of a channel in a slot whose header this is: `count` of them.
  public func samples(_ channel: Int, in slot: UnsafeRawPointer) -> UnsafeBufferPointer<Float> {
    precondition(channel >= 0 && channel < channels, "no channel \(channel) of \(channels)")
    return UnsafeBufferPointer(start: (slot + offset + channel * stride).assumingMemoryBound(to: Float.self), count: count)
  }

  public func samples(_ channel: Int, in slot: UnsafeMutableRawPointer) -> UnsafeMutableBufferPointer<Float> {
    precondition(channel >= 0 && channel < channels, "no channel \(channel) of \(channels)")
    return UnsafeMutableBufferPointer(start: (slot + offset + channel * stride).assumingMemoryBound(to: Float.self), count: count)
  }
}
