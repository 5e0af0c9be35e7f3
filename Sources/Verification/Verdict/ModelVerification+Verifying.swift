import Architectures
import Bytes
import Evaluation
import Models

extension ModelVerification {
  /// What is done with the weights.
  public enum Weights: Sendable {
    /// They are not looked at, unless the logits fail.
    case ignored
    /// They are compared, for the report.
    case compared
    /// They are compared and count: each tensor is held to what its storage format costs.
    case judged
  }

  /// How to verify.
  public struct Options: Sendable {
    /// How the logits are compared.
    public var logits = LogitComparison.Options()
    /// What is done with the weights.
    public var weights = Weights.judged
    /// Is told the bytes of the reference's weights that were compared since the last call, from any thread.
    public var weightProgress: @Sendable (Int) -> Void = { _ in }

    /// The default options.
    public init() {}
  }

  /// Runs both models over `tokens`, compares their weights, and looks for the cause of what is wrong.
  ///
  /// - Parameter findings: what was found about the tokens themselves, see `EvaluationTokens`.
  /// - Throws: when a model cannot be run, or their sizes differ. A broken budget is a finding.
  public static func verify(
    _ reference: Model, _ candidate: Model, tokens: TokenChunks, findings: [Finding] = [],
    options: Options = Options()
  ) throws -> ModelVerification {
    let contradictions = candidate.contradictions.map {
      Finding(.error, "verify.numbers", place: candidate.checkpoint.path, "\($0)")
    }
    let logits = try LogitComparison.compare(
      reference, candidate, tokens: tokens, findings: findings + contradictions, options: options.logits)
    var weights: CheckpointDiff?
    if options.weights != .ignored {
      var settings = CheckpointDiff.Options()
      settings.tolerance = .byFormat
      settings.threads = options.logits.threads
      settings.progress = options.weightProgress
      weights = try CheckpointDiff.compare(DiffSide(reference), DiffSide(candidate), options: settings)
    }
    let judgesWeights = options.weights == .judged
    var verification = ModelVerification(
      logits: logits, weights: weights, judgesWeights: judgesWeights, diagnoses: [])
    if try !verification.passes || judgesWeights && Self.numbersDiffer(reference, candidate) {
      let diagnoses = try verification.diagnose(tokens.windows.first ?? [], threads: options.logits.threads)
      verification = ModelVerification(
        logits: logits, weights: weights, judgesWeights: judgesWeights, diagnoses: diagnoses)
    }
    return verification
  }

  /// Whether numbers differ that a run may show, though errors of storage formats drown it.
  private static func numbersDiffer(_ reference: Model, _ candidate: Model) throws -> Bool {
    try !HyperparameterHypothesis.all(reference: reference.hyperparameters(), candidate: candidate.hyperparameters())
      .isEmpty
  }

  private func diagnose(_ tokens: [Int], threads: Int) throws -> [Diagnosis] {
    let slots = Dictionary(
      (logits.reference.slots + logits.candidate.slots).map { ("\($0)", $0) },
      uniquingKeysWith: { first, _ in first })
    let suspects = try suspectTensors(threads: threads).compactMap { slots[$0.place] }
    return try Diagnostician(logits.reference, logits.candidate, tokens: tokens, threads: threads)
      .diagnose(suspects, firstDiverged: logits.firstDiverged?.place)
  }

  /// Tensors with errors beyond what their formats cost; without a comparison of all weights, those of the layer that
  /// diverged first.
  private func suspectTensors(threads: Int) throws -> [TensorComparison] {
    var compared = weights
    if compared == nil, let place = logits.firstDiverged?.place {
      var settings = CheckpointDiff.Options()
      settings.threads = threads
      settings.filter = place.mayBe(because:)
      compared = try CheckpointDiff.compare(
        DiffSide(logits.reference), DiffSide(logits.candidate), options: settings)
    }
    return compared?.tensors.filter { $0.isCompared && !$0.findings(.byFormat).isEmpty } ?? []
  }
}
