import Bytes
import Models
import Tensors

extension Planner {
  /// The `general.*` pairs: what the model is called, who made it, from what.
  mutating func generalMetadata(_ tensors: [PlannedTensor]) throws -> [(key: String, value: MetadataValue)] {
    var sources = GeneralMetadata.Sources(
      folderName: folderName, parameterCount: tensors.reduce(0) { $0 + $1.shape.elementCount },
      modelName: request.modelName)
    if let folder = model.folder {
      sources.config = model.configuration?.json
      // The reference takes a file that it cannot read for one that is not there.
      sources.generationConfig = try? folder.json("generation_config.json")
      if let card = try folder.bytes("README.md") { sources.card = ModelCard(readme: card) }
    }
    let general = GeneralMetadata(sources)
    remarks += general.remarks.map(PlanRemark.note)
    return general.pairs
  }

  /// The last component of the model's path as the user gave it; for a file on its own, that of its folder.
  private var folderName: String {
    FileSystem.name(of: model.folder?.path ?? FileSystem.folder(of: model.checkpoint.path))
  }
}
