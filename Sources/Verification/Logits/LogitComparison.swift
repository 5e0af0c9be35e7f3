import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Quantization

/// Two models run side by side over the same tokens: how far their activations and their logits are apart.
public struct LogitComparison: Sendable {
  /// How to compare.
  public struct Options: Sendable {
    /// The limits to hold the candidate to; nil for those that follow from its storage formats.
    public var budget: Budget?
    /// The normalized mean square error from which on a layer counts as diverged; nil for
    /// `LogitComparison.defaultLayerThreshold`, or for 0 where logits must have the same bits.
    public var layerThreshold: Double?
    /// At most this many threads.
    public var threads = Parallel.coreCount
    /// Is told the layers done since the last call, of `layer count × windows`.
    public var progress: @Sendable (Int) -> Void = { _ in }

    /// The default options.
    public init() {}
  }

  /// The error of a layer's output from which on it counts as diverged where some error is expected.
  ///
  /// Eight-bit weights leave about 1e-4 of the residual stream's energy as error, four-bit weights some hundredths (in
  /// SmolLM2-135M up to 3e-4 and 0.07); a wrong permutation leaves more in the layer where it is.
  public static let defaultLayerThreshold = 0.1

  /// The models.
  public let reference: Model, candidate: Model
  /// The tokens, in windows.
  public let tokens: TokenChunks
  /// Whether the models give a vector for a text in place of logits.
  public let givesEmbedding: Bool
  /// The errors of all logits, or of the vectors of all windows.
  public let logits: ErrorMetrics
  /// Whether every logit, or every element of the vectors, has the same bits in both.
  public let hasSameBits: Bool
  /// The KL divergence of the next-token distributions at each position, in nats.
  public let divergence: SampleStatistics
  /// Positions where a model's logits are NaN or infinite, which have no divergence.
  public let nonfiniteCount: Int
  /// The share of positions with the same most likely token.
  public let sameTopShare: Double
  /// The perplexity of both on the tokens themselves; nil if nothing was scored.
  public let referencePerplexity: Perplexity?, candidatePerplexity: Perplexity?
  /// The perplexity of the candidate over that of the reference.
  public let perplexityRatio: PerplexityRatio?
  /// What the candidate adds to the probability of the token that comes next, at each scored position.
  public let probabilityDelta: SampleStatistics
  /// The embedding, every layer and the last norm.
  public let states: [HiddenStateComparison]
  /// The error from which on a layer counts as diverged.
  public let layerThreshold: Double
  /// What the candidate is held to.
  public let budget: LogitBudget
  /// What was found.
  public private(set) var findings: [Finding]

  /// Whether the candidate keeps its budget.
  public var passes: Bool { findings.pass }

  /// The first point of the pass that has diverged.
  public var firstDiverged: HiddenStateComparison? { states.first { $0.exceeds(layerThreshold) } }

  /// Runs both models over `tokens`.
  ///
  /// - Parameter findings: what was found about the tokens themselves, see `EvaluationTokens`.
  /// - Throws: when a model cannot be run, or their sizes differ. A broken budget is a finding.
  public static func compare(
    _ reference: Model, _ candidate: Model, tokens: TokenChunks, findings: [Finding] = [],
    options: Options = Options()
  ) throws -> LogitComparison {
    guard tokens.tokenCount > 0 else { throw InferenceError.noTokens }
    let weights = try ModelWeights(reference)
    var comparer = try LogitComparer(
      weights, Self.weights(ofCandidate: candidate), threads: options.threads, progress: options.progress)
    try comparer.compare(tokens.windows[...], of: tokens)
    for file in reference.checkpoint.files + candidate.checkpoint.files { try file.requireUnchanged() }
    func judged(_ budget: LogitBudget) -> LogitComparison {
      LogitComparison(
        reference: reference, candidate: candidate, tokens: tokens, comparer: comparer, budget: budget,
        layerThreshold: options.layerThreshold, findings: findings)
    }
    if let budget = options.budget { return judged(LogitBudget(budget)) }
    let budget = LogitBudget(reference: reference, candidate: candidate, givesEmbedding: comparer.givesEmbedding)
    let comparison = judged(budget)
    guard case .limits(let limits) = budget.rule, !limits.violations(comparison.value).isEmpty,
      let encoded = RequantizedReference(weights, like: candidate)
    else { return comparison }
    return judged(budget.raised(to: try cost(of: encoded, weights, tokens, threads: options.threads)))
  }

  private static func weights(ofCandidate candidate: Model) throws -> ModelWeights {
    do {
      return try ModelWeights(candidate, despiteContradictions: true)
    } catch let error as any IngotError where error.category == .input && !candidate.problems.isEmpty {
      throw UnfitCandidate(problems: error)
    }
  }

  /// The errors that an honest encoding leaves, over some windows.
  private static func cost(
    of encoded: RequantizedReference, _ weights: ModelWeights, _ tokens: TokenChunks, threads: Int
  ) throws -> LogitBudget.Cost {
    var comparer = try LogitComparer(weights, encoded, threads: threads, progress: { _ in })
    try comparer.compare(tokens.windows.prefix(4), of: tokens)
    let rows = comparer.rows
    return LogitBudget.Cost(
      divergence: SampleStatistics(rows.compactMap(\.divergence)).mean,
      error: comparer.logits.normalizedMeanSquareError,
      topOneAgreement: Double(rows.count { $0.hasSameTop }) / Double(max(1, rows.count)), positionCount: rows.count)
  }

  private init(
    reference: Model, candidate: Model, tokens: TokenChunks, comparer: LogitComparer, budget: LogitBudget,
    layerThreshold: Double?, findings: [Finding]
  ) {
    self.reference = reference
    self.candidate = candidate
    self.tokens = tokens
    self.budget = budget
    let rows = comparer.rows
    logits = comparer.logits
    givesEmbedding = comparer.givesEmbedding
    hasSameBits = rows.allSatisfy(\.hasSameBits) && comparer.hasSameEmbeddings
    divergence = SampleStatistics(rows.compactMap(\.divergence))
    nonfiniteCount = rows.count { $0.divergence == nil }
    sameTopShare = rows.isEmpty ? 0 : Double(rows.count { $0.hasSameTop }) / Double(rows.count)
    referencePerplexity = Perplexity(losses: rows.compactMap(\.referenceLoss))
    candidatePerplexity = Perplexity(losses: rows.compactMap(\.candidateLoss))
    perplexityRatio = PerplexityRatio(
      losses: rows.compactMap { row in row.referenceLoss.flatMap { one in row.candidateLoss.map { (one, $0) } } })
    probabilityDelta = SampleStatistics(rows.compactMap(\.probabilityDelta))
    states = comparer.states
    if case .sameBits = budget.rule {
      self.layerThreshold = layerThreshold ?? 0
    } else {
      self.layerThreshold = layerThreshold ?? Self.defaultLayerThreshold
    }
    self.findings = findings
    self.findings += judged()
  }
}
