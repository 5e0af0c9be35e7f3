import Tensors

extension Checkpoint {
  /// The key-value pairs of a GGUF; nil for any other container.
  public var ggufMetadata: Metadata? { container == .gguf ? metadata : nil }

  /// The strings in the header of safetensors; nil for any other container.
  public var safeTensorsMetadata: Metadata? { container == .safeTensors ? metadata : nil }
}
