import Tensors

extension Checkpoint {
  /// The key-value pairs of a GGUF; nil for another container, whose metadata is free text.
  public var ggufMetadata: Metadata? { container == .gguf ? metadata : nil }
}
