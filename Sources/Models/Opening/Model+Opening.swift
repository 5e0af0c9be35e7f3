import Architectures
import Bytes
import Tensors

extension Model {
  /// Opens a model folder, a shard, an index or a file, and reads the tensor data that its interpretation depends on.
  ///
  /// `ModelOpening` has the two steps apart.
  ///
  /// - Parameters:
  ///   - library: the definitions to choose from.
  ///   - architecture: the definition to use, ignoring what the files say (`--arch-as`).
  ///   - adapters: folders of LoRA adapters that are added to the weights, in order.
  ///   - appliedTransforms: whether values are read to detect the transforms of the tensors, and what is stated of them.
  /// - Throws: when the files cannot be read or no definition fits. Tensors that do not fit are `problems`.
  public static func open(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil, adapters: [String] = [],
    appliedTransforms: TransformDetection = .namesOnly
  ) throws -> Model {
    try open(
      InputLocation(path), library: library, architecture: architecture,
      adapters: adapters.map { path throws(FileError) in try InputLocation(path) },
      appliedTransforms: appliedTransforms)
  }

  /// Opens the model at `location`, as `open` does with a path.
  public static func open(
    _ location: InputLocation, library: ArchitectureLibrary, architecture: String? = nil,
    adapters: [InputLocation] = [], appliedTransforms: TransformDetection = .namesOnly,
    predictionLayers: PredictionLayers = .keep
  ) throws -> Model {
    let opening = try ModelOpening(
      location, library: library, architecture: architecture, adapters: adapters, predictionLayers: predictionLayers)
    return try opening.model(opening.gatherEvidence(appliedTransforms))
  }
}
