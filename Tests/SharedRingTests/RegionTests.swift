import CSluice
import Foundation
import SluiceBase
import SystemBase
import Testing

@testable import SharedRing

@Suite struct RegionTests {
  private func make(_ bytes: Int) throws -> SharedRegion {
    try SharedRegion.create(bytes: bytes, writers: .others)
  }

  @Test func aRegionIsWholePagesOfZeroesWithoutAName() throws {
    let region = try make(5000)
    #expect(region.bytes == 8192)
    #expect((0..<region.bytes).allSatisfy { region.base.load(fromByteOffset: $0, as: UInt8.self) == 0 })
    // Other runs on this machine may have names for a moment; what stands in /proc says of ours that it has none.
    let target = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(region.descriptor.raw)")
    #expect(target.hasSuffix("(deleted)"))
    let name = target.replacingOccurrences(of: " (deleted)", with: "")
    #expect(!FileManager.default.fileExists(atPath: name))
    var status = stat()
    #expect(fstat(region.descriptor.raw, &status) == 0)
    #expect(Int(status.st_blocks) * 512 >= region.bytes, "reserved, no holes")
  }

  @Test func whatIsTooLargeIsRefusedInWords() throws {
    let error = #expect(throws: SluiceError.self) { try make(1 << 50) }
    #expect(error?.code == .unavailable)
    #expect(error?.advice.isEmpty == false)
  }

  @Test func aRegionShorterThanPromisedIsRefused() throws {
    let other = FileDescriptor(sluice_memfd("short"))
    #expect(ftruncate(other.raw, 4096) == 0)
    #expect(throws: SystemError.self) { try SharedRegion(descriptor: other, bytes: 8192, writable: true) }
    #expect(throws: SystemError.self) { try SharedRegion(descriptor: other, bytes: 0, writable: true) }
    #expect(throws: SystemError.self) { try SharedRegion(descriptor: other, bytes: -4096, writable: true) }
    #expect(throws: Never.self) { try SharedRegion(descriptor: other, bytes: 4096, writable: true) }
  }

  @Test func nobodyCanCutARegionOffOrMakeItLonger() throws {
    for writers in [SharedRegion.Writers.maker, .others] {
      let region = try SharedRegion.create(bytes: 8192, writers: writers)
      let fd = region.descriptor.raw
      for size in [0, 4096, 12288] { #expect(ftruncate(fd, off_t(size)) == -1 && errno == EPERM) }
      #expect(posix_fallocate(fd, 8192, 4096) == EPERM)
      #expect(sluice_seal(fd, false) == -1, "the seals are final")
      var status = stat()
      #expect(fstat(fd, &status) == 0 && status.st_size == 8192 && status.st_mode & 0o777 == 0o600 && status.st_nlink == 0)
    }
  }

  @Test func aPrefixCanBeReservedLater() throws {
    let region = try SharedRegion.create(bytes: 1 << 20, reserve: 8192, writers: .others)
    var status = stat()
    #expect(fstat(region.descriptor.raw, &status) == 0 && status.st_size == 1 << 20 && status.st_blocks * 512 < 1 << 19)
    #expect(region.reserve(upTo: 1 << 20))
    #expect(fstat(region.descriptor.raw, &status) == 0 && status.st_blocks * 512 >= 1 << 20)
  }

  /// Through any descriptor: the one that was made, and one that is opened anew for writing.
  @Test func onlyItsMakerWritesWhatIsHisAlone() throws {
    let region = try SharedRegion.create(bytes: 4096, writers: .maker)
    region.base.storeBytes(of: 77, as: UInt64.self)
    let anew = FileDescriptor(sluice_open("/proc/self/fd/\(region.descriptor.raw)", O_RDWR | O_CLOEXEC, 0))
    #expect(anew.raw >= 0)
    for fd in [region.descriptor.raw, anew.raw] {
      #expect(write(fd, "x", 1) == -1 && errno == EPERM)
      #expect(sluice_map(fd, 4096, true) == nil)
    }
    let readable = try SharedRegion(descriptor: anew, bytes: 4096, writable: false)
    withExtendedLifetime(readable) { #expect(readable.base.load(as: UInt64.self) == 77) }
    region.base.storeBytes(of: 78, as: UInt64.self)
    let shared = try make(4096)
    #expect(sluice_map(shared.descriptor.raw, 4096, true) != nil)
  }

  @Test func aReadOnlyDescriptorCannotBeMappedWritable() throws {
    let region = try make(4096)
    region.base.storeBytes(of: 77, as: UInt64.self)
    let readOnly = FileDescriptor(sluice_reopen_readonly(region.descriptor.raw))
    #expect(throws: SystemError.self) { try SharedRegion(descriptor: readOnly, bytes: 4096, writable: true) }
    let mapped = try SharedRegion(descriptor: readOnly, bytes: 4096, writable: false)
    #expect(mapped.base.load(as: UInt64.self) == 77)
    #expect(mprotect(mapped.base, 4096, PROT_READ | PROT_WRITE) != 0)
  }

  /// Another process gets one descriptor to write and one to read, and tells what it could do with them.
  @Test func anotherProcessCanDoWhatItsDescriptorAllowsAndNoMore() throws {
    let shared = try make(4096), readable = try make(4096)
    readable.base.storeBytes(of: 0x1122_3344, as: UInt32.self)
    let readOnly = FileDescriptor(sluice_reopen_readonly(readable.descriptor.raw))
    let peer = try PythonPeer(
      """
      import array, mmap, os, socket, struct
      s = socket.socket(fileno=3)
      def take():
        data, anc, _, _ = s.recvmsg(64, socket.CMSG_SPACE(4))
        return array.array('i', anc[0][2])[0]
      w, r = take(), take()
      m = mmap.mmap(w, 4096)
      m[0:8] = struct.pack('<Q', 0xfeed)
      answers = [mmap.mmap(r, 4096, prot=mmap.PROT_READ)[0:4] == struct.pack('<I', 0x11223344)]
      try:
        mmap.mmap(r, 4096)
        answers.append(False)
      except PermissionError:
        answers.append(True)
      try:
        os.ftruncate(r, 0)
        answers.append(False)
      except OSError:
        answers.append(True)
      try:
        os.write(r, b'x')
        answers.append(False)
      except OSError:
        answers.append(True)
      s.send(bytes(answers))
      """)
    peer.send([1], fd: shared.descriptor.raw)
    peer.send([2], fd: readOnly.raw)
    #expect(peer.receive() == [1, 1, 1, 1], "read; no map for writing; no truncation; no write")
    #expect(peer.end() == 0)
    #expect(shared.base.load(as: UInt64.self) == 0xfeed)
    #expect(readable.base.load(as: UInt32.self) == 0x1122_3344)
  }
}
