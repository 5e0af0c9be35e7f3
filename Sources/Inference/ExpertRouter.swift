import Architectures
import Tensors

/// The experts chosen for one position.
enum ExpertRouter {
  /// The experts of a position with their weights, best first; of equal ones the lowest index.
  ///
  ///     p = f(logits)        f is softmax, or sigmoid or √softplus of each
  ///     merit = p + bias     the bias of selection, if there is one; without it merit = p
  ///
  /// With groups, only experts of the groups with the greatest sums of their best merits are chosen. Merits choose, `p` alone
  /// gives the weights: divided by their sum if they are normalized, and multiplied by a factor. The softmax of the chosen
  /// logits needs neither.
  ///
  /// - Parameters:
  ///   - logits: one for each expert.
  ///   - selectionBias: likewise, or nil.
  static func choose(
    _ logits: ArraySlice<Float>, _ experts: Hyperparameters.Experts, selectionBias: [Float]? = nil
  ) -> [(expert: Int, weight: Float)] {
    let shares = experts.routerFunction.shares(of: logits)
    let merits = selectionBias.map { zip(shares, $0).map { $0 + $1 } } ?? shares
    let groupLength = experts.count / experts.groupCount
    let groupMerits = (0..<experts.groupCount).map { group in
      let members = Array(merits[group * groupLength..<(group + 1) * groupLength])
      return greatest(members, members.indices).prefix(experts.groupMeritCount).reduce(Float(0)) { $0 + members[$1] }
    }
    let groups = Set(greatest(groupMerits, groupMerits.indices).prefix(experts.usedGroupCount))
    let candidates = merits.indices.filter { groups.contains($0 / groupLength) }
    let chosen = Array(greatest(merits, candidates).prefix(experts.usedCount))
    let scale = Float(experts.weightScale)
    if experts.routerFunction == .softmaxOfChosen {
      let weights = softmax(chosen.map { shares[$0] }[...])
      return zip(chosen, weights).map { ($0, $1 * scale) }
    }
    let sum = experts.normalizesWeights ? chosen.reduce(Float(0)) { $0 + shares[$1] } + smallestSum : 1
    return chosen.map { ($0, shares[$0] / sum * scale) }
  }

  /// Sigmoids of very low logits are all 0, and so is their sum; transformers adds this too.
  private static let smallestSum: Float = 1e-20

  /// `e^(x - greatest) / Σ e^(x - greatest)`, added up in order.
  fileprivate static func softmax(_ scores: ArraySlice<Float>) -> [Float] {
    let greatest = scores.max() ?? 0
    let powers = scores.map { Exponential.of($0 - greatest) }
    let sum = Float(powers.reduce(0.0) { $0 + Double($1) })
    return powers.map { $0 / sum }
  }

  /// Some indices by descending value; of equal ones the lowest first.
  private static func greatest(_ values: [Float], _ indices: some Sequence<Int>) -> [Int] {
    indices.sorted { (values[$1], $0) < (values[$0], $1) }
  }
}

extension Hyperparameters.RouterFunction {
  /// The share of each expert; the logits themselves where only those of the chosen matter.
  fileprivate func shares(of logits: ArraySlice<Float>) -> [Float] {
    switch self {
    case .softmax: ExpertRouter.softmax(logits)
    case .sigmoid: logits.map(Sigmoid.of)
    case .softmaxOfChosen: Array(logits)
    case .sqrtSoftplus: logits.map { Self.softplus($0).squareRoot() }
    }
  }

  /// `ln(1 + e^x)`, as `max(x, 0) + ln(1 + e^-|x|)`, which cannot overflow.
  private static func softplus(_ x: Float) -> Float {
    let rest = DeterministicMath.naturalLogarithm(1 + Double(Exponential.of(-x.magnitude)))
    return max(x, 0) + Float(rest)
  }
}
