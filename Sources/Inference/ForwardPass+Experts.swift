import Architectures

extension ForwardPass {
  /// Computes a mixture of experts: for each position the sum of a few experts, weighted by the router, and of a shared one.
  ///
  /// Experts are added in index order, and each computes only the positions routed to it.
  ///
  /// - Parameter routerInput: the input of the router, if it is not that of the experts.
  func mixture(
    _ x: Matrix, routedBy routerInput: Matrix? = nil, _ experts: Hyperparameters.Experts, _ layer: Int
  ) throws -> Matrix {
    let scores = try project(routerInput ?? x, .router, layer, to: experts.count)
    var choices = (0..<x.rowCount).map { ExpertRouter.choose(scores[row: $0], experts) }
    if let scales = try weights.optionalVector(.expertScale, layer: layer, count: experts.count) {
      choices = choices.map { $0.map { ($0.expert, $0.weight * scales[$0.expert]) } }
    }
    var result = Matrix(rowCount: x.rowCount, columnCount: x.columnCount)
    for expert in 0..<experts.count {
      let users = choices.enumerated().compactMap { position, choice in
        choice.first { $0.expert == expert }.map { (position: position, weight: $0.weight) }
      }
      guard !users.isEmpty else { continue }
      let y = try network(
        x.rows(users.map(\.position)), .expert, layer, instance: expert, innerLength: experts.feedForwardLength)
      result.add(y, toRows: users)
    }
    if let length = experts.sharedFeedForwardLength, weights.contains(.sharedExpertUp, layer: layer) {
      var shared = try network(x, .sharedExpert, layer, innerLength: length)
      if weights.contains(.sharedExpertRouter, layer: layer) {
        shared.multiply(rowsBySigmoidOf: try project(x, .sharedExpertRouter, layer, to: 1))
      }
      result.add(shared)
    }
    return result
  }
}

/// The experts chosen for one position.
enum ExpertRouter {
  /// The experts of a position with their weights, greatest first; of equal ones the lowest index.
  ///
  /// Weights are the softmax over all experts. With groups, only experts of the groups with the best members are
  /// chosen. The chosen weights may be divided by their sum, and are multiplied by a factor.
  static func choose(
    _ scores: ArraySlice<Float>, _ experts: Hyperparameters.Experts
  ) -> [(expert: Int, weight: Float)] {
    let shares = softmax(scores)
    let groupLength = experts.count / experts.groupCount
    let best = (0..<experts.groupCount).map { group in
      shares[group * groupLength..<(group + 1) * groupLength].max() ?? 0
    }
    let groups = Set(greatest(best).prefix(experts.usedGroupCount))
    let candidates = shares.enumerated().map { groups.contains($0 / groupLength) ? $1 : 0 }
    let chosen = greatest(candidates).prefix(experts.usedCount)
    let sum = experts.normalizesWeights ? chosen.reduce(Float(0)) { $0 + candidates[$1] } : 1
    return chosen.map { ($0, candidates[$0] / sum * Float(experts.weightScale)) }
  }

  /// `e^(x - greatest) / Σ e^(x - greatest)`, added up in order.
  private static func softmax(_ scores: ArraySlice<Float>) -> [Float] {
    let greatest = scores.max() ?? 0
    let powers = scores.map { Exponential.of($0 - greatest) }
    let sum = Float(powers.reduce(0.0) { $0 + Double($1) })
    return powers.map { $0 / sum }
  }

  /// Indices by descending value; of equal ones the lowest first.
  private static func greatest(_ values: [Float]) -> [Int] {
    values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
  }
}
