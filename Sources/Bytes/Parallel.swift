import Dispatch
import Synchronization

/// Work on all cores whose result does not depend on how many there are.
public enum Parallel {
  /// The cores of this machine that are online.
  public static var coreCount: Int { max(1, ActiveCores.count) }

  /// Runs `body` for every index below `count` on up to `threads` threads, each with a state of its own.
  ///
  /// Indices are handed out in order, one at a time. The first error stops the handing out and is thrown.
  public static func forEach<State>(
    _ count: Int, threads: Int, state makeState: @Sendable () -> State,
    _ body: @Sendable (inout State, Int) throws -> Void
  ) throws {
    let workerCount = min(max(1, threads), count)
    guard workerCount > 1 else {
      var state = makeState()
      for index in 0..<count { try body(&state, index) }
      return
    }
    let next = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: workerCount) { _ in
      var state = makeState()
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        do {
          try body(&state, index)
        } catch {
          failure.withLock { $0 = $0 ?? error }
          next.store(count, ordering: .relaxed)
          return
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Runs `body` for every index below `count` on up to `threads` threads.
  public static func forEach(_ count: Int, threads: Int, _ body: @Sendable (Int) throws -> Void) throws {
    try forEach(count, threads: threads, state: {}) { _, index in try body(index) }
  }
}
