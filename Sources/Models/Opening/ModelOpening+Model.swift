import Architectures
import Bytes
import Tensors

extension ModelOpening {
  /// Returns the model as headers and side files describe it; no tensor data is read.
  ///
  /// If interpretation depends on tensor data, the naming scheme decides and `remarks` name the tensors.
  ///
  /// - Parameter transforms: what a user states about the transforms of the tensors.
  public func model(stating transforms: [TransformRule.Kind: Bool] = [:]) throws -> Model {
    var evidence = OpeningEvidence()
    let detection = TransformDetection(.namesOnly, explicit: transforms)
    if detection != .namesOnly { evidence.appliedTransforms = try model(evidence).detect(detection) }
    return try model(evidence)
  }

  /// Returns the model as headers, side files and `evidence` describe it; no tensor data is read.
  public func model(_ evidence: OpeningEvidence) throws -> Model {
    var hyperparameters = hyperparameters
    var scaling = RopeScalingRecovery(checkpoint, definition, scheme)
    if facts.hasRopeFactorTensors {
      try scaling.restore(&hyperparameters) { tensor, _ in evidence.ropeFactors[tensor.name] }
    }
    for (name, count) in evidence.rowCounts { hyperparameters.values[name] = .integer(count) }
    var remarks = ["\(definition.name) in the naming scheme \(scheme.name.quoted), found from the tensor names"]
    if let namesRemark { remarks.append(namesRemark) }
    remarks += scaling.remarks
    if !facts.hasExplicitHyperparameters {
      remarks.append("no config.json or params.json next to the file: hyperparameters are inferred from tensor shapes")
    }
    if !hasStatedPredictionLayers {
      remarks.append("layers that predict more tokens (MTP) are stated, but have no tensors: they count as absent")
    }
    let configuration = facts.remarks(on: definition, hyperparameters)
    remarks += configuration.notes
    let mapped = mapping(evidence, hyperparameters)
    let absentHead = mapped.absentHead(facts, definition, scheme, hyperparameters).map { [$0] } ?? []
    let labels = mapped.labelContradiction(facts, definition, hyperparameters).map { [$0] } ?? []
    var model = Model(
      checkpoint: checkpoint, facts: facts, definition: definition, scheme: scheme, hyperparameters: hyperparameters,
      mapped: mapped, problems: encodingProblems + scaling.problems + absentHead + labels, remarks: remarks,
      appliedTransforms: evidence.appliedTransforms, form: form)
    model.warnings = configuration.warnings
    return try adapters.reduce(model) { model, step in
      try step.adapter.naming { () throws(AdapterError) in try model.adding(step.adapter, to: step.base) }
    }
  }

  /// The mapping of the headers, made again where evidence may change it.
  private func mapping(_ evidence: OpeningEvidence, _ hyperparameters: HyperparameterSet) -> TensorMapping {
    let states = evidence.appliedTransforms.states
    guard mapping.hasDuplicates || !states.isEmpty || !evidence.rowCounts.isEmpty else { return mapping }
    return TensorMapping(checkpoint, facts, definition, scheme, hyperparameters, states: states) { first, second in
      evidence.comparisons[.init(first: first.name, second: second.name)] ?? .unread
    }
  }
}
