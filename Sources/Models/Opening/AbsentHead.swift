import Architectures
import Bytes
import Tensors

/// An output matrix that no file stores, although config.json does not tie it to the embedding.
///
/// transformers would initialize it at random. A model without one of its own has another class (`MistralModel`).
public struct AbsentHead: IngotError {
  /// Its name in the naming scheme of the model.
  let name: TensorName
  /// The embedding, to which other models tie it.
  let embedding: TensorName
  /// Whether config.json states that it is not tied; otherwise that is the default of its class.
  let isExplicit: Bool

  public var category: ErrorCategory { .input }
  public var description: String {
    "tensor \(name.text.quoted): is missing, and config.json does not tie it to \(embedding.text.quoted) (tie_word_embeddings is "
      + "\(isExplicit ? "false" : "absent, which means false")); restore the tensor, or set it to true if the model ties them"
  }
}

extension Configuration {
  /// Whether a class of config.json has an output matrix, or none is named.
  fileprivate var announcesHead: Bool {
    classes.isEmpty || classes.contains { !$0.hasSuffix("Model") || $0.hasSuffix("LMHeadModel") }
  }
}

extension TensorMapping {
  /// The output matrix, if config.json announces one of its own and the checkpoint has none.
  func absentHead(
    _ facts: any ModelFacts, _ definition: ArchitectureDefinition, _ scheme: NamingScheme,
    _ hyperparameters: HyperparameterSet
  ) -> AbsentHead? {
    guard let configuration = facts.configuration, configuration.announcesHead,
      hyperparameters.values["ties_embeddings"] != nil, !hyperparameters.flag("ties_embeddings"),
      let embedding = locations[TensorSlot(.tokenEmbedding)].map({ tensors[$0.tensorIndex].descriptor.name }),
      locations[TensorSlot(.output)] == nil,
      let rule = definition.storedRules(in: scheme).first(where: { $0.roles == [.output] }),
      let tie = definition.hyperparameter("ties_embeddings")
    else { return nil }
    return AbsentHead(
      name: rule.name(layer: nil), embedding: embedding,
      isExplicit: facts.origin(of: tie, in: definition) != nil)
  }
}
