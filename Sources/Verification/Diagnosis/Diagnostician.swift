import Architectures
import Inference
import Models

/// Finds out why a candidate fails: asks the known faults, and runs the suspect layers again with each correction.
///
/// A layer is run alone, on the *reference's* input, so errors of earlier layers do not reach it.
struct Diagnostician {
  private let reference: ModelWeights, candidate: ModelWeights
  private let stages: RerunStages
  private let hyperparameters: [HyperparameterHypothesis]

  /// Tokens that the layers are run on again: enough for a fault to show.
  private static let tokenCount = 64
  /// The maximum number of suspects that are examined, and of families; more would repeat them.
  private static let suspectCount = 256, familyCount = 8

  init(_ reference: Model, _ candidate: Model, tokens: [Int], threads: Int) throws {
    self.reference = try ModelWeights(reference)
    self.candidate = try ModelWeights(candidate, conflicts: .ignore)
    stages = RerunStages(
      reference: self.reference, tokens: Array(tokens.prefix(Self.tokenCount)), threads: threads)
    hyperparameters = FaultFinder.hypotheses(
      reference: self.reference.hyperparameters, candidate: self.candidate.hyperparameters)
  }

  /// Returns the diagnoses in the order of the pass.
  ///
  /// - Parameters:
  ///   - suspects: the tensors with errors that their storage formats do not explain.
  ///   - point: the first point that diverged, for faults in hyperparameters.
  func diagnose(
    _ suspects: [TensorSlot], firstDiverged point: HiddenStateComparison.Point?
  ) throws -> [Diagnosis] {
    let families = try families(suspects)
    var pass = try ForwardPass(reference, tokens: stages.tokens, threads: stages.threads)
    var diagnoses = try families.filter { $0[0].slot.isAtStart }.map { try diagnose($0, stages.embedding(pass)) }
    let stacks = reference.hyperparameters.stacks
    var open = Dictionary(grouping: families.filter { !$0[0].slot.isAtStart }) { $0[0].slot.point(in: stacks) }
    var hyperparameterPoint: HiddenStateComparison.Point?
    if !hyperparameters.isEmpty {
      if case .layer = point { hyperparameterPoint = point } else { hyperparameterPoint = .layer(stacks[0], 0) }
    }
    repeat {
      let stack = pass.state.stack
      for index in 0..<pass.hyperparameters.layerCount {
        guard !open.isEmpty || hyperparameterPoint != nil else { return diagnoses }
        let input = pass.state, here = HiddenStateComparison.Point.layer(stack, index)
        try pass.step(layer: index)
        let found = open.removeValue(forKey: here) ?? []
        guard !found.isEmpty || here == hyperparameterPoint else { continue }
        let stage = stages.layer(index, input: input, wanted: pass.hidden)
        diagnoses += try found.map { try diagnose($0, stage) }
        guard here == hyperparameterPoint else { continue }
        hyperparameterPoint = nil
        diagnoses += try hyperparameters.compactMap { try diagnose($0, stage) ?? diagnose($0, stages.wholePass()) }
      }
      guard let found = open.removeValue(forKey: .outputNorm(stack)) else { continue }
      let stage = try stack == .encoder ? stages.encoderNorm(pass) : stages.output(pass)
      diagnoses += try found.map { try diagnose($0, stage) }
    } while try pass.advanceToDecoder()
    return diagnoses
  }

  /// The hypotheses by family, each with the tensor that comes first in the pass at its head.
  private func families(_ suspects: [TensorSlot]) throws -> [[FaultHypothesis]] {
    let finder = FaultFinder(reference: reference, candidate: candidate)
    var families: [[FaultHypothesis]] = []
    var indices: [FaultHypothesis.Family: Int] = [:]
    for hypothesis in try suspects.prefix(Self.suspectCount).compactMap(finder.hypothesis) {
      if let index = indices[hypothesis.family] {
        families[index].append(hypothesis)
      } else {
        indices[hypothesis.family] = families.count
        families.append([hypothesis])
      }
    }
    return families.prefix(Self.familyCount).map { family in
      let first = family.indices.min { family[$0].slot.passOrder < family[$1].slot.passOrder } ?? 0
      return [family[first]] + family[..<first] + family[(first + 1)...]
    }
  }

  private func diagnose(_ family: [FaultHypothesis], _ stage: RerunStage) throws -> Diagnosis {
    let first = family[0]
    var faulty = PatchedWeights(candidate, reference: reference), corrected = faulty
    for hypothesis in family where hypothesis.slot.layer == first.slot.layer {
      faulty.corrections[hypothesis.slot] = CandidateTensor()
      corrected.corrections[hypothesis.slot] = hypothesis.correction
    }
    if first.slot.role == .output { faulty.hyperparameters.tiesEmbeddings = candidate.hyperparameters.tiesEmbeddings }
    return Diagnosis(
      fault: first.fault.id, subject: .slot(first.slot), otherSubjects: family.dropFirst().map { .slot($0.slot) },
      words: first.words, correctionWords: first.fault.correctionWords, stage: stage.name,
      error: try stage.error(faulty), correctedError: try stage.error(corrected))
  }

  /// Returns nil if the hyperparameter has no effect in the stage.
  private func diagnose(_ hypothesis: HyperparameterHypothesis, _ stage: RerunStage) throws -> Diagnosis? {
    var faulty = PatchedWeights(candidate, reference: reference)
    let corrected = faulty
    faulty.hyperparameters = hypothesis.faulty
    let error = try stage.error(faulty)
    guard error != 0 else { return nil }
    return Diagnosis(
      fault: hypothesis.fault.id, subject: .hyperparameter(hypothesis.name), otherSubjects: [],
      words: hypothesis.words, correctionWords: hypothesis.fault.correctionWords, stage: stage.name, error: error,
      correctedError: try stage.error(corrected))
  }
}

extension TensorSlot {
  /// Whether the tensor acts before the first layer, on its hidden state.
  fileprivate var isAtStart: Bool { layer == nil && role.rawValue.contains("embedding") && !isOfLayerInputs }

  /// Whether it makes the inputs that each layer has of its own.
  private var isOfLayerInputs: Bool {
    [TensorRole.layerTokenEmbedding, .layerInputProjection, .layerInputNorm].contains(role)
  }

  /// The stack of an encoder-decoder, the layer (−1 before and `max` after all layers), and matrices before biases.
  fileprivate var passOrder: (Int, Int, Int) {
    (
      !isAtStart && role.belongs(to: .decoder) ? 1 : 0, layer ?? (isAtStart || isOfLayerInputs ? -1 : .max),
      role.rawValue.hasSuffix("_bias") ? 1 : 0
    )
  }

  /// The point of the pass after which a tensor has acted that is not at the start.
  fileprivate func point(in stacks: [LayerStack]) -> HiddenStateComparison.Point {
    let stack = stacks.last { role.belongs(to: $0) } ?? .only
    return (isOfLayerInputs ? 0 : layer).map { .layer(stack, $0) } ?? .outputNorm(stack)
  }
}
