import Architectures
import Bytes
import Formats
import Tensors

extension Checkpoint {
  /// Reads what the files at `location` state about the model of this checkpoint.
  func facts(at location: InputLocation) throws -> any ModelFacts {
    let folder = try? ModelFolder(location)
    if let ggufMetadata { return GGUFFacts(path: location.path, folder: folder, metadata: ggufMetadata) }
    let pooling = try folder?.poolingMode()
    let config = try folder?.json("config.json"), params = try folder?.json("params.json")
    if let config {
      return HuggingFaceFacts(checkpoint: self, folder: folder, config: Configuration(config, poolingMode: pooling))
    }
    if let params { return MetaFacts(folder: folder, params: params) }
    return BareFacts(folder: folder)
  }
}
