import Architectures
import Bytes
import Models
import Tensors

/// What may be wrong with one tensor: the fault, in words, and what would set it right.
struct FaultHypothesis: Sendable {
  let place: TensorSlot
  let cause: Diagnosis.Cause
  let words: String
  let correction: Correction

  /// What suspicions have in common that one diagnosis speaks of: a fault of all layers is said once.
  var family: String {
    switch cause {
    case .swapped: "\(cause) \(place.layer.map(String.init) ?? "") \(place.role.belongs(to: .decoder))"
    default: words
    }
  }
}

/// Looks at a tensor that is not what the reference has in its place, and tries what is known to go wrong.
///
/// Some rows are enough to raise a suspicion; running the layer with the correction decides.
struct FaultFinder {
  let reference: ModelWeights
  let candidate: ModelWeights

  /// Rows that are compared, as far as there are so many.
  private static let sampleCount = 16
  /// 2⁶⁴ divided by the golden ratio: its multiples, wrapped, fall evenly and never in step with heads or blocks.
  private static let goldenStep: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The fault that explains the difference best, if one does.
  func suspicion(about place: TensorSlot) throws -> FaultHypothesis {
    if place.role == .output, let tied = try tiedOutput(place) { return tied }
    guard let shape = reference.shape(of: place) else { return unexplained(place) }
    var best: (suspicion: FaultHypothesis, error: Double)?
    let limit = try error(of: .keeping, at: place, shape) / 4
    for suspicion in try candidates(place, shape) {
      let highest = min(limit, best?.error ?? .infinity)
      // Most hypotheses fail in the first row.
      guard try error(of: suspicion.correction, at: place, shape, rows: 1) < highest * 4 else { continue }
      let error = try error(of: suspicion.correction, at: place, shape)
      if error < min(limit, best?.error ?? .infinity) { best = (suspicion, error) }
    }
    if let best { return best.suspicion }
    guard shape.count == 2, shape[0] > 1 else { return unexplained(place) }
    return try MisplacedRowSearch(
      reference: reference, candidate: candidate, place: place, rowCount: shape[0], width: shape[1]
    ).suspicion() ?? unexplained(place)
  }

  private func unexplained(_ place: TensorSlot) -> FaultHypothesis {
    FaultHypothesis(
      place: place, cause: .weights, words: "has other weights than the reference", correction: .replacing)
  }

  private func candidates(_ place: TensorSlot, _ shape: [Int]) throws -> [FaultHypothesis] {
    var all: [FaultHypothesis] = []
    if let headCount = headCount(place.role), shape[0] % (2 * headCount) == 0 {
      all.append(
        FaultHypothesis(
          place: place, cause: .rotaryPermutation,
          words: "lacks the rotary permutation of its naming scheme", correction: .permuting(headCount: headCount)))
      all.append(
        FaultHypothesis(
          place: place, cause: .rotaryPermutation,
          words: "has the rotary permutation once too often", correction: .unpermuting(headCount: headCount)))
    }
    all += packings(place)
    if shape.count == 1 { all += try ofVector(place, shape[0]) }
    if shape.count == 2, shape[0] > 1, shape[1] > 1, shape[0] <= 1 << 16, shape[1] <= 1 << 16 {
      var orders = [RowOrder.canonical]
      if let headCount = headCount(place.role), shape[0] % (2 * headCount) == 0 {
        orders.append(.rotary(headCount: headCount))
      }
      all += orders.map {
        FaultHypothesis(
          place: place, cause: .transposed, words: "is transposed",
          correction: .transposing(rowCount: shape[0], columnCount: shape[1], order: $0))
      }
    }
    for other in others(place, shape) {
      all.append(
        FaultHypothesis(
          place: place, cause: .swapped, words: "stands in the place of another: what belongs here is \(other)",
          correction: .taking(other)))
    }
    return all
  }

  /// Queries, keys and values that were packed in another arrangement than they are read in.
  private func packings(_ place: TensorSlot) -> [FaultHypothesis] {
    let weights: [TensorRole] = [.attentionQuery, .attentionKey, .attentionValue]
    guard weights.contains(place.role) || weights.map(\.bias).contains(place.role),
      let rows = FusedQKVRows(reference.hyperparameters)
    else { return [] }
    return [
      FaultHypothesis(
        place: place, cause: .packing,
        words: "is packed head by head, where its naming scheme has all queries, then all keys, then all values",
        correction: .rearranging(rows, .grouped)),
      FaultHypothesis(
        place: place, cause: .packing,
        words: "is packed as all queries, then all keys, then all values, where its naming scheme goes head by head",
        correction: .rearranging(rows, .concatenated)),
    ]
  }

