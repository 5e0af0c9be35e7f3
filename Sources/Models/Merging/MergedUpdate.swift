import Quantization
import Tensors

/// The same tensor of other models: `W[row] = w · W[row] + Σ wᵢ · Wᵢ[row]`, or `W[row] + Σ wᵢ · (Wᵢ[row] − W[row])`.
///
/// In float32, model by model in order; each product, difference and sum is rounded once.
struct MergedUpdate: RowUpdate {
  /// A tensor of another model in the canonical layout, and its weight.
  struct Part {
    let reader: RowReader
    let weight: Float
  }

  /// The weight of the tensor that is updated; nil for task vectors, which are added to it.
  let ownWeight: Float?
  let parts: [Part]

  var words: String { ownWeight == nil ? "plus task vectors" : "merged from \(parts.count + 1) models" }

  func add(
    to values: inout DecodedValues, rows: [UpdatedRow], columns: Range<Int>, stride: Int, of checkpoint: Checkpoint
  ) throws {
    var original: [Float] = []
    if let ownWeight {
      for row in rows { values.multiply(by: ownWeight, from: row.start, stride: stride, count: columns.count) }
    } else {
      original.reserveCapacity(rows.count * columns.count)
      for row in rows {
        for column in 0..<columns.count { original.append(values.floats[row.start + column * stride]) }
      }
    }
    var differences = [Float](repeating: 0, count: columns.count)
    for part in parts {
      try part.reader.read(rows, columns: columns) { index, other in
        guard ownWeight == nil else {
          return values.add(other, times: part.weight, from: rows[index].start, stride: stride)
        }
        for column in 0..<columns.count {
          differences[column] = other[column] - original[index * columns.count + column]
        }
        values.add(differences.span, times: part.weight, from: rows[index].start, stride: stride)
      }
    }
  }
}
