/// What a tensor is for, in the words of the definitions: `attention_query`, `token_embedding`, …
public struct TensorRole: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The word.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public var description: String { rawValue }
}

/// The roles of the LLaMA family, as the forward pass asks for them; shapes are `[out, in]`.
extension TensorRole {
  /// `[vocabulary, embedding]`
  public static let tokenEmbedding: TensorRole = "token_embedding"
  /// `[embedding]`
  public static let attentionNorm: TensorRole = "attention_norm"
  /// `[heads × head dimension, embedding]`, and its bias
  public static let attentionQuery: TensorRole = "attention_query"
  public static let attentionQueryBias: TensorRole = "attention_query_bias"
  /// `[key-value heads × head dimension, embedding]`, and its bias
  public static let attentionKey: TensorRole = "attention_key"
  public static let attentionKeyBias: TensorRole = "attention_key_bias"
  /// `[key-value heads × head dimension, embedding]`, and its bias
  public static let attentionValue: TensorRole = "attention_value"
  public static let attentionValueBias: TensorRole = "attention_value_bias"
  /// `[embedding, heads × head dimension]`, and its bias
  public static let attentionOutput: TensorRole = "attention_output"
  public static let attentionOutputBias: TensorRole = "attention_output_bias"
  /// `[embedding]`
  public static let feedForwardNorm: TensorRole = "feed_forward_norm"
  /// `[feed-forward, embedding]`, and its bias
  public static let feedForwardGate: TensorRole = "feed_forward_gate"
  public static let feedForwardGateBias: TensorRole = "feed_forward_gate_bias"
  /// `[feed-forward, embedding]`, and its bias
  public static let feedForwardUp: TensorRole = "feed_forward_up"
  public static let feedForwardUpBias: TensorRole = "feed_forward_up_bias"
  /// `[embedding, feed-forward]`, and its bias
  public static let feedForwardDown: TensorRole = "feed_forward_down"
  public static let feedForwardDownBias: TensorRole = "feed_forward_down_bias"
  /// `[embedding]`
  public static let outputNorm: TensorRole = "output_norm"
  /// `[vocabulary, embedding]`; absent when tied
  public static let output: TensorRole = "output"
}
