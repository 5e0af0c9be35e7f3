import Architectures
import Bytes
import Models
import Tensors

/// What may be wrong with one tensor: the fault, in words, and what would set it right.
struct Suspicion: Sendable {
  let place: TensorPlace
  let cause: Diagnosis.Cause
  let words: String
  let correction: Correction
}

/// Looks at a tensor that is not what the reference has in its place, and tries what is known to go wrong.
///
/// Some rows are enough to raise a suspicion; running the layer with the correction decides.
struct TensorSuspector {
  let reference: ModelWeights
  let candidate: ModelWeights

  /// Rows that are compared, as far as there are so many.
  private static let sampleCount = 16
  /// 2⁶⁴ divided by the golden ratio: its multiples, wrapped, fall evenly and never in step with heads or blocks.
  private static let goldenStep: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The fault that explains the difference best, if one does.
  func suspicion(about place: TensorPlace) throws -> Suspicion {
    guard let shape = reference.shape(of: place) else { return unexplained(place) }
    var best: (suspicion: Suspicion, error: Double)?
    let limit = try error(of: nil, at: place, shape) / 4
    for suspicion in try candidates(place, shape) {
      let error = try error(of: suspicion.correction, at: place, shape)
      if error < min(limit, best?.error ?? .infinity) { best = (suspicion, error) }
    }
    return best?.suspicion ?? unexplained(place)
  }

  private func unexplained(_ place: TensorPlace) -> Suspicion {
    Suspicion(place: place, cause: .weights, words: "has other weights than the reference", correction: .replacing)
  }

  private func candidates(_ place: TensorPlace, _ shape: [Int]) throws -> [Suspicion] {
    var all: [Suspicion] = []
    if let headCount = headCount(place.role), shape[0] % (2 * headCount) == 0 {
      all.append(
        Suspicion(
          place: place, cause: .rotaryPermutation,
          words: "lacks the rotary permutation of its naming scheme", correction: .permuting(headCount: headCount)))
      all.append(
        Suspicion(
          place: place, cause: .rotaryPermutation,
          words: "has the rotary permutation once too often", correction: .unpermuting(headCount: headCount)))
    }
    if shape.count == 1 { all += try ofVector(place, shape[0]) }
    if shape.count == 2, shape[0] == shape[1], shape[0] <= 16384 {
      all.append(
        Suspicion(
          place: place, cause: .transposed, words: "is transposed", correction: .transposing(size: shape[0])))
    }
    for other in others(place, shape) {
      all.append(
        Suspicion(
          place: place, cause: .swapped, words: "stands in the place of another: what belongs here is \(other)",
          correction: .taking(other)))
    }
    return all
  }

  private func headCount(_ role: TensorRole) -> Int? {
    switch role {
    case .attentionQuery, TensorRole.attentionQuery.bias: max(1, candidate.hyperparameters.headCount)
    case .attentionKey, TensorRole.attentionKey.bias: max(1, candidate.hyperparameters.keyValueHeadCount)
    default: nil
    }
  }

  /// Offsets and factors that lead from the candidate's vector to the reference's.
  private func ofVector(_ place: TensorPlace, _ count: Int) throws -> [Suspicion] {
    var wanted: [Float] = [], found: [Float] = []
    try reference.readRows(place, rows: 0..<1, into: &wanted)
    try candidate.readRows(place, rows: 0..<1, into: &found)
    guard wanted.count >= count, found.count >= count, count > 0 else { return [] }
    var product = 0.0, square = 0.0
    for index in 0..<count {
      product += Double(found[index]) * Double(wanted[index])
      square += Double(found[index]) * Double(found[index])
    }
    var all = ([-1, 1] as [Float]).map { offset in
      Suspicion(
        place: place, cause: .normOffset,
        words: offset < 0
          ? "is too large by 1: a norm that stores its weights without the 1 got it twice"
          : "is too small by 1: the 1 that this norm's weights are stored with is missing",
        correction: .adding(offset))
    }
    let factor = product / square
    if factor.isFinite, factor != 0 {
      all.append(
        Suspicion(
          place: place, cause: .scale, words: "is \((1 / factor).fixed(4)) times what it should be",
          correction: .scaling(Float(factor))))
    }
    return all
  }

  /// Places of the candidate with the same shape: other parts, other roles of the layer, the same role in other layers.
  private func others(_ place: TensorPlace, _ shape: [Int]) -> [TensorPlace] {
    candidate.model.places.filter { other in
      guard other != place, reference.shape(of: other) == shape else { return false }
      return other.layer == place.layer || (other.role == place.role && other.part == place.part)
    }
  }

  /// The error of the sampled rows with a correction, as a share of the reference's energy.
  private func error(of correction: Correction?, at place: TensorPlace, _ shape: [Int]) throws -> Double {
    var corrected = CorrectedWeights(candidate, reference: reference)
    corrected.corrections[place] = correction
    let rowCount = shape.count == 1 ? 1 : shape[0]
    let width = shape.count == 1 ? shape[0] : shape[1]
    var metrics = ErrorMetrics()
    var wanted: [Float] = [], found: [Float] = []
    for index in 1...Self.sampleCount {
      let start = Int((UInt64(index) &* Self.goldenStep).multipliedFullWidth(by: UInt64(rowCount)).high)
      try reference.readRows(place, rows: start..<start + 1, into: &wanted)
      try corrected.readRows(place.role, layer: place.layer, part: place.part, rows: start..<start + 1, into: &found)
      guard wanted.count >= width, found.count >= width else { return .infinity }
      metrics.merge(
        ErrorMetrics(reference: wanted.span.extracting(0..<width), candidate: found.span.extracting(0..<width)))
    }
    return metrics.nonfiniteMismatchCount > 0 ? .infinity : metrics.normalizedMeanSquareError
  }
}
