import Bytes
import Tensors

/// An axis of a plot: the values it covers, and the ones that have a tick.
struct Axis {
  /// A value with a tick.
  struct Tick {
    let value: Double
    let label: String
    /// Whether a narrow screen leaves the label out.
    var isMinor = false
  }

  /// How values become positions.
  enum Scale {
    case linear
    /// By the logarithm; zeros are at the low end.
    case logarithmic
  }

  let title: String
  let scale: Scale
  let low: Double, high: Double
  var ticks: [Tick]

  /// A linear axis with three to eight ticks at multiples of 1, 2 or 5 of a power of ten; `unit` is a divisor of labels.
  static func linear(_ title: String, from low: Double, to high: Double, label: (Double) -> String) -> Axis {
    let span = max(high - low, .leastNormalMagnitude)
    let step = niceStep(span / 5)
    let first = (low / step).rounded(.down) * step, last = (high / step).rounded(.up) * step
    let count = Int(((last - first) / step).rounded())
    return Axis(
      title: title, scale: .linear, low: first, high: last,
      ticks: (0...max(1, count)).map { index in
        let value = first + Double(index) * step
        return Tick(value: value, label: label(value), isMinor: index % 2 == 1)
      })
  }

  /// A logarithmic axis over whole decades, or with ticks at 1, 2 and 5 if it has fewer than three.
  ///
  /// - Parameter greatestDecadeCount: lower values are at the low end.
  static func logarithmic(
    _ title: String, from low: Double, to high: Double, greatestDecadeCount: Int = 8,
    label: (Double) -> String = Axis.label
  ) -> Axis {
    let top = ceiling(high), bottom = max(floor(low), top - greatestDecadeCount)
    let last = max(top, bottom + 1)
    let factors = last - bottom < 3 ? [1.0, 2, 5] : [1.0]
    var ticks: [Tick] = []
    for exponent in bottom...last {
      for factor in exponent == last ? [1.0] : factors {
        let value = factor * power(exponent)
        ticks.append(Tick(value: value, label: label(value), isMinor: ticks.count % 2 == 1))
      }
    }
    return Axis(title: title, scale: .logarithmic, low: power(bottom), high: power(last), ticks: ticks)
  }

  /// The position of a value between the ends, 0…1.
  func fraction(_ value: Double) -> Double {
    switch scale {
    case .linear: min(1, max(0, (value - low) / (high - low)))
    case .logarithmic:
      value > low ? min(1, Self.logarithm(value / low) / Self.logarithm(high / low)) : 0
    }
  }

  /// `0.01`, `1e-5`, `1,000`
  static func label(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    guard (0.0009..<1_000_000).contains(value) else {
      let exponent = floor(value)
      let factor = Int((value / power(exponent)).rounded())
      return factor == 10 ? "1e\(exponent + 1)" : "\(factor)e\(exponent)"
    }
    if value >= 1 { return Int(value.rounded()).grouped }
    let decimals = -floor(value)
    return value.fixed(decimals)
  }

  private static func niceStep(_ rough: Double) -> Double {
    let unit = power(floor(rough))
    return unit * ([1.0, 2, 5, 10].first { rough <= unit * $0 * 1.0000001 } ?? 10)
  }

  static func logarithm(_ value: Double) -> Double {
    DeterministicMath.naturalLogarithm(value) / DeterministicMath.naturalLogarithm(10)
  }

  private static func floor(_ value: Double) -> Int { Int((logarithm(value) + 1e-9).rounded(.down)) }
  private static func ceiling(_ value: Double) -> Int { Int((logarithm(value) - 1e-9).rounded(.up)) }

  static func power(_ exponent: Int) -> Double {
    (0..<exponent.magnitude).reduce(1.0) { value, _ in exponent < 0 ? value / 10 : value * 10 }
  }
}
