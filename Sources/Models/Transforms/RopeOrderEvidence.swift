/// How alike the lengths of rows are that would share a rotary pair: whether the rows of heads are interleaved.
///
/// The two rows of a rotary pair turn into each other, so training treats them alike, and their lengths go with the
/// pair's frequency: in trained models slow pairs have long rows, and neighboring pairs similar ones. In
/// Hugging Face's order row `j` of a head with `d` rows is paired with row `j + d/2`; both halves go through all
/// frequencies, and lengths half a head apart correlate. In Meta's order the pair is `2j` and `2j + 1`; the halves have
/// different frequencies, and lengths half a head apart correlate negatively.
///
/// Neighboring rows correlate in both orders, because neighboring frequencies do, so comparing the two pairings with
/// each other would take Hugging Face's order for Meta's. Means over 88 and 40 heads, with standard errors:
///
///     log lengths of rows            half a head apart    neighbors
///     SmolLM2 135M, half-split        +0.46 ± 0.04        +0.56 ± 0.03
///     SmolLM2 135M, interleaved       −0.33 ± 0.02        +0.46 ± 0.04
///     Gemma 3 270M, half-split        +0.37 ± 0.05        +0.33 ± 0.04
///     Gemma 3 270M, interleaved       −0.18 ± 0.02        +0.37 ± 0.05
///     random rows                      0                   0
public struct RopeOrderEvidence: Sendable {
  /// A mean over heads.
  public struct Estimate: Hashable, Sendable {
    /// The mean.
    public let mean: Double
    /// How many standard errors it is from 0, by the scatter over heads or by that of unrelated rows, whichever is less.
    public let deviations: Double
  }

  private var halves: [Double] = []
  private var neighbors: [Double] = []
  private var pairCount = 0

  /// Heads with fewer rows have too few pairs for a correlation.
  static let smallestHeadRowCount = 16
  /// Fewer heads than this decide nothing.
  static let smallestHeadCount = 12
  /// Standard errors from 0 at which chance is ruled out.
  static let decisiveDeviations = 5.0
  /// The least correlation of rows half a head apart for half-split rows, and of neighbors for interleaved rows.
  static let decisiveCorrelation = 0.15
  /// The greatest correlation of rows half a head apart for interleaved rows.
  static let greatestInterleaved = -0.08

  /// Of no heads.
  public init() {}

  /// The heads that were added.
  public var headCount: Int { halves.count }

  /// Adds a head, given the lengths of its rows as they are stored; one with rows of no length is passed over.
  public mutating func add(lengths: [Double]) {
    let count = lengths.count
    guard count >= Self.smallestHeadRowCount, count % 2 == 0, lengths.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      return
    }
    let logarithms = lengths.map(Self.logarithm)
    let mean = logarithms.reduce(0, +) / Double(count)
    let centerd = logarithms.map { $0 - mean }
    let variance = centerd.reduce(0) { $0 + $1 * $1 } / Double(count)
    guard variance > 0 else { return }
    var (half, neighbor) = (0.0, 0.0)
    for pair in 0..<count / 2 {
      half += centerd[pair] * centerd[pair + count / 2]
      neighbor += centerd[2 * pair] * centerd[2 * pair + 1]
    }
    // Distances from a sample's own mean correlate by −1/(d − 1) where nothing else relates them.
    let bias = 1 / Double(count - 1)
    halves.append(half / Double(count / 2) / variance + bias)
    neighbors.append(neighbor / Double(count / 2) / variance + bias)
    pairCount += count / 2
  }

  /// The correlation of rows half a head apart.
  public var half: Estimate { estimate(halves) }
  /// The correlation of neighboring rows.
  public var neighbor: Estimate { estimate(neighbors) }

  /// Whether rows are interleaved; nil if their lengths do not decide.
  public var isInterleaved: Bool? {
    guard headCount >= Self.smallestHeadCount else { return nil }
    let (half, neighbor) = (half, neighbor)
    if half.mean >= Self.decisiveCorrelation, half.deviations >= Self.decisiveDeviations { return false }
    if half.mean <= Self.greatestInterleaved, half.deviations >= Self.decisiveDeviations,
      neighbor.mean >= Self.decisiveCorrelation, neighbor.deviations >= Self.decisiveDeviations
    {
      return true
    }
    return nil
  }

  /// The logarithm to base 2, straight between powers of 2: within 0.09, and the same on every machine.
  private static func logarithm(_ value: Double) -> Double { Double(value.exponent) + value.significand - 1 }

  private func estimate(_ values: [Double]) -> Estimate {
    guard values.count > 1 else { return Estimate(mean: values.first ?? 0, deviations: 0) }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    let unrelated = abs(mean) * Double(pairCount).squareRoot()
    return Estimate(mean: mean, deviations: error > 0 ? min(abs(mean) / error, unrelated) : unrelated)
  }
}
