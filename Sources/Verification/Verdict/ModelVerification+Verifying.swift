import Architectures
import Bytes
import Evaluation
import Models

extension ModelVerification {
  /// The use of the weights.
  public enum Weights: Sendable {
    /// They are not compared, unless the logits fail.
    case ignored
    /// They are compared for the report.
    case compared
    /// They are compared, and each tensor must stay within the limit of its storage format.
    case judged
  }

  /// Options of a verification.
  public struct Options: Sendable {
    public var logits = LogitComparison.Options()
    public var weights = Weights.judged
    /// Receives the bytes of the reference's weights that were compared since the last call, from any thread.
    public var weightProgress: @Sendable (Int) -> Void = { _ in }

    /// The default options.
    public init() {}
  }

  /// Runs both models over `tokens`, compares their weights, and looks for the causes of errors.
  ///
  /// - Parameter findings: those of the tokenizers, see `EvaluationTokens`.
  /// - Throws: if a model cannot be run, or their sizes differ. An exceeded budget is a finding.
  public static func verify(
    _ reference: Model, _ candidate: Model, tokens: TokenChunks, findings: [Finding] = [],
    options: Options = Options()
  ) throws -> ModelVerification {
    let contradictions = candidate.contradictions.map {
      Finding(.error, "verify.hyperparameters", .checkpoint(candidate.checkpoint.path), "\($0)")
    }
    let configuration = ConfigurationDifferences(
      reference, candidate, check: "verify.configuration", severity: options.logits.budget == nil ? .error : .warning,
      lossSeverity: .warning)
    let logits = try LogitComparison.compare(
      reference, candidate, tokens: tokens,
      findings: findings + configuration.findings + contradictions
        + [reference, candidate].flatMap { $0.configurationFindings("verify.configuration") },
      options: options.logits)
    var weights: CheckpointDiff?
    if options.weights != .ignored {
      var settings = CheckpointDiff.Options()
      settings.budget = .byFormat
      settings.settings = .ignored
      settings.threads = options.logits.threads
      settings.progress = options.weightProgress
      weights = try CheckpointDiff.compare(DiffSide(reference), DiffSide(candidate), options: settings)
    }
    let verification = ModelVerification(
      logits: logits, weights: weights, weightPolicy: options.weights, diagnoses: [])
    // A correct conversion that is broken by its format has no fault to explain.
    let needsReasons = verification.conversion == .failed || logits.budget.isGiven && !verification.passes
    guard try needsReasons || options.weights == .judged && hyperparametersDiffer(reference, candidate)
    else { return verification }
    return ModelVerification(
      logits: logits, weights: weights, weightPolicy: options.weights,
      diagnoses: try verification.diagnose(tokens.chunks.first ?? [], threads: options.logits.threads))
  }

  /// Whether hyperparameters differ in a way that quantization errors may hide in the logits.
  private static func hyperparametersDiffer(_ reference: Model, _ candidate: Model) throws -> Bool {
    try !FaultFinder.hypotheses(
      reference: reference.forwardPassHyperparameters(), candidate: candidate.forwardPassHyperparameters()
    ).isEmpty
  }

  private func diagnose(_ tokens: [Int], threads: Int) throws -> [Diagnosis] {
    let suspects = try suspectTensors(threads: threads).compactMap(\.identity.slot)
    return try Diagnostician(logits.reference, logits.candidate, tokens: tokens, threads: threads)
      .diagnose(suspects, firstDiverged: logits.firstDiverged?.point)
  }

  /// Returns the tensors above the limits of their formats; if the weights were ignored, only those of the layer that
  /// diverged first.
  private func suspectTensors(threads: Int) throws -> [TensorComparison] {
    var compared = weights
    if compared == nil, let point = logits.firstDiverged?.point {
      var settings = CheckpointDiff.Options()
      settings.threads = threads
      settings.selection = .identities(point.mayBeCaused)
      settings.settings = .ignored
      compared = try CheckpointDiff.compare(
        DiffSide(logits.reference), DiffSide(logits.candidate), options: settings)
    }
    return compared?.tensors.filter { $0.isCompared && !$0.findings(.byFormat).isEmpty } ?? []
  }
}
