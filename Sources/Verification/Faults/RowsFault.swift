import Architectures
import Bytes
import Models

/// Some rows of a matrix are lost, shifted, or swapped, as heads may be.
struct RowsFault: KnownFault {
  let id = FaultID.rows
  let summary = "rows of a matrix are zeros, shifted by a few rows, or swapped, as heads may be"
  let detection = FaultDetection.wholeTensor

  func hypotheses(about tensor: SuspectTensor) throws -> [FaultHypothesis] {
    guard tensor.isMatrix, tensor.shape[0] > 1 else { return [] }
    let search = MisplacedRowSearch(tensor)
    let wrong = try search.wrongRows(), slot = tensor.slot, rowCount = search.rowCount
    guard let first = wrong.first, let last = wrong.last else { return [] }
    let span = wrong.count == 1 ? "row \(first.grouped)" : "rows \(first.grouped) to \(last.grouped)"
    let share = "\(wrong.count.grouped) of \(counted(rowCount, "row")), \(span)"
    if let offset = try search.offset(wrong) {
      return [
        FaultHypothesis(
          self, slot, "has its rows shifted by \(offset.grouped): row \(offset.grouped) contains row 0",
          correction: RelocatedRows { (slot, ($0 + offset) % rowCount) })
      ]
    }
    if let moved = try search.moved(wrong) {
      return [
        FaultHypothesis(
          self, slot, "has swapped rows: \(share)", correction: RelocatedRows { (slot, moved[$0] ?? $0) })
      ]
    }
    guard wrong.count <= rowCount / 2 else { return [] }
    let words = try search.areZeros(wrong) ? "has rows of zeros" : "has other rows than the reference"
    return [FaultHypothesis(self, slot, "\(words): \(share)", correction: ReferenceTensor())]
  }
}

extension FaultID {
  public static let rows = Self("rows")
}

/// Searches a matrix of the candidate for the rows of the reference.
private struct MisplacedRowSearch {
  let reference: ModelWeights, candidate: ModelWeights
  let slot: TensorSlot
  let rowCount: Int, width: Int

  /// The error from which a row is wrong, as a share of its energy; no storage format costs that.
  private static let wrongError = 0.5
  /// Wrong rows that are each looked for among the others.
  private static let searchCount = 1024
  /// Rows that are read at a time.
  private static let slabRowCount = 64
  /// Rows by which a matrix may be shifted.
  private static let greatestOffset = 64

  init(_ tensor: SuspectTensor) {
    reference = tensor.reference
    candidate = tensor.candidate
    slot = tensor.slot
    rowCount = tensor.shape[0]
    width = tensor.shape[1]
  }

  /// The rows that are not the reference's, in order.
  func wrongRows() throws -> [Int] {
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
      try reference.readRows(slot, rows: rows, into: &wanted)
      try candidate.readRows(slot, rows: rows, into: &found)
      guard wanted.count >= rows.count * width, found.count >= rows.count * width else { return }
      try body(rows, wanted.span, found.span)
    }
  }

  private func row(_ row: Int, of weights: ModelWeights) throws -> [Float] {
    var values: [Float] = []
    try weights.readRows(slot, rows: row..<row + 1, into: &values)
    return Array(values.prefix(width))
  }

  private func agree(_ wanted: [Float], _ found: [Float]) -> Bool {
    ErrorMetrics(reference: wanted.span, candidate: found.span).normalizedMeanSquareError < Self.wrongError / 2
  }

  /// The row that contains each of the wrong rows, if all of them are among the wrong rows.
  func moved(_ wrong: [Int]) throws -> [Int: Int]? {
    guard (2...Self.searchCount).contains(wrong.count) else { return nil }
    let found = try wrong.map { try row($0, of: candidate) }
    var sources: [Int: Int] = [:]
    for target in wrong {
      let wanted = try row(target, of: reference)
      guard let index = found.indices.first(where: { agree(wanted, found[$0]) }) else { return nil }
      sources[target] = wrong[index]
    }
    return Set(sources.values).count == wrong.count ? sources : nil
  }

  /// The number of rows by which all of them are shifted, cyclically.
  func offset(_ wrong: [Int]) throws -> Int? {
    guard wrong.count > rowCount / 2 else { return nil }
    let middle = wrong[wrong.count / 2], wanted = try row(middle, of: reference)
    // One row first, then ever more in both directions.
    for offset in (1..<min(rowCount, Self.greatestOffset)).flatMap({ [$0, rowCount - $0] }) {
      guard try agree(wanted, row((middle + offset) % rowCount, of: candidate)) else { continue }
      let others = [wrong[0], wrong[wrong.count / 3], wrong[wrong.count - 1]]
      let fit = try others.count {
        try agree(row($0, of: reference), row(($0 + offset) % rowCount, of: candidate))
      }
      // A shift without wrapping loses the row at the end.
      if fit >= 2 { return offset }
    }
    return nil
  }

  func areZeros(_ rows: [Int]) throws -> Bool {
    for index in rows.prefix(Self.searchCount) where try row(index, of: candidate).contains(where: { $0 != 0 }) {
      return false
    }
    return true
  }
}
