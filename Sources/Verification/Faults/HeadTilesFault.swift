import Architectures
import Models

/// The heads of values of a recurrent layer are grouped by key head where the naming scheme has them in tiles, or the reverse.
struct HeadTilesFault: KnownFault {
  let id = FaultID.headTiles
  let summary = "value heads are grouped by key head where the naming scheme has tiles, or are tiled twice"
  let detection = FaultDetection.sampledRows

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    let slot = tensor.slot, model = tensor.candidate.model
    guard let rule = model.definition.rule(slot.role), let width = tensor.shape.last, !tensor.shape.isEmpty else {
      return []
    }
    return rule.transforms.values.joined().reduce(into: []) { hypotheses, transform in
      guard let order = transform.headTiles(model.hyperparameters) else { return }
      let count = transform.kind == .tiled ? tensor.shape[0] : width
      guard (try? order.requireFit(rowCount: count)) != nil else { return }
      func hypothesis(_ words: String, _ source: @escaping @Sendable (Int) -> Int) -> FaultHypothesis {
        FaultHypothesis(
          self, slot, words,
          correction: transform.kind == .tiled
            ? RelocatedRows { (slot, source($0)) } : RelocatedColumns(source: source))
      }
      hypotheses += [
        hypothesis("has its value heads grouped by key head, expected tiles") {
          order.canonicalRow(ofStored: $0, rowCount: count)
        },
        hypothesis("has its value heads in tiles twice") { order.storedRow(ofCanonical: $0, rowCount: count) },
      ]
    }
  }
}

extension FaultID {
  public static let headTiles = Self("head_tiles")
}

extension TransformRule {
  /// The order of heads that it makes; nil if it moves none, or hyperparameters are unknown.
  fileprivate func headTiles(_ set: HyperparameterSet) -> RowOrder? {
    switch self {
    case .tiled(let groups, let heads), .tiledColumns(let groups, let heads):
      guard let groups = groups.integer(set), let heads = heads.integer(set) else { return nil }
      return .tiled(groupCount: groups, headCount: heads)
    default: return nil
    }
  }
}
