import Bytes
import Formats
import Quantization

/// The errors of values against a reference, in double precision.
///
/// Each slab of a tensor has its own metrics, which are merged in the order of the slabs: the result does not depend on
/// threads. Within a slab element `i` is summed in lane `i mod 8`.
public struct ErrorMetrics: Sendable, Hashable {
  /// Elements compared.
  public private(set) var elementCount = 0
  /// Elements with other values; NaN equals NaN, and zeros of either sign are equal.
  public private(set) var differingCount = 0
  /// Elements where one is NaN or infinite and the other is something else.
  public private(set) var nonfiniteMismatchCount = 0
  /// The first of these.
  public private(set) var firstNonfiniteMismatch: Int?
  /// The greatest |candidate − reference| of elements that are finite in both.
  public private(set) var maximumAbsoluteError = 0.0
  /// The index of its first occurrence; nil if nothing differs.
  public private(set) var worstIndex: Int?
  /// Σ (candidate − reference)² of elements that are finite in both.
  public private(set) var sumSquaredError = 0.0
  /// Σ reference² of them.
  public private(set) var sumSquaredReference = 0.0
  /// Σ candidate² of them.
  public private(set) var sumSquaredCandidate = 0.0
  /// Σ reference × candidate of them.
  public private(set) var sumOfProducts = 0.0

  /// Creates metrics of no elements.
  public init() {}

  /// √(Σ (candidate − reference)² / elements); 0 for no elements.
  public var rootMeanSquareError: Double {
    elementCount == 0 ? 0 : (sumSquaredError / Double(elementCount)).squareRoot()
  }

  /// Σ (candidate − reference)² / Σ reference²; 0 when nothing differs, infinite when the reference is all zeros.
  public var normalizedMeanSquareError: Double { sumSquaredError == 0 ? 0 : sumSquaredError / sumSquaredReference }

  /// Σ reference × candidate / √(Σ reference² · Σ candidate²); 1 when both are zeros, 0 when one is.
  public var cosine: Double {
    if differingCount == 0 { return 1 }
    let norms = sumSquaredReference.squareRoot() * sumSquaredCandidate.squareRoot()
    return norms == 0 ? 0 : min(1, max(-1, sumOfProducts / norms))
  }

  /// Returns the value of a metric; nil for metrics of logits.
  public func value(_ metric: Budget.Metric) -> Double? {
    switch metric {
    case .nmse: normalizedMeanSquareError
    case .maximumAbsolute: maximumAbsoluteError
    case .rmse: rootMeanSquareError
    case .cosine: cosine
    default: nil
    }
  }

  /// Appends the metrics of the elements that follow.
  public mutating func merge(_ next: Self) {
    firstNonfiniteMismatch = firstNonfiniteMismatch ?? next.firstNonfiniteMismatch.map { $0 + elementCount }
    if next.maximumAbsoluteError > maximumAbsoluteError {
      maximumAbsoluteError = next.maximumAbsoluteError
      worstIndex = next.worstIndex.map { $0 + elementCount }
    }
    elementCount += next.elementCount
    differingCount += next.differingCount
    nonfiniteMismatchCount += next.nonfiniteMismatchCount
    sumSquaredError += next.sumSquaredError
    sumSquaredReference += next.sumSquaredReference
    sumSquaredCandidate += next.sumSquaredCandidate
    sumOfProducts += next.sumOfProducts
  }

  /// Compares as many elements as the shorter of the two has.
  ///
  /// - Complexity: O(elements).
  public init(reference: Span<Float>, candidate: Span<Float>) {
    let count = min(reference.count, candidate.count)
    self.init(finite: reference, candidate, count: count)
    // A square of a float fits a double, so a sum is only infinite or NaN if an element is.
    guard sumSquaredReference.isFinite, sumSquaredCandidate.isFinite else {
      var careful = Self()
      for index in 0..<count { careful.note(Double(reference[index]), Double(candidate[index])) }
      self = careful
      return
    }
    guard maximumAbsoluteError > 0 else { return }
    worstIndex = (0..<count).first {
      abs(Double(candidate[$0]) - Double(reference[$0])) == maximumAbsoluteError
    }
  }

  /// Compares the first `count` values, of which float32 does not hold all.
  init(reference: DecodedValues, candidate: DecodedValues, count: Int) {
    for index in 0..<count {
      let value = reference.exact(index), other = candidate.exact(index)
      note(value.value, other.value, error: other.minus(value))
    }
  }

  private typealias Lanes = SIMD8<Double>