  /// The ways in which an output matrix can be tied on one side alone.
  private func tiedOutput(_ place: TensorSlot) throws -> FaultHypothesis? {
    func suspicion(_ words: String) -> FaultHypothesis {
      FaultHypothesis(place: place, cause: .tiedOutput, words: words, correction: .replacing)
    }
    switch (reference.hyperparameters.tiesEmbeddings, candidate.hyperparameters.tiesEmbeddings) {
    case (false, true):
      return suspicion("is tied to the token embedding, where the reference has a matrix of its own")
    case (true, false):
      return suspicion("is a matrix of its own with other values, where the reference's is tied to the token embedding")
    case (true, true): return nil
    case (false, false):
      guard let shape = reference.shape(of: place) else { return nil }
      let embedding = Correction.taking(TensorSlot(.tokenEmbedding))
      guard try distance(of: embedding, at: place, shape) < 0.1 else { return nil }
      return suspicion("holds the token embedding, where the reference has a matrix of its own")
    }
  }

  /// How far the candidate's tensor is from what `correction` gives, as a share of the latter's energy.
  private func distance(of correction: Correction, at place: TensorSlot, _ shape: [Int]) throws -> Double {
    guard shape.count == 2 else { return .infinity }
    var other = PatchedWeights(candidate, reference: reference), own = other
    other.corrections[place] = correction
    own.corrections[place] = .keeping
    return try Self.error(of: own, from: other, at: place, shape, rows: Self.sampleCount)
  }

  private func headCount(_ role: TensorRole) -> Int? {
    switch role {
    case .attentionQuery, TensorRole.attentionQuery.bias: max(1, candidate.hyperparameters.headCount)
    case .attentionKey, TensorRole.attentionKey.bias: max(1, candidate.hyperparameters.keyValueHeadCount)
    default: nil
    }
  }

  /// Offsets and factors that lead from the candidate's vector to the reference's.
  private func ofVector(_ place: TensorSlot, _ count: Int) throws -> [FaultHypothesis] {
    var wanted: [Float] = [], found: [Float] = []
    try reference.readRows(place, rows: 0..<1, into: &wanted)
    try candidate.readRows(place, rows: 0..<1, into: &found)
    guard wanted.count >= count, found.count >= count, count > 0 else { return [] }
    var all = ([-1, 1] as [Float]).map { offset in
      FaultHypothesis(
        place: place, cause: .normOffset,
        words: offset < 0
          ? "is too large by 1: a norm that stores its weights without the 1 got it twice"
          : "is too small by 1: the 1 that this norm's weights are stored with is missing",
        correction: .adding(offset))
    }
    // A norm that adds 1 to its weights is scaled with the 1.
    for offset in [0, 1] as [Float] {
      var product = 0.0, square = 0.0
      for index in 0..<count {
        product += Double(found[index] + offset) * Double(wanted[index] + offset)
        square += Double(found[index] + offset) * Double(found[index] + offset)
      }
      let factor = product / square
      guard factor.isFinite, factor != 0 else { continue }
      let detail = offset == 0 ? "" : ", counted with the 1 that this norm adds"
      all.append(
        FaultHypothesis(
          place: place, cause: .scale, words: "is \((1 / factor).fixed(4)) times what it should be\(detail)",
          correction: .scaling(Float(factor), offset: offset)))
    }
    return all
  }

  /// Places of the candidate with the same shape: other parts, other roles of the layer, the same role in other layers.
  private func others(_ place: TensorSlot, _ shape: [Int]) -> [TensorSlot] {
    candidate.model.slots.filter { other in
      guard other != place, reference.shape(of: other) == shape else { return false }
      return other.layer == place.layer || (other.role == place.role && other.instance == place.instance)
    }
  }

  /// The error of the sampled rows with a correction, as a share of the reference's energy.
  private func error(
    of correction: Correction, at place: TensorSlot, _ shape: [Int], rows sampleCount: Int = Self.sampleCount
  ) throws -> Double {
    var corrected = PatchedWeights(candidate, reference: reference)
    corrected.corrections[place] = correction
    return try Self.error(of: corrected, from: reference, at: place, shape, rows: sampleCount)
  }

  /// The error of sampled rows of one model, as a share of another's energy.
  private static func error(
    of weights: some WeightSource, from other: some WeightSource, at place: TensorSlot, _ shape: [Int],
    rows sampleCount: Int
  ) throws -> Double {
    let rowCount = shape.count == 1 ? 1 : shape[0]
    let width = shape.count == 1 ? shape[0] : shape[1]
    var metrics = ErrorMetrics()
    var wanted: [Float] = [], found: [Float] = []
    for index in 1...sampleCount {
      let start = Int((UInt64(index) &* goldenStep).multipliedFullWidth(by: UInt64(rowCount)).high)
      try other.readRows(place, rows: start..<start + 1, into: &wanted)
      try weights.readRows(place, rows: start..<start + 1, into: &found)
      guard wanted.count >= width, found.count >= width else { return .infinity }
      metrics.merge(
        ErrorMetrics(reference: wanted.span.extracting(0..<width), candidate: found.span.extracting(0..<width)))
    }
    return metrics.nonfiniteMismatchCount > 0 ? .infinity : metrics.normalizedMeanSquareError
  }
}
