import Bytes
import Formats
import Inference
import Models
import Synchronization
import Tensors

/// Sums the squared input activations of matrices.
///
/// Sums are float64, in the order of the text, and rounded once at the end, so they do not depend on threads.
final class ImportanceCollector: Sendable {
  private struct Sums {
    var squares: [Double]
    var counts: [Int]
    let columns: ImatrixColumns.Columns
  }

  private let columns: ImatrixColumns
  private let sums = Mutex<[TensorName: Sums]>([:])

  /// Prepares to collect for the matrices of `model`.
  init(_ model: Model) { columns = ImatrixColumns(model) }

  /// Adds the rows of `input`, the input activations of the matrix in `slot`.
  ///
  /// Matrices outside layers are left out except for the output, as in llama-imatrix.
  func add(_ input: Matrix, _ slot: TensorSlot) throws(NonfiniteActivation) {
    guard slot.layer != nil || slot.role == .output, let columns = columns[slot] else { return }
    // The matrix product itself refuses other widths.
    guard input.columnCount == columns.count else { return }
    let start = columns.expert * columns.count
    try sums.withLock { sums throws(NonfiniteActivation) in
      var entry =
        sums.removeValue(forKey: columns.name)
        ?? Sums(
          squares: [Double](repeating: 0, count: columns.count * columns.expertCount),
          counts: [Int](repeating: 0, count: columns.expertCount), columns: columns)
      entry.counts[columns.expert] += input.rowCount
      Self.add(input, to: &entry.squares, from: start)
      let range = start..<start + columns.count
      guard let bad = range.first(where: { !Float(entry.squares[$0]).isFinite }) else {
        return sums[columns.name] = entry
      }
      throw NonfiniteActivation(name: columns.name, column: bad - start)
    }
  }

  private static func add(_ input: Matrix, to squares: inout [Double], from start: Int) {
    let values = input.values.span, width = input.columnCount
    var sums = squares.mutableSpan
    for row in 0..<input.rowCount {
      for column in 0..<width {
        let value = Double(values[row * width + column])
        sums[start + column] += value * value
      }
    }
  }

  /// The sums so far.
  var entries: [ImportanceMatrixBuilder.Entry] {
    sums.withLock { sums in
      sums.map { name, entry in
        let columns = entry.columns, width = columns.count
        let squares = (0..<columns.expertCount).flatMap { expert in
          columns.ordered(entry.squares[expert * width..<(expert + 1) * width].map { Float($0) })
        }
        return ImportanceMatrixBuilder.Entry(
          name: name, sums: Array(repeatElement(squares, count: columns.repetitionCount).joined()), counts: entry.counts
        )
      }
    }
  }
}

/// An input activation is NaN or infinite, or the sum of its squares overflows float32.
struct NonfiniteActivation: IngotError {
  let name: TensorName
  let column: Int
  var category: ErrorCategory { .input }
  var description: String {
    "tensor \(name.text.quoted): input activation of column \(column.grouped) is not finite, or its square overflows float32"
  }
}