  /// The sums of elements that are all finite; meaningless otherwise.
  private init(finite reference: Span<Float>, _ candidate: Span<Float>, count: Int) {
    let left = reference.bytes, right = candidate.bytes
    var error = Lanes.zero, squares = Lanes.zero, otherSquares = Lanes.zero, products = Lanes.zero
    var greatest = Lanes.zero
    var differing = SIMD8<Int64>.zero
    func add(_ x: SIMD8<Float>, _ y: SIMD8<Float>) {
      let a = Lanes(x), b = Lanes(y)
      let difference = b - a
      error += difference * difference
      squares += a * a
      otherSquares += b * b
      products += a * b
      let magnitude = difference.replacing(with: -difference, where: difference .< Lanes.zero)
      greatest = greatest.replacing(with: magnitude, where: magnitude .> greatest)
      differing = differing.replacing(with: differing &+ 1, where: a .!= b)
    }
    let wholeCount = count / 8 * 8
    for index in stride(from: 0, to: wholeCount, by: 8) {
      add(
        left.unsafeLoadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self),
        right.unsafeLoadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self))
    }
    if wholeCount < count {
      var x = SIMD8<Float>.zero, y = SIMD8<Float>.zero
      for index in wholeCount..<count {
        x[index - wholeCount] = reference[index]
        y[index - wholeCount] = candidate[index]
      }
      add(x, y)
    }
    elementCount = count
    differingCount = Int(differing.wrappedSum())
    maximumAbsoluteError = greatest.max()
    sumSquaredError = error.sum()
    sumSquaredReference = squares.sum()
    sumSquaredCandidate = otherSquares.sum()
    sumOfProducts = products.sum()
  }

  private mutating func note(_ reference: Double, _ candidate: Double) {
    note(reference, candidate, error: candidate - reference)
  }

  private mutating func note(_ reference: Double, _ candidate: Double, error: Double) {
    if reference.isFinite, candidate.isFinite {
      if error != 0 { differingCount += 1 }
      if abs(error) > maximumAbsoluteError {
        maximumAbsoluteError = abs(error)
        worstIndex = elementCount
      }
      sumSquaredError += error * error
      sumSquaredReference += reference * reference
      sumSquaredCandidate += candidate * candidate
      sumOfProducts += reference * candidate
    } else if reference.isNaN != candidate.isNaN || (!reference.isNaN && reference != candidate) {
      differingCount += 1
      nonfiniteMismatchCount += 1
      firstNonfiniteMismatch = firstNonfiniteMismatch ?? elementCount
    }
    elementCount += 1
  }
}

extension ErrorMetrics {
  /// Appends all members; indices that are nil are −1.
  func append(to bytes: inout [UInt8]) {
    for number in [
      elementCount, differingCount, nonfiniteMismatchCount, firstNonfiniteMismatch ?? -1, worstIndex ?? -1,
    ] {
      bytes.appendLittleEndian(Int64(number))
    }
    let sums = [maximumAbsoluteError, sumSquaredError, sumSquaredReference, sumSquaredCandidate, sumOfProducts]
    for sum in sums { bytes.append(bitsOf: sum) }
  }

  init(from cursor: inout ByteCursor) throws(ByteCursor.Failure) {
    let numbers = try cursor.readArray(of: Int64.self, count: 5).map { Int($0) }
    (elementCount, differingCount, nonfiniteMismatchCount) = (numbers[0], numbers[1], numbers[2])
    firstNonfiniteMismatch = numbers[3] < 0 ? nil : numbers[3]
    worstIndex = numbers[4] < 0 ? nil : numbers[4]
    maximumAbsoluteError = try cursor.readDouble()
    sumSquaredError = try cursor.readDouble()
    sumSquaredReference = try cursor.readDouble()
    sumSquaredCandidate = try cursor.readDouble()
    sumOfProducts = try cursor.readDouble()
  }

  /// Whether they can be those of some elements, when they were read from a file that is not trusted.
  var isPlausible: Bool {
    let indices = [firstNonfiniteMismatch, worstIndex].compactMap { $0 }
    let sums = [maximumAbsoluteError, sumSquaredError, sumSquaredReference, sumSquaredCandidate]
    return (0...Self.maximumCount).contains(elementCount) && (0...elementCount).contains(differingCount)
      && (0...differingCount).contains(nonfiniteMismatchCount) && indices.allSatisfy { $0 < elementCount }
      && sums.allSatisfy { $0.isFinite && $0 >= 0 } && sumOfProducts.isFinite
  }

  /// No chunk of a text has so many elements; sums of counts must not overflow.
  private static let maximumCount = 1 << 40
}
