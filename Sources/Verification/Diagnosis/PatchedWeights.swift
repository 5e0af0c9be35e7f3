import Architectures
import Bytes
import Models

/// The reference's weights with the suspect tensors of a candidate in their places, corrected or as they are.
///
/// All else is the reference's, so that the error of a run is that of the suspects: what quantization costs elsewhere
/// would drown a norm that is off by two percent.
struct PatchedWeights: WeightSource {
  let reference: ModelWeights
  let candidate: ModelWeights
  var hyperparameters: Hyperparameters
  var corrections: [TensorSlot: Correction] = [:]

  init(_ candidate: ModelWeights, reference: ModelWeights) {
    self.candidate = candidate
    self.reference = reference
    hyperparameters = reference.hyperparameters
  }

  func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    switch corrections[TensorSlot(role, layer: layer, instance: instance)] {
    case nil, .replacing: reference.contains(role, layer: layer, instance: instance)
    default: candidate.contains(role, layer: layer, instance: instance)
    }
  }

  func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    let place = TensorSlot(role, layer: layer, instance: instance)
    switch corrections[place] {
    case .keeping: try candidate.readRows(place, rows: rows, into: &values)
    case nil, .replacing: try reference.readRows(place, rows: rows, into: &values)
    case .taking(let other): try candidate.readRows(other, rows: rows, into: &values)
    case .adding(let offset):
      try candidate.readRows(place, rows: rows, into: &values)
      for index in values.indices { values[index] += offset }
    case .scaling(let factor, let offset):
      try candidate.readRows(place, rows: rows, into: &values)
      for index in values.indices {
        values[index] = (values[index] + offset) * factor - offset
      }
    case .transposing(let rowCount, let columnCount, let order):
      try readTransposed(
        rows, of: place, rowCount: rowCount, columnCount: columnCount, order, into: &values)
    case .permuting, .unpermuting, .rearranging, .moving: try readMoved(rows, of: place, into: &values)
    }
  }

  /// Reads rows of a matrix whose file holds its columns, a slab of the candidate's rows at a time.
  ///
  /// Element (a, b) of `rowCount × columnCount` stands at b · rowCount + a in such a file, so in a row and a column that
  /// follow from the width of the rows under which it is read. Where the file has its rows in another `order`, row a is
  /// row `order(a)` of what was transposed.
  private func readTransposed(
    _ wanted: Range<Int>, of place: TensorSlot, rowCount: Int, columnCount: Int, _ order: RowOrder,
    into values: inout [Float]
  ) throws {
    if values.count < wanted.count * columnCount {
      values = [Float](repeating: 0, count: wanted.count * columnCount)
    }
    var slab: [Float] = []
    for start in stride(from: 0, to: rowCount, by: 64) {
      let rows = start..<min(rowCount, start + 64)
      try candidate.readRows(place, rows: rows, into: &slab)
      guard slab.count >= rows.count * columnCount else { return }
      for row in rows {
        let first = order.storedRow(ofCanonical: row, rowCount: rowCount) * columnCount
        for target in wanted {
          let stored = order.storedRow(ofCanonical: target, rowCount: rowCount)
          var column = first > stored ? (first - stored + rowCount - 1) / rowCount : 0
          while column < columnCount, column * rowCount + stored < first + columnCount {
            values[(target - wanted.lowerBound) * columnCount + column] =
              slab[(row - start) * columnCount + column * rowCount + stored - first]
            column += 1
          }
        }
      }
    }
  }

  /// Reads rows that stand elsewhere; the elements of a vector are its rows.
  private func readMoved(_ rows: Range<Int>, of place: TensorSlot, into values: inout [Float]) throws {
    guard let correction = corrections[place], let shape = reference.shape(of: place) else { return }
    let isVector = shape.count == 1
    let rowCount = shape[0], width = isVector ? 1 : shape[1]
    let wanted = isVector ? 0..<rowCount : rows
    if values.count < wanted.count * width { values = [Float](repeating: 0, count: wanted.count * width) }
    var read: [Float] = []
    for target in wanted {
      let source = correction.source(ofRow: target, rowCount: rowCount, at: place)
      try candidate.readRows(source.place, rows: isVector ? 0..<1 : source.row..<source.row + 1, into: &read)
      let start = isVector ? source.row : 0
      guard read.count >= start + width else { return }
      for column in 0..<width { values[(target - wanted.lowerBound) * width + column] = read[start + column] }
    }
  }
}

extension WeightSource {
  /// Reads rows of the tensor at `place`.
  func readRows(_ place: TensorSlot, rows: Range<Int>, into values: inout [Float]) throws {
    try readRows(place.role, layer: place.layer, instance: place.instance, rows: rows, into: &values)
  }
}

extension ModelWeights {
  /// The canonical extents of the tensor at `place`, as the model's numbers give them.
  func shape(of place: TensorSlot) -> [Int]? {
    guard let rule = model.definition.rule(place.role) else { return nil }
    let dimensions = rule.shape.compactMap { $0.integer(model.parameters) }
    return dimensions.count == rule.shape.count && (1...2).contains(dimensions.count)
      && dimensions.allSatisfy { $0 > 0 }
      ? dimensions : nil
  }
}
