import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// Waits for descriptors and times, and calls who is registered for them. It knows nothing of runs. One thread: everything is
/// registered, called and taken out on the thread that calls `turn`.
///
/// A source lists the descriptors that it waits for before each wait, so that what it waits for may change without a word to the loop.
/// Sources are called in the order of their registration, timers after them. What a handler throws ends the turn.
final class EventLoop {
  /// Names a registration, to take it out or to set its time.
  struct Token: Hashable { fileprivate let number: UInt64 }

  private struct Source {
    let token: Token
    let list: (inout [pollfd]) -> Void
    let handle: (ArraySlice<pollfd>) throws(SluiceError) -> Void
  }

  private struct Timer {
    let token: Token
    /// nil: it is not set.
    var due: UInt64?
    /// Nanoseconds after which it is due again; nil: it is set anew each time.
    let interval: UInt64?
    let handle: () throws(SluiceError) -> Void
  }

  private let clock: MonotonicClock
  private var sources: [Source] = []
  private var timers: [Timer] = []
  private var nextNumber: UInt64 = 0
  /// Kept between turns for their memory: what poll(2) gets, and where each source's part of it ends.
  private var polled: [pollfd] = []
  private var ends: [Int] = []

  init(clock: MonotonicClock) { self.clock = clock }

  private func token() -> Token {
    nextNumber += 1
    return Token(number: nextNumber)
  }

  /// Registers several descriptors, of which some may come and go.
  /// - Parameters:
  ///   - list: appends them; called before each wait.
  ///   - handle: called when one of them has something, with what poll(2) says of those that were listed, in their order.
  @discardableResult
  func watch(
    list: @escaping (inout [pollfd]) -> Void, _ handle: @escaping (ArraySlice<pollfd>) throws(SluiceError) -> Void
  ) -> Token {
    let token = token()
    sources.append(Source(token: token, list: list, handle: handle))
    return token
  }

  /// Registers one descriptor, to be read from.
  @discardableResult
  func watch(_ descriptor: Int32, _ handle: @escaping () throws(SluiceError) -> Void) -> Token {
    watch(
      list: { $0.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) },
      { (_: ArraySlice<pollfd>) throws(SluiceError) in try handle() })
  }

  /// Registers a timer that is due at once, and then `interval` nanoseconds after it was called.
  @discardableResult
  func every(_ interval: UInt64, _ handle: @escaping () throws(SluiceError) -> Void) -> Token {
    let token = token()
    timers.append(Timer(token: token, due: 0, interval: interval, handle: handle))
    return token
  }

  /// Registers a timer that `set` sets, for one time.
  func timer(_ handle: @escaping () throws(SluiceError) -> Void) -> Token {
    let token = token()
    timers.append(Timer(token: token, due: nil, interval: nil, handle: handle))
    return token
  }

  /// When a timer is due; nil: not at all.
  func set(_ timer: Token, due: UInt64?) {
    guard let index = timers.firstIndex(where: { $0.token == timer }) else { return }
    timers[index].due = due
  }

  /// Takes out a source or a timer. It is not called any more, even if its descriptor has something in this very turn.
  func end(_ token: Token) {
    sources.removeAll { $0.token == token }
    timers.removeAll { $0.token == token }
  }

  /// Waits until something happens or a timer is due, and calls who is registered for it.
  /// - Parameter mayWait: false: it only looks.
  func turn(mayWait: Bool = true) throws(SluiceError) {
    polled.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    let asked = sources
    for source in asked {
      source.list(&polled)
      ends.append(polled.count)
    }
    if poll(&polled, nfds_t(polled.count), mayWait ? pause : 0) > 0 {
      var start = 0
      for (source, end) in zip(asked, ends) {
        let part = polled[start..<end]
        start = end
        guard part.contains(where: { $0.revents != 0 }), sources.contains(where: { $0.token == source.token }) else { continue }
        try source.handle(part)
      }
    }
    try callTimers()
  }

  /// Milliseconds until the next timer is due, rounded up; -1: none is set.
  private var pause: Int32 {
    var next = UInt64.max
    for timer in timers { next = min(next, timer.due ?? .max) }
    guard next < .max else { return -1 }
    let now = clock.now
    return next > now ? Int32(clamping: (next - now) / 1_000_000 + 1) : 0
  }

  private func callTimers() throws(SluiceError) {
    let now = clock.now
    var index = 0
    while index < timers.count {
      let timer = timers[index]
      if let due = timer.due, now >= due {
        timers[index].due = timer.interval.map { now + $0 }
        try timer.handle()
        // It may have taken itself out.
        guard index < timers.count, timers[index].token == timer.token else { continue }
      }
      index += 1
    }
  }
}
