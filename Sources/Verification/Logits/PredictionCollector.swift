import Architectures
import Bytes
import Evaluation
import Inference
import Synchronization
import Tensors

/// Collects the differences of the predictions of two models, a few positions at a time.
struct PredictionCollector {
  /// The output of the forward pass.
  let output: ForwardPassFeatures.Output
  /// The number of tokens in the vocabulary.
  let vocabularySize: Int
  private(set) var logits = ErrorMetrics()
  /// One for each position, in order.
  private(set) var rows: [LogitRowComparison] = []
  /// The texts whose vectors were compared, for encoders.
  private(set) var textCount = 0
  /// Whether the vectors of encoders have the same bits for every text.
  private(set) var hasSameVectors = true
  /// Elements of encoders' vectors that are NaN or infinite in a model.
  private(set) var nonfiniteElementCount = 0

  init(output: ForwardPassFeatures.Output, vocabularySize: Int) {
    self.output = output
    self.vocabularySize = vocabularySize
  }

  /// Adds logits `[position, vocabulary]` of a chunk, each row compared by one thread.
  ///
  /// - Parameters:
  ///   - positions: the positions of the rows in the chunk.
  ///   - targets: the correct next token of each position of the chunk, where known.
  mutating func add(
    reference: Matrix, candidate: Matrix, at positions: Range<Int>, targets: ArraySlice<Int>,
    firstScoredPosition: Int, threads: Int
  ) throws {
    logits.merge(ErrorMetrics(reference, candidate))
    let compared = Mutex([LogitRowComparison?](repeating: nil, count: positions.count))
    let width = reference.columnCount
    try Parallel.forEach(positions.count, threads: threads) { index in
      let position = positions.lowerBound + index
      let isScored = position >= firstScoredPosition && position < targets.count
      let row = LogitRowComparison(
        reference: reference.values.span.extracting(index * width..<(index + 1) * width),
        candidate: candidate.values.span.extracting(index * width..<(index + 1) * width),
        target: isScored ? targets[targets.startIndex + position] : nil)
      compared.withLock { $0[index] = row }
    }
    rows += compared.withLock { $0.compactMap { $0 } }
  }

  /// Adds the differences on further positions or texts.
  mutating func add(_ next: PredictionCollector) {
    logits.merge(next.logits)
    rows += next.rows
    textCount += next.textCount
    hasSameVectors = hasSameVectors && next.hasSameVectors
    nonfiniteElementCount += next.nonfiniteElementCount
  }

  /// Takes over what an earlier run collected.
  mutating func restore(
    logits: ErrorMetrics, rows: [LogitRowComparison], textCount: Int, hasSameVectors: Bool, nonfiniteElementCount: Int
  ) {
    self.logits = logits
    self.rows = rows
    self.textCount = textCount
    self.hasSameVectors = hasSameVectors
    self.nonfiniteElementCount = nonfiniteElementCount
  }

  /// Adds the vectors of one text.
  mutating func add(reference: [Float], candidate: [Float]) {
    logits.merge(ErrorMetrics(reference: reference.span, candidate: candidate.span))
    textCount += 1
    nonfiniteElementCount += zip(reference, candidate).count { !($0.isFinite && $1.isFinite) }
    hasSameVectors = hasSameVectors && reference.map(\.bitPattern) == candidate.map(\.bitPattern)
  }
}
