/// The errors that encoding caused in a range of values.
///
/// Sums are kept in double precision in a fixed order that depends only on the range. Each range of a tensor gives one
/// report; merging these in the order of the ranges gives the tensor's, whichever thread processed which range.
public struct EncodingReport: Sendable, Equatable {
  /// All elements of the range.
  public internal(set) var elementCount = 0
  /// Elements whose stored value differs from the original; NaN stored as NaN is unchanged.
  public internal(set) var changedCount = 0
  /// Finite elements that were stored as infinity or NaN.
  public internal(set) var overflowCount = 0
  /// The index of the first of these.
  public internal(set) var firstOverflowIndex: Int?
  /// Elements that were infinite or NaN originally.
  public internal(set) var nonfiniteCount = 0
  /// The index of the first of these.
  public internal(set) var firstNonfiniteIndex: Int?
  /// Maximum |stored − value|, over elements that are finite in both.
  public internal(set) var maximumAbsoluteError = 0.0
  /// Σ (stored − value)², over elements that are finite in both.
  public internal(set) var sumSquaredError = 0.0
  /// Σ value², over elements that are finite in both.
  public internal(set) var sumSquaredValue = 0.0
  /// Σ stored², over elements that are finite in both.
  public internal(set) var sumSquaredStored = 0.0
  /// The distribution of the errors; nil unless requested.
  public internal(set) var histogram: ErrorHistogram?

  /// The detail of a report.
  public enum Detail: Sendable {
    /// Counts and sums.
    case sums
    /// Counts, sums and a histogram of the errors.
    case histogram
  }

  /// Creates an empty report.
  public init(_ detail: Detail = .sums) {
    if detail == .histogram { histogram = ErrorHistogram() }
  }

  /// A report on `count` elements that did not change, before others.
  public init(unchanged count: Int) { elementCount = count }

  /// √(Σ (stored − value)² / elements); 0 for no elements.
  public var rootMeanSquareError: Double {
    elementCount == 0 ? 0 : (sumSquaredError / Double(elementCount)).squareRoot()
  }

  /// Σ (stored − value)² / Σ value²; 0 if nothing changed.
  public var normalizedMeanSquareError: Double {
    sumSquaredError == 0 ? 0 : sumSquaredError / sumSquaredValue
  }

  /// Σ value × stored / √(Σ value² · Σ stored²); 1 if nothing changed, 0 if one side is all zeros.
  ///
  /// The sum of products follows from the other three: Σ (stored − value)² = Σ stored² + Σ value² − 2 Σ value × stored.
  public var cosine: Double {
    if sumSquaredError == 0 { return 1 }
    let norms = sumSquaredValue.squareRoot() * sumSquaredStored.squareRoot()
    return norms == 0 ? 0 : min(1, max(-1, (sumSquaredValue + sumSquaredStored - sumSquaredError) / 2 / norms))
  }

  /// The value of a metric of tensors; nil for metrics of logits.
  public func value(_ metric: Budget.Metric) -> Double? {
    switch metric {
    case .nmse: normalizedMeanSquareError
    case .maximumAbsolute: maximumAbsoluteError
    case .rmse: rootMeanSquareError
    case .cosine: cosine
    default: nil
    }
  }

  /// Appends the report on the range after this one's.
  public mutating func merge(_ next: Self) {
    firstOverflowIndex = firstOverflowIndex ?? next.firstOverflowIndex.map { $0 + elementCount }
    firstNonfiniteIndex = firstNonfiniteIndex ?? next.firstNonfiniteIndex.map { $0 + elementCount }
    elementCount += next.elementCount
    changedCount += next.changedCount
    overflowCount += next.overflowCount
    nonfiniteCount += next.nonfiniteCount
    maximumAbsoluteError = max(maximumAbsoluteError, next.maximumAbsoluteError)
    sumSquaredError += next.sumSquaredError
    sumSquaredValue += next.sumSquaredValue
    sumSquaredStored += next.sumSquaredStored
    if let errors = next.histogram {
      histogram = histogram ?? ErrorHistogram()
      histogram?.merge(errors)
    }
  }

  /// Notes one element: its value before, and the value that is stored for it.
  mutating func note(_ value: Double, storedAs stored: Double) { note(value, storedAs: stored, error: stored - value) }

  /// Adds one element of a format that is wider than float32.
  mutating func note(_ value: ExactValue, storedAs stored: Float) {
    note(value.value, storedAs: Double(stored), error: ExactValue(stored, remainder: 0).minus(value))
  }

  private mutating func note(_ value: Double, storedAs stored: Double, error: Double) {
    if !value.isFinite {
      nonfiniteCount += 1
      firstNonfiniteIndex = firstNonfiniteIndex ?? elementCount
      if value.isNaN != stored.isNaN || (!value.isNaN && value != stored) { changedCount += 1 }
    } else if !stored.isFinite {
      overflowCount += 1
      changedCount += 1
      firstOverflowIndex = firstOverflowIndex ?? elementCount
    } else {
      if error != 0 { changedCount += 1 }
      maximumAbsoluteError = max(maximumAbsoluteError, abs(error))
      sumSquaredError += error * error
      sumSquaredValue += value * value
      sumSquaredStored += stored * stored
      histogram?.note(error)
    }
    elementCount += 1
  }
}
