import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Quantization

/// Two models run over the same tokens: the errors of their hidden states and logits.
///
/// The figures of `predictions` are members of this, too.
@dynamicMemberLookup
public struct LogitComparison: Sendable {
  /// Options of a comparison.
  public struct Options: Sendable {
    /// The limits for the candidate; nil for those that follow from its storage formats.
    public var budget: Budget?
    /// The normalized mean square error above which a layer has diverged; nil for `defaultLayerThreshold`, or for 0 if
    /// logits must have the same bits.
    public var layerThreshold: Double?
    /// The greatest number of threads.
    public var threads = Parallel.coreCount
    /// Receives the layers done since the last call, of `layer count × chunks`.
    public var progress: @Sendable (Int) -> Void = { _ in }
    /// The text that the tokens come from, for the report.
    public var text: EvaluationText?
    /// What parts of the tokens gave, in order; nil to run the models.
    public var measured: MeasuredChunks?

    /// The default options.
    public init() {}
  }

  /// The normalized mean square error above which a layer has diverged, if some error is expected.
  ///
  /// The error of hidden states is about 1e-4 with eight-bit weights and some hundredths with four-bit weights (up to
  /// 3e-4 and 0.07 in SmolLM2-135M); a wrong permutation has a greater one in its layer.
  public static let defaultLayerThreshold = 0.1
  /// Chunks over which the baseline is measured.
  private static let baselineChunkCount = 4

  public let reference: Model, candidate: Model
  /// The tokens, in chunks.
  public let tokens: TokenChunks
  /// The text that they come from; nil for ids.
  public let text: EvaluationText?
  public let predictions: Predictions
  /// The embedding, every layer and the final norm.
  public let states: [HiddenStateComparison]
  /// The error above which a layer has diverged.
  public let layerThreshold: Double
  public let budget: LogitBudget
  public private(set) var findings: [Finding]

  /// A figure of the predictions.
  public subscript<Value>(dynamicMember member: KeyPath<Predictions, Value>) -> Value { predictions[keyPath: member] }

  /// Whether the candidate stays within its budget, and its predictions are not broken.
  public var passes: Bool { findings.pass }

  /// The first point of the pass that has diverged.
  public var firstDiverged: HiddenStateComparison? { states.first { $0.exceeds(layerThreshold) } }

  /// Runs both models over `tokens`.
  ///
  /// - Parameter findings: those of the tokenizers, see `EvaluationTokens`.
  /// - Throws: if a model cannot be run, their sizes differ, or no token is predicted. An exceeded budget is a finding.
  public static func compare(
    _ reference: Model, _ candidate: Model, tokens: TokenChunks, findings: [Finding] = [],
    options: Options = Options()
  ) throws -> LogitComparison {
    let (weights, empty) = try comparer(reference, candidate, tokens: tokens, options)
    var comparer = empty
    if let measured = options.measured {
      for differences in try measured.differences(like: empty.empty, of: tokens) {
        comparer.add(differences)
      }
    } else {
      try comparer.compare(tokens.chunks[...], of: tokens)
    }
    for file in reference.checkpoint.files + candidate.checkpoint.files { try file.requireUnchanged() }
    func judged(_ budget: LogitBudget) -> LogitComparison {
      LogitComparison(
        reference: reference, candidate: candidate, tokens: tokens, comparer: comparer, budget: budget,
        options: options, findings: findings)
    }
    if let budget = options.budget { return judged(LogitBudget(budget)) }
    let budget = LogitBudget(reference: reference, candidate: candidate, output: comparer.output)
    let comparison = judged(budget)
    guard case .limits(let limits) = budget.rule, !limits.violations(comparison.predictions.value).isEmpty,
      let requantized = RequantizedReference(weights, like: candidate)
    else { return comparison }
    return judged(budget.raised(to: try baseline(requantized, weights, tokens, threads: options.threads)))
  }

  /// Opens both models for a comparison on `tokens`.
  ///
  /// - Throws: if a model cannot be run, their sizes differ, or no token is predicted.
  static func comparer(
    _ reference: Model, _ candidate: Model, tokens: TokenChunks, _ options: Options
  ) throws -> (reference: ModelWeights, comparer: LogitComparer) {
    guard tokens.tokenCount > 0 else { throw InferenceError.noTokens }
    let weights = try ModelWeights(reference)
    // An encoder predicts nothing, and a decoder with an encoder predicts every token.
    let needsPredictions = weights.hyperparameters.features.output == .logits && weights.hyperparameters.decoder == nil
    if needsPredictions, tokens.predictedCount == 0 { throw NothingPredicted(tokens) }
    let comparer = try LogitComparer(
      weights, Self.weights(ofCandidate: candidate), threads: options.threads, progress: options.progress)
    return (weights, comparer)
  }

  private static func weights(ofCandidate candidate: Model) throws -> ModelWeights {
    do {
      return try ModelWeights(candidate, conflicts: .ignore)
    } catch let error as any IngotError where error.category == .input && !candidate.problems.isEmpty {
      throw UnfitCandidate(problems: error)
    }
  }

  /// Measures the baseline over some chunks.
  private static func baseline(
    _ requantized: RequantizedReference, _ weights: ModelWeights, _ tokens: TokenChunks, threads: Int
  ) throws -> LogitBudget.Baseline {
    var comparer = try LogitComparer(weights, requantized, threads: threads, progress: { _ in })
    try comparer.compare(tokens.chunks.prefix(baselineChunkCount), of: tokens)
    let predictions = Predictions(comparer.differences.predictions)
    return LogitBudget.Baseline(
      divergence: predictions.divergence.mean, error: predictions.logits.normalizedMeanSquareError,
      topOneAgreement: predictions.topOneAgreement, positionCount: predictions.rows.count)
  }

  private init(
    reference: Model, candidate: Model, tokens: TokenChunks, comparer: LogitComparer, budget: LogitBudget,
    options: Options, findings: [Finding]
  ) {
    self.reference = reference
    self.candidate = candidate
    self.tokens = tokens
    self.budget = budget
    text = options.text
    predictions = Predictions(comparer.differences.predictions)
    states = comparer.differences.states
    if case .sameBits = budget.rule {
      layerThreshold = options.layerThreshold ?? 0
    } else {
      layerThreshold = options.layerThreshold ?? Self.defaultLayerThreshold
    }
    self.findings = findings
    self.findings += judged()
  }
}
