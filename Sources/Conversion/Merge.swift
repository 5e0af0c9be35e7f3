/// Models that are merged with the source of a conversion.
public struct Merge: Sendable {
  /// The weight of the source; nil if it is the model that the others were trained from, to which their differences are
  /// added.
  public var weight: Float?
  /// The paths of the others, and the weight of each.
  public var others: [String], otherWeights: [Float]

  public init(weight: Float?, others: [String], otherWeights: [Float]) {
    self.weight = weight
    self.others = others
    self.otherWeights = otherWeights
  }
}
