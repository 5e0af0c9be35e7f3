/// How an architecture computes: the member `forward_pass` of its definition. Without members it is LLaMA's way.
///
/// Only what neither the numbers of a model nor the presence of its tensors tells stands here. A bias is added, a norm
/// applied, a gate used and an expert asked where their tensors are.
public struct ForwardPassFeatures: Sendable, Hashable {
  /// The kind of all norms.
  public enum Norm: String, Sendable, CaseIterable {
    /// `x / √(mean of squares + epsilon) × weights`
    case rms
    /// `(x - mean) / √(variance + epsilon) × weights + bias`
    case layer
  }

  /// How a layer joins attention and the feed-forward network to the residual stream.
  public enum ResidualLayout: String, Sendable, CaseIterable {
    /// `x + attention(norm x)`, then `x + network(norm x)`.
    case sequential
    /// `x + attention(norm x) + network(norm x)`, both of the same `x`.
    case parallel
    /// `norm(x + attention(x))`, then `norm(x + network(x))`: the original Transformer and BERT.
    case postNorm = "post_norm"
  }

  /// The nonlinearity of the feed-forward network.
  public enum Activation: String, Sendable, CaseIterable {
    case silu, gelu, relu
    /// GELU by the approximation with tanh.
    case geluTanh = "gelu_tanh"
    /// The square of ReLU.
    case reluSquared = "relu_squared"
  }

  /// How attention learns of positions; a position embedding is added wherever its tensor is.
  public enum Positions: String, Sendable, CaseIterable {
    case rotary, none
    /// A slope per head times the key's position, added to the scaled scores.
    case alibi
    /// The same rounded to bfloat16 and added before the scale, as Falcon does.
    case alibiBeforeScale = "alibi_before_scale"
    /// T5's learned bias by bucket of distance; scores are not scaled, unless a number says otherwise.
    case relative
  }

  /// Which elements of a head turn together.
  public enum RotaryPairs: String, Sendable, CaseIterable {
    /// `k` and `k + half`
    case halfSplit = "half_split"
    /// `2k` and `2k + 1`
    case interleaved
  }

  /// Over what the norms of queries and keys run, if the model has them.
  public enum QueryKeyNorm: String, Sendable, CaseIterable {
    /// Each head on its own, all with the same weights.
    case head
    /// Each head on its own, with weights of its own.
    case eachHead = "each_head"
    /// All heads of a position together.
    case allHeads = "all_heads"
  }

  /// What a query sees; in a decoder behind an encoder always positions up to its own.
  public enum Mask: String, Sendable, CaseIterable {
    /// Positions up to its own.
    case causal
    /// All positions.
    case none
  }

  /// What comes out behind the last layer.
  public enum Output: String, Sendable, CaseIterable {
    /// A score for every token.
    case logits
    /// One vector for the text.
    case embedding
  }

  /// The kind of all norms.
  public var norm = Norm.rms
  /// Whether norms multiply by 1 + weights (Gemma).
  public var addsOneToNorms = false
  /// How a layer is put together.
  public var blocks = ResidualLayout.sequential
  /// The nonlinearity, unless a parameter `activation` says otherwise.
  public var activation = Activation.silu
  /// How attention learns of positions, unless a parameter `uses_alibi` says otherwise.
  public var positions = Positions.rotary
  /// Which elements turn together.
  public var rotaryPairs = RotaryPairs.halfSplit
  /// Over what the norms of queries and keys run.
  public var queryKeyNorm = QueryKeyNorm.head
  /// What a query sees.
  public var mask = Mask.causal
  /// What comes out.
  public var output = Output.logits
  /// Whether token embeddings are multiplied by the root of their length (Gemma).
  public var scalesEmbeddings = false

  /// LLaMA's way.
  public init() {}
}
