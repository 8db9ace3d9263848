import CSluice

#if canImport(Glibc)
import Glibc
#endif

/// A POSIX thread for work that blocks: decoding, encoding, a ZeroMQ socket. Detached unless joined.
public final class WorkThread: Sendable {
  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  private let thread: pthread_t

  /// Starts `body`; `name` (15 bytes) is what ps and perf show. Traps when the system has no thread left.
  public init(_ name: String, stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    // Balanced by takeRetainedValue in the thread, which runs exactly once.
    let start = Unmanaged.passRetained(Start(name, body)).toOpaque()
    let result = pthread_create(
      &thread, &attributes,
      { raw in
        guard let raw else { return nil }
        let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        sluice_thread_name(start.name)
        start.body()
        return nil
      }, start)
    precondition(result == 0, "pthread_create: \(String(cString: strerror(result)))")
    self.thread = thread
  }

  /// Waits until the thread has ended. Call it once.
  public func join() { pthread_join(thread, nil) }
}

/// A value with a mutex and a condition variable. They are those of the C library and not Synchronization.Mutex, which
/// ThreadSanitizer does not know.
public final class Monitor<Value>: @unchecked Sendable {
  // Sendable: the value is used only while the mutex is held.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var value: Value

  public init(_ value: Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  /// Runs `body` with the value, then wakes all threads that wait.
  public func with<R>(_ body: (inout Value) throws -> R) rethrows -> R {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return try body(&value)
  }

  /// Waits until `body` returns a result. It is tried again after each change.
  public func wait<R>(_ body: (inout Value) -> R?) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      pthread_cond_wait(condition, mutex)
    }
  }
}

/// A queue between threads.
public final class WorkQueue<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var closed = false
  }
  private let state = Monitor(State())

  public init() {}
  public func push(_ element: Element) { state.with { $0.elements.append(element) } }
  public func close() { state.with { $0.closed = true } }
  /// Waits for an element. nil after `close`, when it is empty.
  public func next() -> Element? {
    state.wait { (state: inout State) -> Element?? in
      if !state.elements.isEmpty { return .some(state.elements.removeFirst()) }
      return state.closed ? .some(nil) : nil
    }
  }
  /// The next element if there is one now.
  public func poll() -> Element? { state.with { $0.elements.isEmpty ? nil : $0.elements.removeFirst() } }
}
