import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Tensors

/// Steps two models over the same tokens, layer by layer, and collects their differences.
///
/// Memory holds both hidden states and some logits; weights are read as each layer needs them.
struct LogitComparer {
  /// About this many logits of each model are computed at a time: 64 MiB.
  private static let logitCountAtATime = 1 << 24

  private let reference: any WeightSource, candidate: any WeightSource
  private let threads: Int
  /// Receives the layers done in both models, of all chunks.
  private let progress: @Sendable (Int) -> Void
  private(set) var differences: ChunkDifferences

  /// The output of the forward pass.
  var output: ForwardPassFeatures.Output { reference.hyperparameters.features.output }

  /// - Throws: problems of the models; `LogitComparisonError` if their sizes differ.
  init(
    _ reference: any WeightSource, _ candidate: any WeightSource, threads: Int,
    progress: @escaping @Sendable (Int) -> Void
  ) throws {
    self.reference = reference
    self.candidate = candidate
    self.threads = threads
    self.progress = progress
    let first = self.reference.hyperparameters, second = self.candidate.hyperparameters
    let sizes = [
      ("vocabulary size", first.vocabularySize, second.vocabularySize),
      ("embedding length", first.embeddingLength, second.embeddingLength),
      ("layer count", first.layerCount, second.layerCount),
      ("decoder layer count", first.decoder?.layerCount ?? 0, second.decoder?.layerCount ?? 0),
      ("label count", first.labelCount, second.labelCount),
    ]
    for (name, one, other) in sizes where one != other {
      throw LogitComparisonError.unlike(name: name, reference: one, candidate: other)
    }
    differences = ChunkDifferences(first)
  }

  /// Runs both models over some chunks of `tokens`.
  mutating func compare(_ chunks: ArraySlice<[Int]>, of tokens: TokenChunks) throws {
    for chunk in chunks { add(try differences(of: chunk, of: tokens)) }
  }

  /// Runs both models over one chunk, and returns what it adds.
  func differences(of chunk: [Int], of tokens: TokenChunks) throws -> ChunkDifferences {
    var single = self
    single.differences = empty
    try single.compare(
      chunk, at: tokens.comparedPositions(of: chunk), firstScoredPosition: tokens.firstScoredPosition)
    return single.differences
  }

  /// Nothing compared yet.
  var empty: ChunkDifferences { ChunkDifferences(reference.hyperparameters) }

  /// Adds the differences on the next chunk.
  mutating func add(_ next: ChunkDifferences) { differences.add(next) }

  /// Runs both models over one chunk, and compares their predictions at the positions `compared`.
  private mutating func compare(_ chunk: [Int], at compared: Range<Int>, firstScoredPosition: Int) throws {
    var first = try ForwardPass(reference, tokens: chunk, threads: threads)
    var second = try ForwardPass(candidate, tokens: chunk, threads: threads)
    var index = 0
    repeat {
      differences.states[index].hiddenState.merge(ErrorMetrics(first.hidden, second.hidden))
      for layer in 0..<first.hyperparameters.layerCount {
        index += 1
        try Self.step(&first, &second, layer, &differences.states[index])
        progress(1)
      }
      differences.states[index + 1].hiddenState.merge(
        ErrorMetrics(try first.normalizedHidden(), try second.normalizedHidden()))
      index += 2
    } while try first.advanceToDecoder() && second.advanceToDecoder()
    if output != .logits {
      differences.predictions.add(reference: try first.textVector(), candidate: try second.textVector())
      return
    }
    let vocabularySize = first.hyperparameters.vocabularySize
    let size = max(1, Self.logitCountAtATime / max(1, vocabularySize))
    for start in stride(from: compared.lowerBound, to: compared.upperBound, by: size) {
      let positions = start..<min(compared.upperBound, start + size)
      try differences.predictions.add(
        reference: first.logits(positions: positions), candidate: second.logits(positions: positions), at: positions,
        targets: first.targets, firstScoredPosition: firstScoredPosition, threads: threads)
    }
  }

  private static func step(
    _ first: inout ForwardPass, _ second: inout ForwardPass, _ layer: Int, _ comparison: inout HiddenStateComparison
  ) throws {
    var expected: [ForwardPass.Sublayer: Matrix] = [:]
    try first.step(layer: layer) { stage, matrix in expected[stage] = matrix }
    var added = comparison.added
    try second.step(layer: layer) { stage, matrix in
      guard let wanted = expected[stage] else { return }
      added[stage, default: ErrorMetrics()].merge(ErrorMetrics(wanted, matrix))
    }
    comparison.added = added
    comparison.hiddenState.merge(ErrorMetrics(first.hidden, second.hidden))
  }
}

extension ErrorMetrics {
  /// Compares two matrices of one shape.
  init(_ reference: Matrix, _ candidate: Matrix) {
    self.init(reference: reference.values.span, candidate: candidate.values.span)
  }
}
