import CSluice

/// A copy of a render job's record in the control region: which slots are drawn into which slot.
public struct JobRecord: Sendable {
  public let frame: Int64
  /// The output slot.
  public let slot: UInt32
  public let generation: UInt32
  /// At most SLUICE_MAX_INPUTS. Slot SLUICE_NO_SLOT: the stream has no picture for this frame.
  public let inputs: [sluice_input]
}

// A record is filled anew for another job while a late reader may still be copying it. Its sequence is 0 meanwhile. Every word is stored
// with release and loaded with acquire: a reader that has seen a word of the new filling sees a changed sequence when it looks again.
extension UnsafeMutablePointer<sluice_job> {
  /// Fills a record; its sequence (not 0) is stored last. For the one thread that writes the region.
  func fill(sequence: UInt64, frame: Int64, slot: UInt32, generation: UInt32, inputs: [sluice_input]) {
    sluice_store_release64(&pointee.sequence, 0)
    sluice_store_release64(frameWord, UInt64(bitPattern: frame))
    sluice_store_release32(&pointee.slot, slot)
    sluice_store_release32(&pointee.generation, generation)
    sluice_store_release32(&pointee.input_count, UInt32(inputs.count))
    for (index, input) in inputs.enumerated() {
      sluice_store_release32(&table[index].stream, input.stream)
      sluice_store_release32(&table[index].slot, input.slot)
      sluice_store_release32(&table[index].generation, input.generation)
    }
    sluice_store_release64(&pointee.sequence, sequence)
  }

  /// nil when the record's sequence is another one, before or after the record was copied.
  func copy(sequence: UInt64) -> JobRecord? {
    guard sequence != 0, sluice_load_acquire64(&pointee.sequence) == sequence else { return nil }
    let count = sluice_load_acquire32(&pointee.input_count)
    guard count <= SLUICE_MAX_INPUTS else { return nil }
    let job = JobRecord(
      frame: Int64(bitPattern: sluice_load_acquire64(frameWord)), slot: sluice_load_acquire32(&pointee.slot),
      generation: sluice_load_acquire32(&pointee.generation),
      inputs: (0..<Int(count)).map { index in
        sluice_input(
          stream: sluice_load_acquire32(&table[index].stream), slot: sluice_load_acquire32(&table[index].slot),
          generation: sluice_load_acquire32(&table[index].generation), reserved: 0)
      })
    return sluice_load_acquire64(&pointee.sequence) == sequence ? job : nil
  }

  private var frameWord: UnsafeMutablePointer<UInt64> {
    withUnsafeMutablePointer(to: &pointee.frame) { UnsafeMutableRawPointer($0).assumingMemoryBound(to: UInt64.self) }
  }

  /// The inputs, which end the record.
  private var table: UnsafeMutablePointer<sluice_input> {
    let bytes = Int(SLUICE_MAX_INPUTS) * MemoryLayout<sluice_input>.size
    return (UnsafeMutableRawPointer(self) + MemoryLayout<sluice_job>.size - bytes).assumingMemoryBound(to: sluice_input.self)
  }
}
