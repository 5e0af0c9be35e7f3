import Ingot
import Synchronization

/// One line on standard error that says how far a long job is; silent unless a terminal shows it.
final class ProgressLine: Sendable {
  /// Nil if it is unknown.
  private let total: Int?
  /// The unit that is counted; nil for bytes.
  private let unit: String?
  private let isShown: Bool
  private let start = ContinuousClock.now
  private let state = Mutex((done: 0, shownAt: ContinuousClock.now))
  /// The time between two updates.
  private static let interval: Duration = .milliseconds(100)

  /// A line for a job of `totalByteCount` bytes, or of an unknown number.
  convenience init(totalByteCount: Int?, isQuiet: Bool) {
    self.init(total: totalByteCount, unit: nil, isQuiet: isQuiet)
  }

  /// A line for a job of `total` steps.
  init(total: Int?, unit: String?, isQuiet: Bool) {
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
    Self.text(done: done, total: total, unit: unit, seconds: seconds)
  }

  /// `1.2 GiB of 4.0 GiB (30 %), 812.4 MiB/s, 4 s left`, `12 of 40 chunks (30 %), 1.6 chunks/s, 18 s left`.
  static func text(done: Int, total: Int?, unit: String?, seconds: Double) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let amount = { (count: Int) in unit == nil ? count.byteSize : count.grouped }
    let speed = unit.map { "\(rate.significant(2)) \($0)/s" } ?? "\(Int(rate).byteSize)/s"
    let name = unit.map { " \($0)" } ?? ""
    guard let total else { return "\(amount(done))\(name), \(speed)" }
    let percent = total > 0 ? min(100, Int(Double(done) / Double(total) * 100)) : 100
    let left = rate > 0 ? Double(max(0, total - done)) / rate : 0
    return "\(amount(done)) of \(amount(total))\(name) (\(percent) %), \(speed), \(left.durationWords) left"
  }
}

extension Double {
  /// Seconds in words, rounded up: `17 s`, `3 min 20 s`, `1 h 5 min`.
  fileprivate var durationWords: String {
    // Longer than a century is as good as unknown.
    let seconds = Int(Swift.min(rounded(.up), 1e10))
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    if hours > 0 { return "\(hours.grouped) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s"
  }
}
