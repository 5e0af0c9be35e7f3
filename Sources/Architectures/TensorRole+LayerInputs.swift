/// The roles of inputs for single layers, and of norms and scales of Gemma 4.
extension TensorRole {
  /// `[vocabulary, layers × layer input]`
  public static let layerTokenEmbedding: TensorRole = "layer_token_embedding"
  /// `[layers × layer input, embedding]`: applied to the token embeddings
  public static let layerInputProjection: TensorRole = "layer_input_projection"
  /// `[layer input]`: norm of what `layer_input_projection` gives for each layer
  public static let layerInputNorm: TensorRole = "layer_input_norm"
  /// `[layer input, embedding]`
  public static let layerInputGate: TensorRole = "layer_input_gate"
  /// `[embedding, layer input]`
  public static let layerInputOutput: TensorRole = "layer_input_output"
  /// `[embedding]`
  public static let layerInputPostNorm: TensorRole = "layer_input_post_norm"
  /// `[1]`: multiplies the hidden state at the end of a layer
  public static let layerScale: TensorRole = "layer_scale"

  // A mixture of experts with a feed-forward network next to it

  /// `[embedding]`: norm of the network's output, before the sum
  public static let feedForwardBranchNorm: TensorRole = "feed_forward_branch_norm"
  /// `[embedding]`: pre-norm of the experts
  public static let expertNorm: TensorRole = "expert_norm"
  /// `[embedding]`: norm of the mixture's output, before the sum
  public static let expertBranchNorm: TensorRole = "expert_branch_norm"
  /// `[embedding]`: multiplies the normalized input of the router
  public static let routerScale: TensorRole = "router_scale"
  /// `[experts]`: multiplies the weights of the chosen experts
  public static let expertScale: TensorRole = "expert_scale"
}
