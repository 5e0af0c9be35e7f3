/// The scalars grouped by the sets that contain them: rules made of these sets treat the scalars of a class alike.
struct ScalarClasses {
  /// The sets that contain a scalar, a bit each.
  private struct Signature: Hashable {
    var low: UInt64 = 0, high: UInt64 = 0
  }

  /// Rules with more sets are not grouped.
  private static let setLimit = 128
  /// Scalars beyond the planes with letters, signs and ideographs are not grouped.
  private static let scalarLimit: UInt32 = 0x30000

  private let sets: [ScalarSet]
  private var indices: [Signature: Int] = [:]
  /// A scalar of each class.
  private(set) var representatives: [UInt32] = []

  /// Groups scalars by `sets`; nil if there are too many.
  init?(_ sets: Set<ScalarSet>) {
    guard sets.count <= Self.setLimit else { return nil }
    self.sets = Array(sets)
    for value in 0..<Self.scalarLimit where Unicode.Scalar(value) != nil {
      let signature = signature(value)
      guard indices[signature] == nil else { continue }
      indices[signature] = representatives.count
      representatives.append(value)
    }
  }

  private func signature(_ value: UInt32) -> Signature {
    var signature = Signature()
    for (index, set) in sets.enumerated() where set.contains(value) {
      if index < 64 { signature.low |= 1 << UInt64(index) } else { signature.high |= 1 << UInt64(index - 64) }
    }
    return signature
  }

  /// The class of a scalar; nil for the few that none of the grouped ones resembles.
  func index(of value: UInt32) -> Int? { indices[signature(value)] }
}
