import Architectures
import Bytes
import Formats
import Inference

/// The differences of two models on some chunks: of hidden states, point by point, and of predictions.
struct ChunkDifferences: Sendable {
  /// The embedding, every layer and the final norm.
  var states: [HiddenStateComparison]
  var predictions: PredictionCollector

  /// Nothing compared yet.
  init(_ hyperparameters: Hyperparameters) {
    states = HiddenStateComparison.all(hyperparameters)
    predictions = PredictionCollector(
      output: hyperparameters.features.output, vocabularySize: hyperparameters.vocabularySize)
  }

  /// Adds the differences on the next chunks of the same text.
  mutating func add(_ next: ChunkDifferences) {
    for index in states.indices { states[index].merge(next.states[index]) }
    predictions.add(next.predictions)
  }
}

// As bytes: for each point of the pass the errors of the hidden state and of each sublayer, then the predictions. Doubles have
// their bits, so that parts of a text add up to the figures of one run.

extension ChunkDifferences {
  func append(to bytes: inout [UInt8]) {
    for state in states {
      state.hiddenState.append(to: &bytes)
      for sublayer in ForwardPass.Sublayer.allCases {
        bytes.append(state.added[sublayer] == nil ? 0 : 1)
        state.added[sublayer]?.append(to: &bytes)
      }
    }
    predictions.append(to: &bytes)
  }

  /// Reads differences of models that have as many points as `empty`.
  init(_ empty: ChunkDifferences, from cursor: inout ByteCursor) throws(ByteCursor.Failure) {
    self = empty
    for index in states.indices {
      states[index].hiddenState = try ErrorMetrics(from: &cursor)
      for sublayer in ForwardPass.Sublayer.allCases where try cursor.read(UInt8.self) != 0 {
        states[index].added[sublayer] = try ErrorMetrics(from: &cursor)
      }
    }
    try predictions.read(from: &cursor)
  }

  /// Whether they can be those of a chunk with so many compared positions, when they were read from a file that is not
  /// trusted.
  func isPlausible(positionCount: Int) -> Bool {
    states.allSatisfy { $0.hiddenState.isPlausible && $0.added.values.allSatisfy(\.isPlausible) }
      && predictions.isPlausible(positionCount: positionCount)
  }
}

extension PredictionCollector {
  fileprivate func append(to bytes: inout [UInt8]) {
    logits.append(to: &bytes)
    for number in [textCount, hasSameVectors ? 1 : 0, nonfiniteElementCount, rows.count] {
      bytes.appendLittleEndian(Int64(number))
    }
    for row in rows { row.append(to: &bytes) }
  }

  fileprivate mutating func read(from cursor: inout ByteCursor) throws(ByteCursor.Failure) {
    let logits = try ErrorMetrics(from: &cursor), numbers = try cursor.readArray(of: Int64.self, count: 4)
    let count = Int(clamping: numbers[3])
    guard count >= 0, count <= cursor.remaining else {
      throw .endOfData(offset: cursor.offset, needed: count, remaining: cursor.remaining)
    }
    var rows: [LogitRowComparison] = []
    for _ in 0..<count { rows.append(try LogitRowComparison(from: &cursor)) }
    restore(
      logits: logits, rows: rows, textCount: Int(clamping: numbers[0]), hasSameVectors: numbers[1] == 1,
      nonfiniteElementCount: Int(clamping: numbers[2]))
  }

  fileprivate func isPlausible(positionCount: Int) -> Bool {
    let counts = output == .logits ? (rows: positionCount, texts: 0) : (rows: 0, texts: 1)
    return (rows.count, textCount) == counts && logits.isPlausible
      && (0...logits.elementCount).contains(nonfiniteElementCount)
      && rows.allSatisfy { $0.isPlausible(vocabularySize: vocabularySize) }
  }
}

extension [UInt8] {
  /// Appends the bits of a double.
  mutating func append(bitsOf value: Double) { appendLittleEndian(value.bitPattern) }

  /// Appends 1 and the bits of a double, or 0 for nil.
  mutating func append(bitsOf value: Double?) {
    append(value == nil ? 0 : 1)
    if let value { append(bitsOf: value) }
  }
}

extension ByteCursor {
  /// Reads the bits of a double.
  mutating func readDouble() throws(Failure) -> Double { Double(bitPattern: try read(UInt64.self)) }

  /// Reads a double that may be nil.
  mutating func readOptionalDouble() throws(Failure) -> Double? { try read(UInt8.self) == 0 ? nil : try readDouble() }
}
