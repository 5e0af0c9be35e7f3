import Architectures
import Models

/// The corrected values of one tensor of a candidate.
protocol TensorCorrection: Sendable {
  /// Whether the values are the reference's, so that the candidate need not have the tensor.
  var isReference: Bool { get }
  /// Reads rows of the corrected tensor in `slot` as float32; a vector is one row.
  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]) throws
}

extension TensorCorrection {
  var isReference: Bool { false }
}

/// The candidate's tensor, not corrected.
struct CandidateTensor: TensorCorrection {
  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws { try models.candidate.readRows(slot, rows: rows, into: &values) }
}

/// The reference's tensor, for faults that the candidate's values cannot correct.
struct ReferenceTensor: TensorCorrection {
  var isReference: Bool { true }

  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws { try models.reference.readRows(slot, rows: rows, into: &values) }
}

/// The candidate's tensor in another slot.
struct OtherSlot: TensorCorrection {
  let slot: TensorSlot

  func readRows(
    _ rows: Range<Int>, of _: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws { try models.candidate.readRows(slot, rows: rows, into: &values) }
}

/// The candidate's tensor with every element changed.
struct ChangedElements: TensorCorrection {
  let change: @Sendable (Float) -> Float

  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws {
    try models.candidate.readRows(slot, rows: rows, into: &values)
    for index in values.indices { values[index] = change(values[index]) }
  }
}

/// The candidate's tensor in the canonical order, with values as they are stored: a change of values is not undone.
struct ValuesAsStored: TensorCorrection {
  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws { try models.candidate.readStoredValues(slot, rows: rows, into: &values) }
}

/// Columns of the candidate from other positions.
struct RelocatedColumns: TensorCorrection {
  /// The column that contains the values of a column of the corrected tensor.
  let source: @Sendable (Int) -> Int

  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws {
    guard let width = models.reference.shape(of: slot)?.last else { return }
    var read: [Float] = []
    try models.candidate.readRows(slot, rows: rows, into: &read)
    guard read.count >= rows.count * width else { return }
    if values.count < rows.count * width { values = [Float](repeating: 0, count: rows.count * width) }
    for row in 0..<rows.count {
      for column in 0..<width { values[row * width + column] = read[row * width + source(column)] }
    }
  }
}

/// Rows of the candidate from other positions; the elements of a vector are its rows.
struct RelocatedRows: TensorCorrection {
  /// The slot and the row that contain the values of a row of the corrected tensor.
  let source: @Sendable (Int) -> (slot: TensorSlot, row: Int)

  func readRows(
    _ rows: Range<Int>, of slot: TensorSlot, from models: PatchedWeights, into values: inout [Float]
  ) throws {
    guard let shape = models.reference.shape(of: slot) else { return }
    let isVector = shape.count == 1
    let width = isVector ? 1 : shape[1]
    let wanted = isVector ? 0..<shape[0] : rows
    if values.count < wanted.count * width { values = [Float](repeating: 0, count: wanted.count * width) }
    var read: [Float] = []
    for target in wanted {
      let (slot, row) = source(target)
      try models.candidate.readRows(slot, rows: isVector ? 0..<1 : row..<row + 1, into: &read)
      let start = isVector ? row : 0
      guard read.count >= start + width else { return }
      for column in 0..<width { values[(target - wanted.lowerBound) * width + column] = read[start + column] }
    }
  }
}
