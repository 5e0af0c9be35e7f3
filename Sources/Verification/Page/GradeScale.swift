import Bytes

/// A bar with a section for each quality grade, and a mark where a figure is.
///
/// Sections have the same width; within one, positions are logarithmic.
struct GradeScale: Sendable {
  /// The greatest values of near-lossless, good, noticeable and poor, ascending.
  let bounds: [Double]
  /// How a bound is written below the bar.
  let label: @Sendable (Double) -> String

  /// The position of a value, 0…1.
  func fraction(_ value: Double) -> Double {
    let width = 1 / Double(bounds.count + 1)
    guard let index = bounds.firstIndex(where: { value <= $0 }) else {
      let last = bounds.last ?? 1
      // The section of broken models ends at ten times its lower bound.
      return min(1, (Double(bounds.count) + min(1, Axis.logarithm(max(1, value / last)))) * width)
    }
    guard index > 0 else { return max(0, value / bounds[0]) * width }
    let share = Axis.logarithm(value / bounds[index - 1]) / Axis.logarithm(bounds[index] / bounds[index - 1])
    return (Double(index) + share) * width
  }

  /// The bar with a mark at `value` and a band over `value ± error`.
  func html(_ value: Double, error: Double) -> String {
    func percent(_ share: Double) -> String { "\((share * 100).fixed(2))%" }
    let low = fraction(max(0, value - error)), high = fraction(value + error)
    let sections = QualityGrade.allCases.dropFirst().map { "<i title=\"\($0.rawValue)\"></i>" }.joined()
    let labels = bounds.enumerated().map { index, bound in
      "<span style=\"left:\(percent(Double(index + 1) / Double(bounds.count + 1)))\">\(label(bound))</span>"
    }
    return "<div class=\"scale\" aria-hidden=\"true\"><div class=\"sections\">\(sections)</div>"
      + "<b class=\"band\" style=\"left:\(percent(low));width:\(percent(max(0, high - low)))\"></b>"
      + "<b class=\"here\" style=\"left:\(percent(fraction(value)))\"></b>\(labels.joined())</div>"
  }

  static let divergence = GradeScale(bounds: QualityGrade.bounds.map(\.divergence)) { Axis.label($0) }
  static let perplexityRatio = GradeScale(bounds: QualityGrade.bounds.map { $0.perplexityRatio - 1 }) {
    (1 + $0).fixed(2)
  }
  /// Of the share of positions without agreement.
  static let disagreement = GradeScale(bounds: QualityGrade.bounds.map { 1 - $0.topOneAgreement }) {
    "\(((1 - $0) * 100).fixed(0)) %"
  }
  static let embeddingError = GradeScale(bounds: QualityGrade.bounds.map(\.embeddingError)) { Axis.label($0) }
}
