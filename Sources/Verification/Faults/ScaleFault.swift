import Bytes

/// A vector is a multiple of the reference's.
struct ScaleFault: KnownFault {
  let id = FaultID.scale
  let summary = "a vector is a multiple of the reference's"
  let detection = FaultDetection.sampledRows

  /// Fits the factor by least squares: `factor = Σ found × wanted / Σ found²`.
  func hypotheses(about tensor: SuspectTensor) throws -> [FaultHypothesis] {
    guard tensor.shape.count == 1 else { return [] }
    let slot = tensor.slot, count = tensor.shape[0]
    var wanted: [Float] = [], found: [Float] = []
    try tensor.reference.readRows(slot, rows: 0..<1, into: &wanted)
    try tensor.candidate.readRows(slot, rows: 0..<1, into: &found)
    guard wanted.count >= count, found.count >= count, count > 0 else { return [] }
    // A norm that adds 1 to its weights is scaled together with the 1.
    return ([0, 1] as [Float]).compactMap { offset in
      var product = 0.0, square = 0.0
      for index in 0..<count {
        product += Double(found[index] + offset) * Double(wanted[index] + offset)
        square += Double(found[index] + offset) * Double(found[index] + offset)
      }
      let factor = product / square
      guard factor.isFinite, factor != 0 else { return nil }
      let detail = offset == 0 ? "" : ", after the norm adds 1"
      let scale = Float(factor)
      return FaultHypothesis(
        self, slot, "is \((1 / factor).fixed(4)) times the reference's\(detail)",
        correction: ChangedElements { ($0 + offset) * scale - offset })
    }
  }
}

extension FaultID {
  public static let scale = Self("scale")
}
