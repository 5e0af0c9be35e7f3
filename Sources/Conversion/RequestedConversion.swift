import Architectures
import Bytes
import Models

/// A conversion before its source is opened: how the source is read, and the request.
public struct RequestedConversion: Sendable {
  /// Whether a source without an architecture definition is opened by its tensors' names alone.
  public enum Definition: Sendable { case required, optional }

  /// The path of the source.
  public var source: String
  /// The architecture definitions to choose from.
  public var library: ArchitectureLibrary
  /// The definition to use, ignoring what the files say.
  public var architecture: String?
  /// Folders of LoRA adapters that are merged, in order.
  public var adapters: [String] = []
  /// Whether values are read to detect applied transforms, and those that are given.
  public var appliedTransforms = TransformDetection.namesOnly
  /// Whether the source needs a definition; adapters always do.
  public var definition = Definition.required
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
    if definition == .optional, adapters.isEmpty, request.resolvedTarget != .gguf {
      return try Model.openAsStored(source, library: library, appliedTransforms: appliedTransforms)
    }
    if definition == .optional, adapters.isEmpty {
      return try Model.openByName(
        source, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
    }
    return try Model.open(
      source, library: library, architecture: architecture, adapters: adapters, appliedTransforms: appliedTransforms)
  }

  /// Opens the source and plans the conversion.
  ///
  /// - Throws: as `open` and `Planner.plan`.
  public func plan(threads: Int = Parallel.coreCount) throws -> ConversionPlan {
    try Planner.plan(open(), request, threads: threads)
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
