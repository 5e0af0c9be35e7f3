import Architectures
import Bytes
import Formats
import Tensors

extension Checkpoint {
  /// Reads what the files at `location` state about the model of this checkpoint.
  func facts(at location: InputLocation) throws -> any ModelFacts {
    let folder = try? ModelFolder(location)
    if let ggufMetadata { return GGUFFacts(path: location.path, folder: folder, metadata: ggufMetadata) }
    if let legacyGGMLHeader { return try LegacyGGMLFacts(self, legacyGGMLHeader, folder) }
    let pooling = try folder?.poolingMode()
    if isOfMLC, let content = try folder?.jsonWithRemarks(MLCFacts.fileName) {
      return try MLCFacts(self, folder, content)
    }
    if let config = try folder?.jsonWithRemarks("config.json") {
      return HuggingFaceFacts(
        checkpoint: self, folder: folder,
        config: Configuration(
          config.value, poolingMode: pooling, generation: try? folder?.jsonWithRemarks("generation_config.json")?.value),
        fileRemarks: config.remarks, quantization: try folder?.quantization())
    }
    if let megatronArguments { return MegatronFacts(self, folder, megatronArguments) }
    if let params = try folder?.jsonWithRemarks("params.json") {
      return MetaFacts(folder: folder, params: params.value, fileRemarks: params.remarks)
    }
    return BareFacts(folder: folder, quantization: try folder?.quantization())
  }
}
