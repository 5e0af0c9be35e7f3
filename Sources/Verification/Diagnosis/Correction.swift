import Architectures
import Bytes
import Models

/// What would set one tensor of a candidate right, if a hypothesis about its fault holds.
enum Correction: Sendable, Hashable {
  /// The rotary permutation of this many heads is applied to the rows, which were taken back by one too many.
  case permuting(headCount: Int)
  /// The rotary permutation is taken back once more.
  case unpermuting(headCount: Int)
  /// This is added to every element.
  case adding(Float)
  /// Every element is multiplied by this.
  case scaling(Float)
  /// Rows become columns.
  case transposing(size: Int)
  /// The tensor in another place of the candidate is taken.
  case taking(TensorPlace)
  /// The tensor of the reference is taken: what no correction can better.
  case replacing

  /// Which row of the candidate stands for row `row` of `rowCount` rows.
  func row(_ row: Int, rowCount: Int) -> Int {
    switch self {
    case .permuting(let headCount):
      RowOrder.rotary(headCount: headCount).canonicalRow(ofStored: row, rowCount: rowCount)
    case .unpermuting(let headCount):
      RowOrder.rotary(headCount: headCount).storedRow(ofCanonical: row, rowCount: rowCount)
    default: row
    }
  }
}

/// A candidate's weights with corrections, and with numbers that may be those of the reference.
struct CorrectedWeights: WeightSource {
  let candidate: ModelWeights
  let reference: ModelWeights
  var hyperparameters: Hyperparameters
  var corrections: [TensorPlace: Correction] = [:]

  init(_ candidate: ModelWeights, reference: ModelWeights) {
    self.candidate = candidate
    self.reference = reference
    hyperparameters = candidate.hyperparameters
  }

  func contains(_ role: TensorRole, layer: Int?, part: Int?) -> Bool {
    switch corrections[TensorPlace(role, layer: layer, part: part)] {
    case .replacing: reference.contains(role, layer: layer, part: part)
    default: candidate.contains(role, layer: layer, part: part)
    }
  }

  func readRows(_ role: TensorRole, layer: Int?, part: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    let place = TensorPlace(role, layer: layer, part: part)
    switch corrections[place] {
    case nil: try candidate.readRows(place, rows: rows, into: &values)
    case .replacing: try reference.readRows(place, rows: rows, into: &values)
    case .taking(let other): try candidate.readRows(other, rows: rows, into: &values)
    case .adding(let offset):
      try candidate.readRows(place, rows: rows, into: &values)
      for index in values.indices { values[index] += offset }
    case .scaling(let factor):
      try candidate.readRows(place, rows: rows, into: &values)
      for index in values.indices { values[index] *= factor }
    case .transposing(let size): try readColumns(rows, of: place, size: size, into: &values)
    case .permuting(let headCount), .unpermuting(let headCount):
      try readMoved(rows, of: place, headCount: headCount, into: &values)
    }
  }

  /// Reads columns of a square matrix as rows, some of its rows at a time.
  private func readColumns(
    _ columns: Range<Int>, of place: TensorPlace, size: Int, into values: inout [Float]
  ) throws {
    if values.count < columns.count * size { values = [Float](repeating: 0, count: columns.count * size) }
    var slab: [Float] = []
    for start in stride(from: 0, to: size, by: 64) {
      let rows = start..<min(size, start + 64)
      try candidate.readRows(place, rows: rows, into: &slab)
      guard slab.count >= rows.count * size else { return }
      for row in rows {
        for column in columns {
          values[(column - columns.lowerBound) * size + row] = slab[(row - start) * size + column]
        }
      }
    }
  }

  /// Reads rows that stand elsewhere within their heads; the elements of a vector are its rows.
  private func readMoved(
    _ rows: Range<Int>, of place: TensorPlace, headCount: Int, into values: inout [Float]
  ) throws {
    guard let correction = corrections[place], let shape = reference.shape(of: place) else { return }
    let isVector = shape.count == 1
    let rowCount = shape[0], width = isVector ? 1 : shape[1]
    let wanted = isVector ? 0..<rowCount : rows
    if values.count < wanted.count * width { values = [Float](repeating: 0, count: wanted.count * width) }
    var whole: [Float] = []
    if isVector { try candidate.readRows(place, rows: 0..<1, into: &whole) }
    var row: [Float] = []
    for target in wanted {
      let source = correction.row(target, rowCount: rowCount)
      if isVector {
        values[target] = whole[source]
      } else {
        try candidate.readRows(place, rows: source..<source + 1, into: &row)
        for column in 0..<width { values[(target - wanted.lowerBound) * width + column] = row[column] }
      }
    }
  }
}

extension WeightSource {
  /// Reads rows of the tensor at `place`.
  func readRows(_ place: TensorPlace, rows: Range<Int>, into values: inout [Float]) throws {
    try readRows(place.role, layer: place.layer, part: place.part, rows: rows, into: &values)
  }
}

extension ModelWeights {
  /// The canonical extents of the tensor at `place`, as the model's numbers give them.
  func shape(of place: TensorPlace) -> [Int]? {
    guard let rule = model.definition.rule(place.role) else { return nil }
    let extents = rule.shape.compactMap { $0.integer(model.parameters) }
    return extents.count == rule.shape.count && (1...2).contains(extents.count) && extents.allSatisfy { $0 > 0 }
      ? extents : nil
  }
}
