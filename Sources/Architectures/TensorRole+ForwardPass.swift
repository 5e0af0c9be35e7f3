/// The roles as the forward pass asks for them; shapes are `[out, in]`, and a bias has the length `[out]`.
///
/// In an encoder–decoder, roles of the decoder have the prefix `decoder_`; see `LayerStack`.
extension TensorRole {
  // Before the layers

  /// `[vocabulary, embedding]`
  public static let tokenEmbedding: TensorRole = "token_embedding"
  /// `[embedding, token embedding]`: makes hidden states of token embeddings of another length
  public static let embeddingProjection: TensorRole = "embedding_projection"
  /// `[position, embedding]`: added to the token embeddings
  public static let positionEmbedding: TensorRole = "position_embedding"
  /// `[padding token + 1, embedding]`: the last row is added to the embedding of padding (RoBERTa)
  public static let unusedPositionEmbedding: TensorRole = "unused_position_embedding"
  /// `[type, embedding]`: the first row is added to the token embeddings
  public static let tokenTypeEmbedding: TensorRole = "token_type_embedding"
  /// `[embedding]`: normalizes the sum of the embeddings
  public static let tokenEmbeddingNorm: TensorRole = "token_embedding_norm"

  // Attention

  /// `[embedding]`: pre-norm of attention, and in parallel layers of the FFN too unless it has its own
  public static let attentionNorm: TensorRole = "attention_norm"
  /// `[embedding]`: pre-norm of attention instead of `attention_norm` (Falcon)
  public static let attentionNorm2: TensorRole = "attention_norm_2"
  /// `[heads × head dimension, embedding]`
  public static let attentionQuery: TensorRole = "attention_query"
  /// `[key-value heads × head dimension, embedding]`
  public static let attentionKey: TensorRole = "attention_key"
  /// `[key-value heads × head dimension, embedding]`
  public static let attentionValue: TensorRole = "attention_value"
  /// `[head dimension]` for every head alike, `[heads, head dimension]`, or a part of `[head dimension]` for each head
  public static let attentionQueryNorm: TensorRole = "attention_query_norm"
  /// The same for key-value heads
  public static let attentionKeyNorm: TensorRole = "attention_key_norm"
  /// `[embedding, heads × head dimension]`
  public static let attentionOutput: TensorRole = "attention_output"
  /// `[heads × head dimension, embedding]`: the sigmoid of its product multiplies what the heads give (Qwen3-Next, AFM-MoE)
  public static let attentionGate: TensorRole = "attention_gate"
  /// `[embedding]`: norm of the attention output before the residual sum (Gemma 2, OLMo 2); after the sum in post-norm layers
  public static let attentionPostNorm: TensorRole = "attention_post_norm"

  /// `[heads]`: a logit that takes a share of each softmax and contributes no value (gpt-oss)
  public static let attentionSinks: TensorRole = "attention_sinks"

  /// `[bucket, heads]`: T5's biases by distance; layers without one use that of the previous layer
  public static let relativeAttentionBias: TensorRole = "relative_attention_bias"

  // Cross-attention of a decoder

  /// `[embedding]`
  public static let crossAttentionNorm: TensorRole = "cross_attention_norm"
  /// `[heads × head dimension, embedding]`
  public static let crossAttentionQuery: TensorRole = "cross_attention_query"
  /// `[key-value heads × head dimension, embedding]`: applied to the encoder output
  public static let crossAttentionKey: TensorRole = "cross_attention_key"
  /// `[key-value heads × head dimension, embedding]`: applied to the encoder output
  public static let crossAttentionValue: TensorRole = "cross_attention_value"
  /// `[embedding, heads × head dimension]`
  public static let crossAttentionOutput: TensorRole = "cross_attention_output"
  /// `[embedding]`: like `attention_post_norm`
  public static let crossAttentionPostNorm: TensorRole = "cross_attention_post_norm"

  // DeepSeek's attention

  /// `[query rank, embedding]`
  public static let attentionQueryA: TensorRole = "attention_query_a"
  /// `[query rank]`
  public static let attentionQueryANorm: TensorRole = "attention_query_a_norm"
  /// `[heads × (unrotated + rotated), query rank]`
  public static let attentionQueryB: TensorRole = "attention_query_b"
  /// `[key-value rank + rotated, embedding]`
  public static let attentionKeyValueA: TensorRole = "attention_key_value_a"
  /// `[key-value rank]`
  public static let attentionKeyValueANorm: TensorRole = "attention_key_value_a_norm"
  /// `[heads × unrotated, key-value rank]`
  public static let attentionKeyB: TensorRole = "attention_key_b"
  /// `[heads × value dimension, key-value rank]`
  public static let attentionValueB: TensorRole = "attention_value_b"

  // A gated delta net

