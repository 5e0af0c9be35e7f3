import Architectures
import Bytes
import Models

/// Looks for the rows of a matrix that are not in their places: lost, moved by a few places, or exchanged as heads are.
struct MisplacedRowSearch {
  let reference: ModelWeights, candidate: ModelWeights
  let place: TensorSlot
  let rowCount: Int, width: Int

  /// Rows that are wrong by more than half of what they hold; no storage format costs that.
  private static let wrongError = 0.5
  /// Wrong rows that are each looked for among the others.
  private static let searchCount = 1024
  /// Rows that are read at a time.
  private static let slabRowCount = 64

  /// What the rows tell; nil if they are wrong in no way that is known.
  func suspicion() throws -> FaultHypothesis? {
    let wrong = try wrongRows()
    guard let first = wrong.first, let last = wrong.last else { return nil }
    let span = wrong.count == 1 ? "row \(first.grouped)" : "rows \(first.grouped) to \(last.grouped)"
    if let offset = try offset(wrong) {
      return FaultHypothesis(
        place: place, cause: .rows,
        words: "has its rows moved by \(offset.grouped): row \(offset.grouped) is what row 0 should be",
        correction: .moving(
          Dictionary(uniqueKeysWithValues: (0..<rowCount).map { ($0, ($0 + offset) % rowCount) })))
    }
    if let moved = try moved(wrong) {
      return FaultHypothesis(
        place: place, cause: .rows,
        words: "has rows in each other's place: \(counted(wrong.count, "row")) of \(rowCount.grouped), \(span)",
        correction: .moving(moved))
    }
    guard wrong.count <= rowCount / 2 else { return nil }
    let words = try areZeros(wrong) ? "has lost rows, which are zeros" : "has other rows than the reference"
    return FaultHypothesis(
      place: place, cause: .rows,
      words: "\(words): \(wrong.count.grouped) of \(counted(rowCount, "row")), \(span)", correction: .replacing)
  }

  /// The rows that are not the reference's, in order.
  private func wrongRows() throws -> [Int] {
    var wrong: [Int] = []
    try forEachSlab { rows, wanted, found in
      for row in rows {
        let range = (row - rows.lowerBound) * width..<(row - rows.lowerBound + 1) * width
        let errors = ErrorMetrics(reference: wanted.extracting(range), candidate: found.extracting(range))
        if errors.normalizedMeanSquareError > Self.wrongError { wrong.append(row) }
      }
    }
    return wrong
  }

  private func forEachSlab(_ body: (Range<Int>, Span<Float>, Span<Float>) throws -> Void) throws {
    var wanted: [Float] = [], found: [Float] = []
    for start in stride(from: 0, to: rowCount, by: Self.slabRowCount) {
      let rows = start..<min(rowCount, start + Self.slabRowCount)
      try reference.readRows(place, rows: rows, into: &wanted)
      try candidate.readRows(place, rows: rows, into: &found)
      guard wanted.count >= rows.count * width, found.count >= rows.count * width else { return }
      try body(rows, wanted.span, found.span)
    }
  }

  private func row(_ row: Int, of weights: ModelWeights) throws -> [Float] {
    var values: [Float] = []
    try weights.readRows(place, rows: row..<row + 1, into: &values)
    return Array(values.prefix(width))
  }

  private func error(_ wanted: [Float], _ found: [Float]) -> Double {
    ErrorMetrics(reference: wanted.span, candidate: found.span).normalizedMeanSquareError
  }

  /// Where each of the wrong rows stands, if all of them stand in the places of others.
  private func moved(_ wrong: [Int]) throws -> [Int: Int]? {
    guard (2...Self.searchCount).contains(wrong.count) else { return nil }
    let found = try wrong.map { try row($0, of: candidate) }
    var sources: [Int: Int] = [:]
    for target in wrong {
      let wanted = try row(target, of: reference)
      guard let index = found.indices.first(where: { error(wanted, found[$0]) < Self.wrongError / 2 }) else {
        return nil
      }
      sources[target] = wrong[index]
    }
    return Set(sources.values).count == wrong.count ? sources : nil
  }

  /// By how many rows all of them are moved, cyclically.
  private func offset(_ wrong: [Int]) throws -> Int? {
    guard wrong.count > rowCount / 2 else { return nil }
    let wanted = try row(wrong[wrong.count / 2], of: reference)
    // One row first, then ever more in both directions.
    for offset in (1..<min(rowCount, 64)).flatMap({ [$0, rowCount - $0] }) {
      let source = (wrong[wrong.count / 2] + offset) % rowCount
      guard try error(wanted, row(source, of: candidate)) < Self.wrongError / 2 else { continue }
      let others = [wrong[0], wrong[wrong.count / 3], wrong[wrong.count - 1]]
      let fit = try others.count {
        try error(row($0, of: reference), row(($0 + offset) % rowCount, of: candidate)) < Self.wrongError / 2
      }
      // The row at the end may have fallen off.
      if fit >= 2 { return offset }
    }
    return nil
  }

  private func areZeros(_ rows: [Int]) throws -> Bool {
    for index in rows.prefix(Self.searchCount) where try row(index, of: candidate).contains(where: { $0 != 0 }) {
      return false
    }
    return true
  }
}
