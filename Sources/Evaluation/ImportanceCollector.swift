import Bytes
import Formats
import Inference
import Models
import Synchronization
import Tensors

/// Sums the squared input activations of matrices.
///
/// Sums do not depend on threads, or on the order and the groups in which the text is measured.
final class ImportanceCollector: Sendable {
  private let columns: ImatrixColumns
  private let collected: Mutex<ImportanceSums>

  /// Prepares to collect for the matrices of `model`.
  init(_ model: Model) {
    columns = ImatrixColumns(model)
    collected = Mutex(ImportanceSums())
  }

  /// Adds the rows of `input`, the input activations of the matrix in `slot`.
  ///
  /// Matrices outside layers are left out except for the output, as in llama-imatrix.
  func add(_ input: Matrix, _ slot: TensorSlot) throws(UnusableActivations) {
    guard slot.layer != nil || slot.role == .output, let columns = columns[slot] else { return }
    // The matrix product itself refuses other widths.
    guard input.columnCount == columns.count else { return }
    try collected.withLock { sums throws(UnusableActivations) in try sums.add(input, columns) }
  }

  /// Runs a model over a chunk of tokens, and adds the input activations of its matrices.
  func add(_ chunk: [Int], _ weights: ModelWeights, includesOutput: Bool, threads: Int) throws {
    var pass = try ForwardPass(weights, tokens: chunk, threads: threads)
    pass.observeProduct = { try self.add($0, TensorSlot($1, layer: $2, instance: $3)) }
    try pass.run()
    if includesOutput { try add(pass.normalizedHidden(), TensorSlot(.output)) }
  }

  /// The sums so far.
  var sums: ImportanceSums { collected.withLock { $0 } }
}

/// Input activations of a tensor's matrix whose squares cannot be summed.
enum UnusableActivations: IngotError, Equatable {
  /// One is NaN or infinite, or the sum of the squares of its column overflows float32.
  case nonfinite(TensorName, column: Int)
  /// `OrderFreeSums.maximumCount` rows or more.
  case tooMany(TensorName)

  var category: ErrorCategory { .input }
  var description: String {
    switch self {
    case .nonfinite(let name, let column):
      "tensor \(name.text.quoted): input activation of column \(column.grouped) is not finite, or its square overflows float32"
    case .tooMany(let name):
      "tensor \(name.text.quoted): has \(OrderFreeSums.maximumCount.grouped) rows of input activations or more (measure on less text)"
    }
  }
}
