import Tensors

extension Checkpoint {
  /// The key-value pairs of a GGUF; nil for safetensors, whose metadata has only strings.
  public var ggufMetadata: Metadata? { container == .gguf ? metadata : nil }
}
