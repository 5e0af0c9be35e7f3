import Bytes
import Tensors

/// Chooses tensors by patterns of their names in the model that has them, or in the output.
enum GraftSelection {
  /// Returns the indices of the tensors that match, in their order.
  ///
  /// - Throws: `GraftError` if a pattern matches nothing, is ambiguous, or matches a part of what makes one tensor.
  static func indices(of tensors: [DraftTensor], matching patterns: [Glob]) throws(GraftError) -> [Int] {
    var chosen: Set<Int> = [], matched: Set<TensorName> = []
    for pattern in patterns {
      let byOutput = Set(tensors.indices.filter { pattern.matches(tensors[$0].name.text) })
      var bySource: Set<Int> = []
      for (index, tensor) in tensors.enumerated() {
        let names = tensor.sourceNames.filter { pattern.matches($0.text) }
        guard !names.isEmpty else { continue }
        bySource.insert(index)
        matched.formUnion(names)
      }
      if !byOutput.isEmpty, !bySource.isEmpty, byOutput != bySource {
        let one = bySource.subtracting(byOutput).min() ?? bySource.min() ?? 0
        let two = byOutput.subtracting(bySource).min() ?? byOutput.min() ?? 0
        throw .ambiguous(pattern: pattern.text, bySource: tensors[one].sourceNames[0], byOutput: tensors[two].name)
      }
      guard !byOutput.isEmpty || !bySource.isEmpty else {
        let known = tensors.flatMap { $0.sourceNames + [$0.name] }.map(\.text)
        throw .matchesNothing(pattern: pattern.text, nearest: pattern.text.nearest(among: known))
      }
      for index in byOutput { matched.formUnion(tensors[index].sourceNames) }
      chosen.formUnion(byOutput.union(bySource))
    }
    for index in chosen.sorted() {
      let names = tensors[index].sourceNames
      guard let missing = names.first(where: { !matched.contains($0) }) else { continue }
      throw .partOfTensor(
        tensors[index].name, matched: names.count(where: matched.contains), sourceCount: names.count, missing: missing)
    }
    return chosen.sorted()
  }
}

extension DraftTensor {
  /// The names of the tensors that it is made of; none of one that follows from the hyperparameters.
  fileprivate var sourceNames: [TensorName] { sources.map(\.descriptor.name) }
}
