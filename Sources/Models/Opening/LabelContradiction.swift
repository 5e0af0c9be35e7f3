import Architectures
import Bytes
import Tensors

/// A classifier head whose rows are not the labels that the configuration names.
public struct LabelContradiction: IngotError {
  /// The matrix that scores the labels.
  let tensor: TensorName
  let rowCount: Int
  /// The labels that are named; nil if none are, which transformers takes for two.
  let labelCount: Int?
  /// Where they are named: `id2label in config.json`.
  let place: String

  public var category: ErrorCategory { .input }
  public var description: String {
    let named = labelCount.map { "names \(counted($0, "label"))" } ?? "is absent, which means 2 labels"
    return "tensor \(tensor.text.quoted): has \(counted(rowCount, "row")), but \(place) \(named); "
      + "each row scores a label"
  }
}

extension TensorMapping {
  /// The classifier head, if the configuration names another number of labels than it has rows.
  func labelContradiction(
    _ facts: any ModelFacts, _ definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet
  ) -> LabelContradiction? {
    guard let head = locations[TensorSlot(.classifierOutput)].map({ tensors[$0.tensorIndex].descriptor }),
      let rule = definition.hyperparameter("output_labels"), let key = rule.configKeys.first
    else { return nil }
    let labels = hyperparameters.list("output_labels")
    // A GGUF without names has as many labels as its head has rows.
    guard let count = labels?.count ?? (facts.configuration == nil ? nil : 2), count != head.shape.rowCount else {
      return nil
    }
    let stated = facts.configuration == nil ? facts.origin(of: rule, in: definition).map { "\($0)" } : nil
    return LabelContradiction(
      tensor: head.name, rowCount: head.shape.rowCount, labelCount: labels?.count,
      place: stated ?? "\(key) in config.json")
  }
}
