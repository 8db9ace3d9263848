/// The render quantum of Web Audio: 128 frames. Quanta lie on a grid that starts at frame 0, so that what is decided once a quantum
/// never depends on how many frames somebody asks for.
public enum Quantum {
  public static let frames = 128
}

/// Samples of one signal during one quantum: `channels` planes of 128 floats, one behind the other. A view on pooled memory, valid
/// while the quantum is rendered.
struct Signal {
  let base: UnsafeMutablePointer<Float>
  let channels: Int

  func plane(_ channel: Int) -> UnsafeMutablePointer<Float> { base + channel * Quantum.frames }

  func clear() { base.update(repeating: 0, count: channels * Quantum.frames) }
}
