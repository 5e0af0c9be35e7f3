import Ingot
import Synchronization

/// One line on standard error that says how far a long job is; silent unless a terminal shows it.
final class ProgressLine: Sendable {
  private let totalByteCount: Int
  private let isShown: Bool
  private let start = ContinuousClock.now
  private let state = Mutex((done: 0, shownAt: ContinuousClock.now))
  /// The time between two updates.
  private static let interval: Duration = .milliseconds(100)

  /// A line for a job of `totalByteCount` bytes.
  init(totalByteCount: Int, isQuiet: Bool) {
    self.totalByteCount = totalByteCount
    isShown = !isQuiet && StandardStreams.errorIsTerminal
  }

  /// Notes that `byteCount` more bytes are done; may be called from any thread.
  func advance(_ byteCount: Int) {
    guard isShown else { return }
    let now = ContinuousClock.now
    let done = state.withLock { state -> Int? in
      state.done += byteCount
      guard now - state.shownAt >= Self.interval else { return nil }
      state.shownAt = now
      return state.done
    }
    if let done { StandardStreams.rewriteLine(text(done, after: seconds)) }
  }

  /// Removes the line.
  func finish() {
    if isShown { StandardStreams.rewriteLine("") }
  }

  /// Seconds since the beginning.
  var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

  private func text(_ done: Int, after seconds: Double) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let left = rate > 0 ? Double(max(0, totalByteCount - done)) / rate : 0
    let percent = totalByteCount > 0 ? done * 100 / totalByteCount : 100
    return "\(done.byteSize) of \(totalByteCount.byteSize) (\(percent) %), \(Int(rate).byteSize)/s, "
      + "\(left.rounded(.up).fixed(0)) s left"
  }
}
