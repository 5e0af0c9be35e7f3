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
    let bias = try weights.optionalVector(.expertSelectionBias, layer: layer, count: experts.count)
    var choices = (0..<x.rowCount).map { ExpertRouter.choose(scores[row: $0], experts, selectionBias: bias) }
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
    if let bias = try weights.optionalVector(.mixtureBias, layer: layer, count: x.columnCount) {
      result.add(toEachRow: bias)
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
