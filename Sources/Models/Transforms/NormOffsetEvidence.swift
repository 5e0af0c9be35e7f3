/// On which side of the integers around 0 the weights of norms lie: whether 1 was added to them.
///
/// What multiplies in Gemma's norms is `1 + w`, a gain, and a gain is hardly ever negative: training keeps channels
/// from passing through 0, where they carry nothing. Gains below 1 on the other hand are common. So the values end
/// sharply at 0 if they are gains and at −1 if they are `w`:
///
///     values                      below −1   −1 … 0   0 … 1   beyond
///     w  (Gemma 3 270M)             0.3 %     11.6 %   13.5 %   74.6 %
///     1 + w                         0.0 %      0.3 %   11.6 %   88.0 %
///
/// Means and medians decide nothing: gains of Gemma 3 reach 1,657, and half of them are 7 or more.
public struct NormOffsetEvidence: Hashable, Sendable {
  /// Values below −1, from −1 to 0, and from 0 to 1.
  public private(set) var belowMinusOneCount = 0, negativeCount = 0, fractionCount = 0
  /// All values.
  public private(set) var count = 0
  /// The tensors they are from.
  public private(set) var tensorCount = 0

  /// Fewer values than this decide nothing.
  static let smallestCount = 64
  /// A share of the values between two integers that cannot be chance or a few odd channels.
  static let significantShare = 0.02
  /// Of gains, the negative ones are at most this share of those between 0 and 1; Gemma 3 270M has 0.03.
  static let greatestNegativeRatio = 0.05
  /// Of `w`, the negative values are at least this share of those between 0 and 1; Gemma 3 270M has 0.88.
  static let smallestNegativeRatio = 0.25

  /// Of no values.
  public init() {}

  /// Adds the values of one tensor, unless they are all equal: it was never trained.
  public mutating func add(_ values: some Collection<Float>) {
    guard let first = values.first, values.contains(where: { $0 != first }) else { return }
    tensorCount += 1
    count += values.count
    for value in values {
      if value < -1 {
        belowMinusOneCount += 1
      } else if value < 0 {
        negativeCount += 1
      } else if value < 1 {
        fractionCount += 1
      }
    }
  }

  /// Whether 1 was added; nil if the values do not decide.
  public var hasOneAdded: Bool? {
    guard count >= Self.smallestCount else { return nil }
    let negatives = Double(belowMinusOneCount + negativeCount)
    if share(fractionCount) >= Self.significantShare, negatives <= Self.greatestNegativeRatio * Double(fractionCount) {
      return true
    }
    let isSharp = Double(belowMinusOneCount) <= Self.smallestNegativeRatio * Double(negativeCount)
    if share(negativeCount) >= Self.significantShare, isSharp,
      negatives >= Self.smallestNegativeRatio * Double(fractionCount)
    {
      return false
    }
    return nil
  }

  /// The share of all values.
  func share(_ instance: Int) -> Double { count > 0 ? Double(instance) / Double(count) : 0 }
}
