import Architectures
import Bytes
import Models

/// A conversion before its source is opened: how the source is read, and the request.
public struct RequestedConversion: Sendable {
  /// Whether a source without an architecture definition is opened by its tensors' names alone; `unused` opens every GGUF so.
  public enum Definition: Sendable { case required, optional, unused }

  /// The path of the source.
  public var source: String
  /// The architecture definitions to choose from.
  public var library: ArchitectureLibrary
  /// The definition to use, ignoring what the files say.
  public var architecture: String?
  /// Folders of LoRA adapters that are merged, in order.
  public var adapters: [String] = []
  /// The file that the source is encrypted with; nil if it is not.
  public var xorKey: String?
  /// The model that the source, a weight delta, is added to; nil if it is a model itself.
  public var deltaBase: String?
  /// Models that are merged with the source; nil to convert the source alone.
  public var merge: Merge?
  /// Tensors of another model that the output gets; nil for none.
  public var graft: Graft?
  /// What the base has in rows of an extended vocabulary.
  public var newRows = DeltaNewRows.zero
  /// Whether values are read to detect applied transforms, and those that are given.
  public var appliedTransforms = TransformDetection.namesOnly
  /// Whether the source needs a definition; adapters always do.
  public var definition = Definition.required
  /// Whether layers that predict more tokens belong to the source.
  public var predictionLayers = PredictionLayers.keep
  /// The request.
  public var request: ConversionRequest

  /// A request to convert the model at `source`.
  public init(_ source: String, library: ArchitectureLibrary, request: ConversionRequest) {
    self.source = source
    self.library = library
    self.request = request
  }

  /// Opens the source.
  ///
  /// - Throws: as `Model.open`.
  public func open() throws -> Model {
    let location = try xorKey.map { try DecryptedInput.open(source, key: $0) } ?? InputLocation(source)
    if graft != nil {
      return try Model.openForGraft(
        location, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    }
    if let deltaBase { return try openDelta(location, base: deltaBase) }
    if let merge { return try open(merge, location) }
    if definition == .unused { return try Model.openWithoutDefinition(location) }
    if definition == .optional, adapters.isEmpty, request.resolvedTarget != .gguf {
      return try Model.openAsStored(location, library: library, appliedTransforms: appliedTransforms)
    }
    if definition == .optional, adapters.isEmpty {
      return try Model.openByName(
        location, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    }
    return try Model.open(
      location, library: library, architecture: architecture, adapters: try adapterLocations,
      appliedTransforms: appliedTransforms, predictionLayers: predictionLayers)
  }

  /// Whether the source cannot be opened again by its path alone.
  public var isDerived: Bool {
    xorKey != nil || deltaBase != nil || merge != nil || graft != nil || predictionLayers == .omit
  }

  private var adapterLocations: [InputLocation] {
    get throws { try adapters.map { path throws(FileError) in try InputLocation(path) } }
  }

  /// Opens a weight delta and its base.
  ///
  /// The values of a delta show nothing about transforms, so its names declare them.
  private func openDelta(_ location: InputLocation, base: String) throws -> Model {
    let transforms = TransformDetection(.namesOnly, explicit: appliedTransforms.explicit)
    let delta = try Model.open(
      location, library: library, architecture: architecture, adapters: try adapterLocations,
      appliedTransforms: transforms)
    let original = try Model.open(base, library: library, appliedTransforms: TransformDetection(appliedTransforms.mode))
    return try delta.adding(base: original, newRows: newRows)
  }

  /// Opens the models of a merge.
  private func open(_ merge: Merge, _ location: InputLocation) throws -> Model {
    let first = try Model.open(
      location, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    let others = try zip(merge.others, merge.otherWeights).map { path, weight in
      Model.Weighted(
        try Model.open(path, library: library, architecture: architecture, appliedTransforms: appliedTransforms),
        weight: weight)
    }
    return try first.merging(others, ownWeight: merge.weight)
  }

  /// Opens the model whose tensors are grafted.
  private func open(_ graft: Graft) throws -> Model {
    try Model.openForGraft(
      InputLocation(graft.source), library: library, architecture: architecture, appliedTransforms: appliedTransforms)
  }

  /// Opens the source and plans the conversion.
  ///
  /// - Throws: as `open` and `Planner.plan`.
  public func plan(threads: Int = Parallel.coreCount) throws -> ConversionPlan {
    guard let graft else { return try Planner.plan(open(), request, threads: threads) }
    return try Planner.plan(open(), grafting: graft, from: open(graft), request)
  }

  /// Returns the same conversion of another source to another destination.
  ///
  /// The container that the name of the destination decided is kept.
  public func redirected(from source: String, to destination: String) -> RequestedConversion {
    var redirected = self
    redirected.source = source
    redirected.request.target = request.resolvedTarget
    redirected.request.destination = destination
    return redirected
  }
}
