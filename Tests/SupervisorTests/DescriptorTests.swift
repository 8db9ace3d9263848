import CSluice
import Foundation
import SystemBase
import Testing

/// Descriptors that come with a packet.
@Suite struct DescriptorTests {
  /// Sends four bytes and the descriptor so many times.
  private func send(_ socket: Int32, _ fd: Int32, times: Int) -> Int {
    // struct cmsghdr {size_t, int, int} and the descriptors.
    var control = withUnsafeBytes(of: 16 + 4 * times, Array.init)
    for word in [SOL_SOCKET, 1] + Array(repeating: fd, count: times) {  // SCM_RIGHTS
      control += withUnsafeBytes(of: word, Array.init)
    }
    while control.count % 8 != 0 { control.append(0) }
    let length = times > 0 ? control.count : 0
    var data: UInt32 = 7
    return withUnsafeMutablePointer(to: &data) { data in
      var part = iovec(iov_base: data, iov_len: 4)
      return withUnsafeMutablePointer(to: &part) { part in
        control.withUnsafeMutableBytes { control in
          var message = msghdr()
          message.msg_iov = part
          message.msg_iovlen = 1
          message.msg_control = length > 0 ? control.baseAddress : nil
          message.msg_controllen = length
          return sendmsg(socket, &message, 0)
        }
      }
    }
  }

  private func isOpen(_ pipe: Int32) -> Bool {
    // The reading end sees the end when nobody has the writing end.
    var state = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
    return poll(&state, 1, 0) == 0
  }

  @Test(arguments: [0, 1, 2, 3, 40]) func oneOrNone(_ count: Int) throws {
    var ends: [Int32] = [-1, -1]
    try #require(sluice_pair(&ends) == 0)
    let (here, there) = (FileDescriptor(ends[0]), FileDescriptor(ends[1]))
    try #require(sluice_pipe(&ends) == 0)
    let reader = FileDescriptor(ends[0])
    #expect(send(there.raw, ends[1], times: count) == 4)
    close(ends[1])
    var data: UInt32 = 0
    var received: Int32 = 99
    let n = sluice_receive_fd(here.raw, &data, 4, &received)
    if count <= 1 {
      #expect(n == 4 && data == 7)
      #expect((received >= 0) == (count == 1))
    } else {
      #expect(n == -1 && sluice_errno() == EPROTO && received == -1)
    }
    #expect(isOpen(reader.raw) == (count == 1))
    if received >= 0 { close(received) }
    #expect(!isOpen(reader.raw))
  }
}
