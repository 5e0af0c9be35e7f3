// How measured values are worded: significant digits, uncertainties and shares.

extension Double {
  /// The value of a metric, with three significant digits.
  public var metricText: String { significant(3) }

  /// The value with some significant digits; with an exponent below 0.001 and from a million on.
  ///
  /// `0.0216`, `1,380`, `9.84e-04`; `0` for zero.
  public func significant(_ digits: Int) -> String {
    guard self != 0 else { return "0" }
    guard isFinite else { return "\(self)" }
    guard (0.001..<1_000_000).contains(magnitude) else { return scientific(digits) }
    return rounded(decimals: digits - 1 - decimalExponent(digits))
  }

  /// The value and one standard error with two significant digits: `1,380 ± 550`, `1.018 ± 0.012`.
  public func withUncertainty(_ error: Double) -> String {
    guard isFinite, error.isFinite, error > 0, (0.001..<1_000_000).contains(Swift.max(magnitude, error)) else {
      return "\(significant(3)) ± \(error.significant(2))"
    }
    let decimals = 1 - error.decimalExponent(2)
    return "\(rounded(decimals: decimals)) ± \(error.rounded(decimals: decimals))"
  }

  /// A share in percent: `94.7 %`; `100 %` only for 1.
  public var percentage: String { self == 1 ? "100 %" : "\(Swift.min(99.9, self * 100).fixed(1)) %" }

  /// The exponent of ten once the value is rounded to some significant digits.
  private func decimalExponent(_ digits: Int) -> Int {
    var exponent = 0
    var value = magnitude
    while value >= 10 { value /= 10; exponent += 1 }
    while value < 1 { value *= 10; exponent -= 1 }
    var scale = 1.0
    for _ in 1..<digits { scale *= 10 }
    return (value * scale).rounded() >= scale * 10 ? exponent + 1 : exponent
  }

  /// The value rounded to decimals after the point, or before it if they are negative; digits are grouped.
  private func rounded(decimals: Int) -> String {
    let text: String
    if decimals >= 0 {
      text = magnitude.fixed(decimals)
    } else {
      var unit = 1.0
      for _ in decimals..<0 { unit *= 10 }
      text = ((magnitude / unit).rounded() * unit).fixed(0)
    }
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let whole = parts.first.flatMap({ Int($0) }) else { return "\(self)" }
    return (self < 0 ? "-" : "") + whole.grouped + (parts.count > 1 ? "." + parts[1] : "")
  }

  /// The value in scientific notation with some significant digits: `1.23e-09`.
  private func scientific(_ digits: Int) -> String {
    let exponent = decimalExponent(digits)
    var value = magnitude
    for _ in 0..<exponent.magnitude { value = exponent < 0 ? value * 10 : value / 10 }
    let size = exponent.magnitude
    return "\(self < 0 ? "-" : "")\(value.fixed(digits - 1))e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
  }
}
