import Bytes
import Formats
import Models
import Quantization
import Tensors

extension Planner {
  /// Gives each tensor that is encoded anew its entry of the importance matrix, and says what lacks one.
  ///
  /// - Parameter originalNames: what pruning called otherwise; the matrix was measured before.
  mutating func applyImportance(
    to tensors: inout [PlannedTensor], _ recipe: Recipe, _ originalNames: [TensorName: TensorName]
  ) {
    var missing: [TensorName] = []
    var partial: [TensorName] = []
    for index in tensors.indices {
      let tensor = tensors[index]
      // What a size target is still to decide on is measured with importance.
      let isUndecided = tensor.rule == FormatAllocation.undecidedRule
      guard isUndecided || tensor.readFormat != tensor.format else { continue }
      let isTable = Recipe.Kind(tensor.name) == .tokenEmbedding
      let entry = request.importance?.entry(originalNames[tensor.name] ?? tensor.name)
      let expected = tensor.shape.columnCountOfAllExperts
      if let matrix = request.importance, let entry, entry.valueCount == expected {
        guard isUndecided || Codec.weighsImportance(tensor.format) else { continue }
        tensors[index].importance = TensorImportance(matrix: matrix, entry: entry)
        if !entry.unusedExperts.isEmpty { partial.append(tensor.name) }
      } else if let matrix = request.importance, let entry, !isTable {
        problems.append(
          ConversionError.importanceSize(
            tensor.name, found: entry.valueCount, expected: expected, matrix: matrix.path))
      } else if recipe.requiresImportance(tensor.format, for: Recipe.Kind(tensor.name)) {
        noteMissing(tensor)
      } else if request.importance != nil, tensor.name.isOfGGUFLayer, Codec.weighsImportance(tensor.format) {
        missing.append(tensor.name)
      }
    }
    noteGaps(missing: missing, partial: partial, Set(tensors.map { originalNames[$0.name] ?? $0.name }))
  }

  /// A format of so few bits is garbage without importance.
  private mutating func noteMissing(_ tensor: PlannedTensor) {
    let error = ConversionError.needsImportance(tensor.name, tensor.format, hasMatrix: request.importance != nil)
    if request.allowsMissingImportance {
      remarks.append(.warning(error.description))
    } else {
      problems.append(error)
    }
  }

  private mutating func noteGaps(missing: [TensorName], partial: [TensorName], _ names: Set<TensorName>) {
    guard let matrix = request.importance else { return }
    func note(_ names: [TensorName], _ words: String) {
      guard let first = names.first else { return }
      let others = names.count == 1 ? "" : "\(counted(names.count, "tensor")), first "
      remarks.append(.warning("importance matrix: \(words): \(others)\(first.text.quoted)"))
    }
    note(missing, "has no entry, so all columns count the same, for")
    note(partial, "some experts were never used, so all their columns count the same, in")
    note(matrix.entries.map(\.name).filter { !names.contains($0) }, "is of no use to this model for")
  }
}
