/// What encoding did to the numbers of a range.
///
/// Sums are kept in double precision in a fixed order that depends on the range alone. Each range of a
/// tensor gives one report; merged in the order of the ranges they give the tensor's, for any assignment to threads.
public struct EncodingReport: Sendable, Equatable {
  /// Elements seen.
  public internal(set) var elementCount = 0
  /// The number of elements whose stored value differs from the source; NaN for NaN is not a change.
  public internal(set) var changedCount = 0
  /// Finite elements that were stored as infinity or NaN.
  public internal(set) var overflowCount = 0
  /// The first of these.
  public internal(set) var firstOverflowIndex: Int?
  /// Elements that were infinite or NaN before.
  public internal(set) var nonfiniteCount = 0
  /// The first of these.
  public internal(set) var firstNonfiniteIndex: Int?
  /// The greatest |stored − value|, of elements finite before and after.
  public internal(set) var maximumAbsoluteError = 0.0
  /// Σ (stored − value)², of elements finite before and after.
  public internal(set) var sumSquaredError = 0.0
  /// Σ value², of elements finite before and after.
  public internal(set) var sumSquaredValue = 0.0
  /// Σ stored², of elements finite before and after.
  public internal(set) var sumSquaredStored = 0.0
  /// How the errors are spread; nil unless that was asked for.
  public internal(set) var histogram: ErrorHistogram?

  /// How much a report keeps.
  public enum Detail: Sendable {
    /// Counts and sums.
    case sums
    /// Sums and a histogram of the errors.
    case histogram
  }

  /// A report on no elements.
  public init(_ detail: Detail = .sums) {
    if detail == .histogram { histogram = ErrorHistogram() }
  }

  /// √(Σ (stored − value)² / elements); 0 for no elements.
  public var rootMeanSquareError: Double {
    elementCount == 0 ? 0 : (sumSquaredError / Double(elementCount)).squareRoot()
  }

  /// Σ (stored − value)² / Σ value²; 0 when nothing changed.
  public var normalizedMeanSquareError: Double {
    sumSquaredError == 0 ? 0 : sumSquaredError / sumSquaredValue
  }

  /// Σ value × stored / √(Σ value² · Σ stored²); 1 when nothing changed, 0 when one side is all zeros.
  ///
  /// The sum of products follows from the other three: Σ (stored − value)² = Σ stored² + Σ value² − 2 Σ value × stored.
  public var cosine: Double {
    if sumSquaredError == 0 { return 1 }
    let norms = sumSquaredValue.squareRoot() * sumSquaredStored.squareRoot()
    return norms == 0 ? 0 : min(1, max(-1, (sumSquaredValue + sumSquaredStored - sumSquaredError) / 2 / norms))
  }

  /// The value of a metric of tensors; nil for the others.
  public func value(_ metric: Budget.Metric) -> Double? {
    switch metric {
    case .nmse: normalizedMeanSquareError
    case .maximumAbsolute: maximumAbsoluteError
    case .rmse: rootMeanSquareError
    case .cosine: cosine
    default: nil
    }
  }

  /// Appends the report on the range that follows this one's.
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

  /// Notes one element: its value before, and the number that is stored for it.
  mutating func note(_ value: Double, storedAs stored: Double) {
    if !value.isFinite {
      nonfiniteCount += 1
      firstNonfiniteIndex = firstNonfiniteIndex ?? elementCount
      if value.isNaN != stored.isNaN || (!value.isNaN && value != stored) { changedCount += 1 }
    } else if !stored.isFinite {
      overflowCount += 1
      changedCount += 1
      firstOverflowIndex = firstOverflowIndex ?? elementCount
    } else {
      if value != stored { changedCount += 1 }
      let error = stored - value
      maximumAbsoluteError = max(maximumAbsoluteError, abs(error))
      sumSquaredError += error * error
      sumSquaredValue += value * value
      sumSquaredStored += stored * stored
      histogram?.note(error)
    }
    elementCount += 1
  }
}
