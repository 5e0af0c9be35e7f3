import Architectures
import Bytes
import Quantization
import Tensors

/// The tensor data that decides how a model's tensors are interpreted.
public struct OpeningEvidence: Sendable {
  /// The values of the tensors of RoPE factors, by name.
  var ropeFactors: [TensorName: [Float]] = [:]
  /// Tensors that fill the same slot, compared.
  var comparisons: [TensorPair: TensorMapping.Comparison] = [:]
  /// Row counts by hyperparameter, where a file has rows of zeros after them.
  var rowCounts: [String: Int] = [:]
  /// The transforms that the values show or a user gives.
  var appliedTransforms = AppliedTransforms.declared

  /// Two tensors by name.
  struct TensorPair: Hashable {
    let first: TensorName, second: TensorName
  }
}

extension ModelOpening {
  /// Reads the tensor data that decides how the tensors are interpreted. No other step of opening does.
  ///
  /// That is: the RoPE factors of a GGUF, rows of zeros at the end of a table, tensors that fill the same slot twice, and,
  /// if `detection` asks for it, norms and some heads of queries and keys (at most 230 MB of a model of 34 billion
  /// parameters).
  ///
  /// - Throws: if data cannot be read, or what `detection` states is of a transform that no tensor has.
  public func gatherEvidence(_ detection: TransformDetection = .namesOnly) throws -> OpeningEvidence {
    var evidence = OpeningEvidence()
    var recovery = RopeScalingRecovery(checkpoint, definition, scheme)
    var hyperparameters = hyperparameters
    if facts.hasRopeFactorTensors {
      try recovery.restore(&hyperparameters) { tensor, _ in
        let values = try checkpoint.values(of: tensor)
        evidence.ropeFactors[tensor.name] = values
        return values
      }
    }
    evidence.rowCounts = try rowCountsBeforeZeros()
    if detection != .namesOnly { evidence.appliedTransforms = try model(evidence).detect(detection) }
    guard mapping.hasDuplicates else { return evidence }
    for (name, count) in evidence.rowCounts { hyperparameters.values[name] = .integer(count) }
    var comparisons: [OpeningEvidence.TensorPair: TensorMapping.Comparison] = [:]
    _ = TensorMapping(
      checkpoint, facts, definition, scheme, hyperparameters, states: evidence.appliedTransforms.states
    ) { first, second in
      let areEqual = try? checkpoint.haveEqualValues(first, second)
      let comparison: TensorMapping.Comparison = areEqual.map { $0 ? .equal : .different } ?? .undecodable
      comparisons[.init(first: first.name, second: second.name)] = comparison
      return comparison
    }
    evidence.comparisons = comparisons
    return evidence
  }
}

extension Checkpoint {
  /// Reads and decodes a small tensor whole.
  fileprivate func values(of tensor: TensorDescriptor) throws -> [Float] {
    let count = tensor.shape.elementCount
    var values = DecodedValues(), scratch: [UInt8] = []
    try readValues(0..<count, of: tensor, into: &values, scratch: &scratch)
    return Array(values.floats.prefix(count))
  }
}
