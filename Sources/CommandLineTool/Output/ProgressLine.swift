import Ingot
import Synchronization

/// One line on standard error that says how far a long job is; silent unless a terminal shows it.
final class ProgressLine: Sendable {
  private let total: Int
  /// The unit that is counted; nil for bytes.
  private let unit: String?
  private let isShown: Bool
  private let start = ContinuousClock.now
  private let state = Mutex((done: 0, shownAt: ContinuousClock.now))
  /// The time between two updates.
  private static let interval: Duration = .milliseconds(100)

  /// A line for a job of `totalByteCount` bytes.
  convenience init(totalByteCount: Int, isQuiet: Bool) {
    self.init(total: totalByteCount, unit: nil, isQuiet: isQuiet)
  }

  /// A line for a job of `total` steps.
  init(total: Int, unit: String?, isQuiet: Bool) {
    self.total = total
    self.unit = unit
    isShown = !isQuiet && StandardStreams.errorShowsProgress
  }

  /// Notes that `count` more bytes or steps are done; may be called from any thread.
  func advance(_ count: Int) {
    guard isShown else { return }
    let now = ContinuousClock.now
    let done = state.withLock { state -> Int? in
      state.done += count
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
    let left = rate > 0 ? Double(max(0, total - done)) / rate : 0
    let percent = total > 0 ? min(100, Int(Double(done) / Double(total) * 100)) : 100
    let amount =
      if let unit {
        "\(done.grouped) of \(total.grouped) \(unit) (\(percent) %)"
      } else {
        "\(done.byteSize) of \(total.byteSize) (\(percent) %), \(Int(rate).byteSize)/s"
      }
    return "\(amount), \(left.rounded(.up).fixed(0)) s left"
  }
}
