import Architectures
import Bytes
import Models

/// The reference's weights with suspect tensors of a candidate patched in, corrected or as they are.
///
/// Everything else is the reference's, so that the error of a run is that of the suspects: quantization errors elsewhere
/// would hide a norm that is off by two percent.
struct PatchedWeights: WeightSource {
  let reference: ModelWeights
  let candidate: ModelWeights
  var hyperparameters: Hyperparameters
  /// The tensors that are not the reference's.
  var corrections: [TensorSlot: any TensorCorrection] = [:]

  init(_ candidate: ModelWeights, reference: ModelWeights) {
    self.candidate = candidate
    self.reference = reference
    hyperparameters = reference.hyperparameters
  }

  func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    let correction = corrections[TensorSlot(role, layer: layer, instance: instance)]
    return correction?.isReference ?? true
      ? reference.contains(role, layer: layer, instance: instance)
      : candidate.contains(role, layer: layer, instance: instance)
  }

  func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    let slot = TensorSlot(role, layer: layer, instance: instance)
    guard let correction = corrections[slot] else { return try reference.readRows(slot, rows: rows, into: &values) }
    try correction.readRows(rows, of: slot, from: self, into: &values)
  }
}

extension WeightSource {
  /// Reads rows of the tensor in `slot`.
  func readRows(_ slot: TensorSlot, rows: Range<Int>, into values: inout [Float]) throws {
    try readRows(slot.role, layer: slot.layer, instance: slot.instance, rows: rows, into: &values)
  }
}

extension ModelWeights {
  /// Returns the canonical dimensions of the tensor in `slot`, as the model's hyperparameters give them.
  func shape(of slot: TensorSlot) -> [Int]? {
    guard let rule = model.definition.rule(slot.role) else { return nil }
    let dimensions = rule.shape.compactMap { $0.integer(model.hyperparameters, layer: slot.layer) }
    return dimensions.count == rule.shape.count && (1...2).contains(dimensions.count)
      && dimensions.allSatisfy { $0 > 0 }
      ? dimensions : nil
  }
}
