/// A stack of layers of a model. Most models have one; an encoder–decoder has two.
public enum LayerStack: String, Sendable, Hashable {
  /// The layers of a model that has no other ones.
  case only = ""
  /// The layers that compute the encoder output.
  case encoder
  /// The layers that attend to their own tokens and to the encoder output.
  case decoder

  /// A name with the stack before it: `decoder layer`.
  public func naming(_ place: String) -> String { self == .only ? place : "\(rawValue) \(place)" }
}

extension Hyperparameters {
  /// The stacks of the model in the order of the pass.
  public var stacks: [LayerStack] { decoder == nil ? [.only] : [.encoder, .decoder] }

  /// The hyperparameters of one stack: its layers and its mask.
  public func of(_ stack: LayerStack) -> Hyperparameters {
    var numbers = self
    guard stack == .decoder, let decoder else { return numbers }
    numbers.layerCount = decoder.layerCount
    numbers.features.mask = .causal
    // Lists with an entry for each layer are those of the encoder.
    numbers.windowedLayers = nil
    numbers.rotatedLayers = nil
    return numbers
  }
}

extension TensorRole {
  private static let decoderPrefix = "decoder_"
  /// Tensors that both stacks share.
  private static let shared: Set<TensorRole> = [.tokenEmbedding, .output, TensorRole.output.bias]

  /// The role in `stack`: in a decoder after an encoder, with the prefix `decoder_`.
  public func of(_ stack: LayerStack) -> TensorRole {
    stack == .decoder && !Self.shared.contains(self) ? TensorRole(rawValue: Self.decoderPrefix + rawValue) : self
  }

  /// Whether the tensor belongs to one stack of the model, whose stacks are `stacks`.
  public func belongs(to stack: LayerStack) -> Bool {
    stack == .only || Self.shared.contains(self) || rawValue.hasPrefix(Self.decoderPrefix) == (stack == .decoder)
  }
}
