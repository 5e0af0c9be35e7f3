/// The features of an architecture's forward pass: the member `forward_pass` of its definition. The defaults are LLaMA's.
///
/// Only features that neither the hyperparameters nor the presence of tensors determine. A bias is added, a norm
/// applied, a gate used and an expert asked where their tensors are.
public struct ForwardPassFeatures: Sendable, Hashable {
  /// The kind of all norms.
  public enum Norm: String, Sendable, CaseIterable {
    /// `x / √(mean of squares + epsilon) × weights`
    case rms
    /// `(x - mean) / √(variance + epsilon) × weights + bias`
    case layer
  }

  /// The residual connections of attention and the feed-forward network.
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
    case silu, gelu, relu, tanh
    /// GELU by the approximation with tanh.
    case geluTanh = "gelu_tanh"
    /// The square of ReLU.
    case reluSquared = "relu_squared"
    /// A clamped SiLU gate, whose factor is the clamped other half plus 1 (gpt-oss).
    case clampedSwiGLU = "clamped_swiglu"
  }

  /// The position encoding of attention; a position embedding is added if its tensor exists.
  public enum Positions: String, Sendable, CaseIterable {
    case rotary, none
    /// A slope per head times the key's position, added to the scaled scores.
    case alibi
    /// The same rounded to bfloat16 and added before the scale, as Falcon does.
    case alibiBeforeScale = "alibi_before_scale"
    /// T5's learned bias by bucket of distance; scores are not scaled, unless a hyperparameter sets a scale.
    case relative
  }

  /// The elements of a head that RoPE rotates as a pair.
  public enum RotaryPairs: String, Sendable, CaseIterable {
    /// `k` and `k + half`
    case halfSplit = "half_split"
    /// `2k` and `2k + 1`
    case interleaved
  }

  /// The groups that QK-norms normalize, if the model has them.
  public enum QueryKeyNorm: String, Sendable, CaseIterable {
    /// Each head on its own, all with the same weights.
    case head
    /// Each head on its own, with weights of its own.
    case eachHead = "each_head"
    /// All heads of a position together.
    case allHeads = "all_heads"
  }

  /// The attention mask; the decoder of an encoder–decoder is always causal.
  public enum Mask: String, Sendable, CaseIterable {
    /// Positions up to its own.
    case causal
    /// All positions.
    case none
  }

  /// The output after the last layer.
  public enum Output: String, Sendable, CaseIterable {
    /// A score for every token.
    case logits
    /// One vector for the text.
    case embedding
    /// A score of the text for every label of a classifier head.
    case scores
  }

  /// The kind of all norms.
  public var norm = Norm.rms
  /// The constant that is added to norm weights: 1 for Gemma and Nemotron, else 0.
  public var normWeightOffset = 0
  /// The residual layout of a layer.
  public var residual = ResidualLayout.sequential
  /// The activation, unless a hyperparameter `activation` overrides it.
  public var activation = Activation.silu
  /// The position encoding, unless a hyperparameter `uses_alibi` overrides it.
  public var positions = Positions.rotary
  /// The pairs of RoPE.
  public var rotaryPairs = RotaryPairs.halfSplit
  /// The groups of QK-norms.
  public var queryKeyNorm = QueryKeyNorm.head
  /// Whether QK-norms come after RoPE instead of before it (Hunyuan).
  public var normalizesRotated = false
  /// The attention mask.
  public var mask = Mask.causal
  /// The output.
  public var output = Output.logits
  /// The activation between the two matrices of a classifier head, unless a hyperparameter `classifier_activation`
  /// overrides it.
  public var classifierActivation = Activation.tanh
  /// Whether token embeddings are multiplied by the root of their length (Gemma).
  public var scalesEmbeddings = false
  /// Whether each head of values is normalized, without weights (Gemma 4).
  public var normalizesValues = false

  /// Creates the features of LLaMA.
  public init() {}
}
