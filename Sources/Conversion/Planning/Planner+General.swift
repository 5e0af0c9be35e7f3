import Bytes
import Models
import Tensors

extension Planner {
  /// The `general.*` pairs: what the model is called, who made it, from what.
  mutating func generalMetadata(_ tensors: [PlannedTensor]) throws -> [(key: String, value: MetadataValue)] {
    let general = try general(tensors)
    remarks += general.remarks.map(PlanMessage.note)
    return general.pairs
  }

  /// The facts about a model in a folder.
  func general(_ tensors: [PlannedTensor]) throws -> GeneralMetadata {
    var sources = GeneralMetadata.Sources(
      folderName: folderName, parameterCount: tensors.reduce(0) { $0 + $1.shape.elementCount },
      sizeLabel: expertSizeLabel(tensors), modelName: request.modelName)
    if let folder = model.folder {
      sources.config = model.configuration?.json
      // The reference takes a file that it cannot read for one that is not there.
      sources.generationConfig = try? folder.json("generation_config.json")
      if let card = try folder.bytes("README.md") { sources.card = ModelCard(readme: card) }
    }
    return GeneralMetadata(sources)
  }

  /// The label of a mixture of experts, whose stacked tensors the reference knows by their names; nil for another model.
  ///
  /// Experts count with the average of their tensors' parameters (llama.cpp 0c1e57098, `get_total_parameter_count`).
  private func expertSizeLabel(_ tensors: [PlannedTensor]) -> String? {
    let stacks = tensors.filter { $0.name.text.contains("_exps.") && $0.shape.rank > 2 }
    guard let count = stacks.first?.shape.dimensions[0], count > 0 else { return nil }
    let all = tensors.reduce(0) { $0 + $1.shape.elementCount }
    let stacked = stacks.reduce(0) { $0 + $1.shape.elementCount }
    return SizeLabel.text(
      sharedParameterCount: all - stacked, expertParameterCount: stacked / count, expertCount: count)
  }

  /// The last component of the model's path as the user gave it; for a file on its own, that of its folder.
  private var folderName: String {
    Path.name(of: model.folder?.path ?? Path.folder(of: model.checkpoint.path))
  }
}
