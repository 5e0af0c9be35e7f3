import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Quantization
import Tensors

/// Runs a reference once, or reads its logits from a cache, and runs every candidate on the same tokens.
///
/// Memory has the hidden states of all models over one chunk, and some logits of two; weights are read as each layer needs
/// them.
public struct CandidateComparer {
  /// Options of a comparison.
  public struct Options: Sendable {
    /// The limits for the candidates; nil for those that follow from their storage formats.
    public var budget: Budget?
    /// The folder for the reference's logits; nil for no cache.
    public var cacheFolder: String?
    /// What the user states about the reference, such as another architecture: a part of the key of the cache.
    public var settings: [String] = []
    /// The text that the tokens come from, for the report.
    public var text: EvaluationText?
    /// The greatest number of threads.
    public var threads = Parallel.coreCount

    /// The default options.
    public init() {}
  }

  /// A candidate to compare.
  private struct Entry {
    let subject: CandidateComparison.Subject
    let weights: ModelWeights
    let findings: [Finding]
    var collector: PredictionCollector
  }

  /// About this many logits of a model are computed at a time: 16 MiB.
  private static let logitCountAtATime = 1 << 22

  private let reference: CandidateComparison.Subject
  private let weights: ModelWeights
  private var entries: [Entry]
  private let tokens: TokenChunks
  private let options: Options
  private let content: LogitCache.Content
  private let cache: LogitCache?

  /// Opens the weights of all models, makes digests of their files, and reads the cache.
  ///
  /// - Parameters:
  ///   - candidates: each with findings about its tokenizer, see `EvaluationTokens`.
  /// - Throws: if a model cannot be run or predicts another vocabulary, no token is predicted, or a file cannot be read.
  public init(
    _ reference: Model, _ candidates: [(model: Model, findings: [Finding])], tokens: TokenChunks, options: Options
  ) throws {
    guard tokens.tokenCount > 0 else { throw InferenceError.noTokens }
    weights = try ModelWeights(reference)
    let numbers = weights.hyperparameters, output = numbers.features.output
    if output == .logits, numbers.decoder == nil, tokens.predictedCount == 0 { throw NothingPredicted(tokens) }
    let first = numbers
    let opened = try candidates.map { model, findings in
      let weights = try ModelWeights(model)
      try LocatedError.naming(model.checkpoint.path) { () throws(LogitComparisonError) in
        try LogitComparisonError.requireSamePredictions(first, weights.hyperparameters)
      }
      return (weights: weights, findings: findings)
    }
    entries = try opened.map { weights, findings in
      Entry(
        subject: .init(model: weights.model, files: try ModelFile.all(weights.model, threads: options.threads)),
        weights: weights, findings: findings,
        collector: PredictionCollector(output: output, vocabularySize: first.vocabularySize))
    }
    self.reference = .init(model: reference, files: try ModelFile.all(reference, threads: options.threads))
    self.tokens = tokens
    self.options = options
    let files = self.reference.files
    cache = try options.cacheFolder.flatMap { folder in
      guard output == .logits else { return nil }
      let key = try LogitCacheKey(
        reference, files: files, tokens: tokens, settings: options.settings, threads: options.threads)
      return LogitCache(
        folder: folder, key: key, rowLength: first.vocabularySize,
        rowCounts: tokens.chunks.map { tokens.comparedPositions(of: $0).count })
    }
    content = try cache?.read() ?? .absent
  }

  /// The reference's logits from the cache, if they can be used.
  private var cached: LogitCache.Logits? { if case .valid(let logits) = content { logits } else { nil } }

  /// The layers of all passes, for the progress of `run`.
  public var layerCount: Int {
    let models = (cached == nil ? [weights] : []) + entries.map(\.weights)
    return tokens.chunks.count * models.reduce(0) { $0 + Self.layerCount(of: $1) }
  }

  private static func layerCount(of weights: ModelWeights) -> Int {
    let numbers = weights.hyperparameters
    return numbers.stacks.reduce(0) { $0 + numbers.of($1).layerCount }
  }

