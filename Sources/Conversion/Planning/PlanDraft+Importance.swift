import Bytes
import Formats
import Models
import Quantization
import Tensors

extension PlanDraft {
  /// Gives each tensor that is encoded its entry of the importance matrix, and reports tensors without one.
  ///
  /// Before a size target has chosen, only the matrices that it measures get theirs.
  mutating func weighColumns(_ rules: FormatRules) {
    let isMeasuring = tensors.contains(where: \.isUndecided)
    var missing: [TensorName] = []
    var partial: [TensorName] = []
    var zeros: [TensorName] = []
    for index in tensors.indices {
      let tensor = tensors[index]
      guard isMeasuring ? tensor.isUndecided : tensor.readFormat != tensor.format && tensor.repacked == nil
      else { continue }
      let kind = Recipe.Kind(tensor.name)
      let entry = request.importance?.entry(originalNames[tensor.name] ?? tensor.name)
      let expected = tensor.shape.columnCountOfAllExperts
      if let matrix = request.importance, let entry, entry.valueCount == expected {
        guard isMeasuring || Codec.weighsImportance(tensor.format) else { continue }
        if !isMeasuring, entry.isEmpty, rules.requiresImportance(tensor.format, for: kind) {
          noteMissing(tensor, hasEmptyEntry: true)
        } else if entry.hasOnlyZeros {
          zeros.append(tensor.name)
        } else {
          tensors[index].importance = TensorImportance(matrix: matrix, entry: entry)
          if !entry.unusedExperts.isEmpty || !entry.zeroExperts.isEmpty { partial.append(tensor.name) }
        }
      } else if let matrix = request.importance, let entry, kind != .tokenEmbedding {
        problems.append(
          ConversionError.importanceSize(
            tensor.name, found: entry.valueCount, expected: expected, matrix: matrix.path))
      } else if isMeasuring {
        continue
      } else if rules.requiresImportance(tensor.format, for: kind) {
        noteMissing(tensor, hasEmptyEntry: false)
      } else if request.importance != nil, tensor.name.isOfGGUFLayer, Codec.weighsImportance(tensor.format) {
        missing.append(tensor.name)
      }
    }
    if !isMeasuring { noteGaps(missing: missing, zeros: zeros, partial: partial) }
  }

  /// Formats of so few bits lose most of a matrix without an importance matrix.
  private mutating func noteMissing(_ tensor: DraftTensor, hasEmptyEntry: Bool) {
    let gap: ConversionError.ImportanceGap =
      request.importance == nil ? .noMatrix : hasEmptyEntry ? .emptyEntry : .noEntry
    let error = ConversionError.needsImportance(tensor.name, tensor.format, gap)
    switch request.missingImatrix {
    case .warn: messages.append(.warning(error.description))
    case .fail: problems.append(error)
    }
  }

  private mutating func noteGaps(missing: [TensorName], zeros: [TensorName], partial: [TensorName]) {
    guard let matrix = request.importance else { return }
    func note(_ names: [TensorName], _ words: (String) -> String) {
      guard let first = names.first else { return }
      let tensors =
        names.count == 1 ? first.text.quoted : "\(counted(names.count, "tensor")) (first: \(first.text.quoted))"
      messages.append(.warning(words(tensors)))
    }
    note(missing) { "no imatrix entry for \($0); all columns are weighted equally" }
    note(zeros) { "imatrix entry has only zeros and counts as none for \($0); all columns are weighted equally" }
    note(partial) { "imatrix: some experts were never used, so their columns are weighted equally, in \($0)" }
    let names = Set(tensors.map { originalNames[$0.name] ?? $0.name })
    note(matrix.entries.map(\.name).filter { !names.contains($0) }) {
      "imatrix entries without a tensor in this model: \($0)"
    }
  }
}