  /// `[key heads × key dimension, embedding]`
  public static let recurrentQuery: TensorRole = "recurrent_query"
  /// `[key heads × key dimension, embedding]`
  public static let recurrentKey: TensorRole = "recurrent_key"
  /// `[value heads × value dimension, embedding]`
  public static let recurrentValue: TensorRole = "recurrent_value"
  /// `[key heads × key dimension, positions]`: the convolution over the queries of some positions
  public static let recurrentQueryConvolution: TensorRole = "recurrent_query_convolution"
  /// `[key heads × key dimension, positions]`
  public static let recurrentKeyConvolution: TensorRole = "recurrent_key_convolution"
  /// `[value heads × value dimension, positions]`
  public static let recurrentValueConvolution: TensorRole = "recurrent_value_convolution"
  /// `[value heads × value dimension, embedding]`: what gates the output ("z")
  public static let recurrentGate: TensorRole = "recurrent_gate"
  /// `[value heads, embedding]`: how much of the state is replaced ("b", beta)
  public static let recurrentUpdate: TensorRole = "recurrent_update"
  /// `[value heads, embedding]`, with a bias ("dt_bias"): how long a step is ("a", alpha)
  public static let recurrentDecay: TensorRole = "recurrent_decay"
  /// `[value heads]`: the logarithm of the decay of a step of length 1 ("A_log")
  public static let recurrentDecayRate: TensorRole = "recurrent_decay_rate"
  /// `[value dimension]`: of every head, without an offset of its weights
  public static let recurrentNorm: TensorRole = "recurrent_norm"
  /// `[embedding, value heads × value dimension]`
  public static let recurrentOutput: TensorRole = "recurrent_output"

  /// All that a gated delta net needs.
  public static let recurrent: [TensorRole] = [
    .recurrentQuery, .recurrentKey, .recurrentValue, .recurrentQueryConvolution, .recurrentKeyConvolution,
    .recurrentValueConvolution, .recurrentGate, .recurrentUpdate, .recurrentDecay, recurrentDecay.bias,
    .recurrentDecayRate, .recurrentNorm, .recurrentOutput,
  ]

  // The feed-forward network

  /// `[embedding]`
  public static let feedForwardNorm: TensorRole = "feed_forward_norm"
  /// `[feed-forward, embedding]`
  public static let feedForwardGate: TensorRole = "feed_forward_gate"
  /// `[feed-forward, embedding]`
  public static let feedForwardUp: TensorRole = "feed_forward_up"
  /// `[embedding, feed-forward]`
  public static let feedForwardDown: TensorRole = "feed_forward_down"
  /// `[embedding]`: like `attention_post_norm`
  public static let feedForwardPostNorm: TensorRole = "feed_forward_post_norm"

  // A mixture of experts; an instance of the role for each expert

  /// `[experts, embedding]`
  public static let router: TensorRole = "router"
  /// `[experts]`: added to the router's probabilities for the choice of experts alone (DeepSeek-V3)
  public static let expertSelectionBias: TensorRole = "expert_selection_bias"
  /// `[expert feed-forward, embedding]`
  public static let expertGate: TensorRole = "expert_gate"
  /// `[expert feed-forward, embedding]`
  public static let expertUp: TensorRole = "expert_up"
  /// `[embedding, expert feed-forward]`
  public static let expertDown: TensorRole = "expert_down"
  /// `[embedding]`: added once to the weighted sum of the experts (Nomic Embed v2)
  public static let mixtureBias: TensorRole = "mixture_bias"
  /// `[1, embedding]`: how much of the shared expert is taken
  public static let sharedExpertRouter: TensorRole = "shared_expert_router"
  /// `[shared feed-forward, embedding]`
  public static let sharedExpertGate: TensorRole = "shared_expert_gate"
  /// `[shared feed-forward, embedding]`
  public static let sharedExpertUp: TensorRole = "shared_expert_up"
  /// `[embedding, shared feed-forward]`
  public static let sharedExpertDown: TensorRole = "shared_expert_down"

  // After the layers

  /// `[embedding]`
  public static let outputNorm: TensorRole = "output_norm"
  /// `[vocabulary, embedding]`; absent when tied
  public static let output: TensorRole = "output"

  /// `[token embedding, embedding]`: after the last norm, before the output matrix
  public static let outputProjection: TensorRole = "output_projection"

  // A classifier head, after pooling

  /// `[embedding, embedding]`
  public static let classifierDense: TensorRole = "classifier_dense"
  /// `[embedding]`: after the activation
  public static let classifierNorm: TensorRole = "classifier_norm"
  /// `[label, embedding]`
  public static let classifierOutput: TensorRole = "classifier_output"

  /// The role of the bias that goes with this one.
  public var bias: TensorRole { TensorRole(rawValue: rawValue + "_bias") }
}