  /// Runs the models, a chunk at a time.
  ///
  /// - Parameter progress: receives the layers done since the last call, of `layerCount`.
  /// - Throws: errors of the models, and of writing the cache.
  public consuming func run(progress: @Sendable (Int) -> Void = { _ in }) throws -> CandidateComparison {
    var writer = try newCache()
    for index in tokens.chunks.indices {
      try compare(index, writingTo: &writer, progress)
      writer?.finishChunk()
    }
    var files = entries.flatMap(\.subject.model.checkpoint.files)
    files += cached.map { [$0.file] } ?? []
    for file in reference.model.checkpoint.files + files { try file.requireUnchanged() }
    try writer?.commit()
    return CandidateComparison(
      reference: reference, candidates: entries.map(judged), tokens: tokens, text: options.text, cache: cacheUse)
  }

  /// The cache to write, if one is asked for and its name is free or may be replaced.
  private func newCache() throws -> LogitCache.Writer? {
    guard let cache, let folder = options.cacheFolder else { return nil }
    switch content {
    case .valid, .foreign: return nil
    case .absent, .damaged:
      if OutputFolder(folder).isAbsent { _ = try Interrupts.createFolder(folder) }
      return try LogitCache.Writer(cache)
    }
  }

  private var cacheUse: CandidateComparison.CacheUse? {
    guard let folder = options.cacheFolder else { return nil }
    guard let cache else { return .init(path: folder, outcome: .notApplicable) }
    let outcome: CandidateComparison.CacheUse.Outcome =
      switch content {
      case .absent: .written
      case .valid: .read
      case .damaged(let reason): .replaced(reason)
      case .foreign: .blocked
      }
    return .init(path: cache.path, outcome: outcome)
  }

  private func pass(
    _ weights: ModelWeights, _ chunk: [Int], _ progress: (Int) -> Void
  ) throws -> ForwardPass {
    var pass = try ForwardPass(weights, tokens: chunk, threads: options.threads)
    repeat {
      for layer in 0..<pass.hyperparameters.layerCount {
        try pass.step(layer: layer)
        progress(1)
      }
    } while try pass.advanceToDecoder()
    return pass
  }

  private mutating func compare(
    _ index: Int, writingTo writer: inout LogitCache.Writer?, _ progress: (Int) -> Void
  ) throws {
    let chunk = tokens.chunks[index], compared = tokens.comparedPositions(of: chunk)
    let known = cached
    let referencePass = known == nil ? try pass(weights, chunk, progress) : nil
    let passes = try entries.map { try pass($0.weights, chunk, progress) }
    guard weights.hyperparameters.features.output == .logits else {
      let vector = try referencePass?.textVector() ?? []
      for (entry, pass) in passes.enumerated() {
        entries[entry].collector.add(reference: vector, candidate: try pass.textVector())
      }
      return
    }
    let size = max(1, Self.logitCountAtATime / max(1, weights.hyperparameters.vocabularySize))
    for start in stride(from: compared.lowerBound, to: compared.upperBound, by: size) {
      let positions = start..<min(compared.upperBound, start + size)
      let offset = start - compared.lowerBound
      guard
        let expected = try known?.rows(offset..<offset + positions.count, ofChunk: index)
          ?? referencePass?.logits(positions: positions)
      else { return }
      try writer?.append(expected)
      for (entry, pass) in passes.enumerated() {
        try entries[entry].collector.add(
          reference: expected, candidate: pass.logits(positions: positions), at: positions, targets: pass.targets,
          firstScoredPosition: tokens.firstScoredPosition, threads: options.threads)
      }
    }
  }

  /// Limits that follow from storage formats are not compared with a baseline here, so that exceeding them is a warning.
  private func judged(_ entry: Entry) -> CandidateComparison.Candidate {
    let predictions = Predictions(entry.collector)
    let budget =
      options.budget.map { LogitBudget($0) }
      ?? LogitBudget(reference: reference.model, candidate: entry.subject.model, output: predictions.output)
    let findings = predictions.findings(budget).map { finding in
      finding.check == Predictions.limitCheck
        ? Finding(.warning, finding.check, finding.subject, "\(finding.message); ingot verify looks for the cause")
        : finding
    }
    return CandidateComparison.Candidate(
      subject: entry.subject, predictions: predictions, budget: budget, findings: entry.findings + findings)
  }
}
