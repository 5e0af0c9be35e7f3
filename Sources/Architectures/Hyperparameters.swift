/// The hyperparameters of a model, independent of its container.
public struct Hyperparameters: Sendable, Hashable {
  /// Layers.
  public var layerCount: Int
  /// The width of the residual stream ("hidden size").
  public var embeddingLength: Int
  /// The inner width of the feed-forward network ("intermediate size").
  public var feedForwardLength: Int
  /// Query heads.
  public var headCount: Int
  /// Key and value heads; `headCount` is a multiple of it.
  public var keyValueHeadCount: Int
  /// Elements of one head of queries and keys; not always `embeddingLength / headCount`.
  public var headDimension: Int
  /// Rows of the token embedding.
  public var vocabularySize: Int
  /// Positions the model was trained for.
  public var contextLength: Int
  /// The constant added to the mean square or the variance in norms.
  public var normEpsilon: Double
  /// The rotary position embedding; without meaning where the features have none.
  public var rotary: RotaryEmbedding
  /// Whether the output matrix is the token embedding.
  public var tiesEmbeddings: Bool
  /// Positions that a query attends to, itself included; without a mask, half of them on each side; nil for all.
  public var slidingWindow: Int?

  /// The row of the position embedding that the first position has; those before it are never used (OPT).
  public var positionOffset = 0
  /// The token that takes no position, but has a row of its own before the first one (RoBERTa's padding).
  public var paddingToken: Int?
  /// Elements of a token embedding, where a projection makes `embeddingLength` of them (OPT 350M).
  public var tokenEmbeddingLength: Int { ownTokenEmbeddingLength ?? embeddingLength }
  /// `tokenEmbeddingLength`, if it is not `embeddingLength`.
  public var ownTokenEmbeddingLength: Int?

  /// The features of the architecture's forward pass.
  public var features = ForwardPassFeatures()
  /// The layers with the sliding window; nil for all.
  public var windowedLayers: [Bool]?
  /// The layers that rotate queries and keys; nil for all.
  public var rotatedLayers: [Bool]?
  /// Whether layers without a sliding window use their keys, before the norm, as values (Gemma 4).
  public var usesKeysAsValues = false
  /// The rotary base of layers with a sliding window, which are not scaled; nil for that of all layers (Gemma 3).
  public var localRotaryBase: Double?
  /// Sizes that differ by layer.
  public var byLayer = LayerSizes()
  /// The rotated elements of a head in layers with a sliding window, if `localRotaryBase` is theirs; nil for those of all.
  public var localRotaryDimensionCount: Int?
  /// The last layers, by count, that use keys and values of an earlier layer in place of their own (Gemma 4); nil in
  /// architectures without such layers.
  public var sharedKeyValueLayerCount: Int?
  /// Elements of the input that each token has for each layer (Gemma 4); nil for none.
  public var layerInputLength: Int?
  /// The rows of the table of these inputs, if fewer than the vocabulary: further tokens have its first row.
  public var layerInputVocabularySize: Int?
  /// The residual streams of AltUp, if the model has several (Gemma 3n).
  public var altUp: AltUp?
  /// The rank of Laurel, the low-rank branch next to attention (Gemma 3n); nil for none.
  public var laurelRank: Int?
  /// For each layer, the standard deviations above the mean below which values of the feed-forward gate are dropped (Gemma
  /// 3n), `-infinity` for none; nil if no layer drops any.
  public var gateCutoffs: [Double]?
  /// Factors and limits on the way.
  public var scales = Scales()
  /// The mixture of experts, if the model has one.
  public var experts: Experts?
  /// The low-rank queries, keys and values of DeepSeek ("multi-head latent attention"), if the model has them.
  public var latentAttention: LatentAttention?
  /// The temperature of attention in long texts, if the model has one.
  public var queryTemperature: QueryTemperature?
  /// The layers that carry a state from position to position instead of attending, if the model has some.
  public var recurrence: Recurrence?
  /// Whether sublayer outputs are added to the normalized input instead of the residual stream (BLOOM).
  public var addsToNormed = false
  /// The pooling of the vectors of all positions.
  public var pooling = Pooling.none
  /// The pooling before a classifier head.
  public var classifierPooling = Pooling.first
  /// The scores of a classifier head; 0 without one.
  public var labelCount = 0
  /// The buckets of distances, where `features.positions` is `relative`.
  public var relativePositions: RelativePositions?
  /// The second stack of layers, of a model whose first one is an encoder.
  public var decoder: Decoder?

  public init(
    layerCount: Int, embeddingLength: Int, feedForwardLength: Int, headCount: Int, keyValueHeadCount: Int,
    headDimension: Int, vocabularySize: Int, contextLength: Int, normEpsilon: Double, rotary: RotaryEmbedding,
    tiesEmbeddings: Bool, slidingWindow: Int? = nil
  ) {
    self.layerCount = layerCount
    self.embeddingLength = embeddingLength
    self.feedForwardLength = feedForwardLength
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.normEpsilon = normEpsilon
    self.rotary = rotary
    self.tiesEmbeddings = tiesEmbeddings
    self.slidingWindow = slidingWindow
  }

  /// Factors and limits; nil for none.
  public struct Scales: Sendable, Hashable {
    /// Multiplies the scores of attention; nil for `1 / √headDimension`.
    public var attention: Double?
    /// Whether the attention scores of layer `n`, counted from 0, are also divided by `n + 1` (GPT-2).
    public var dividesAttentionByLayer = false
    /// Q, K and V are clamped to ± this, after QK-norm and before RoPE (OLMoE).
    public var projectionLimit: Double?
    /// Scores `x` of attention become `cap tanh(x / cap)`.
    public var attentionSoftcap: Double?
    /// ALiBi's slope of the last head is `2^-limit`.
    public var alibiLimit = 8.0
    /// Multiplies token embeddings.
    public var embedding: Double?
    /// Multiplies sublayer outputs before they are added to the residual stream.
    public var residual: Double?
    /// Multiplies logits.
    public var logit: Double?
    /// Divides logits.
    public var logitDivisor: Double?
    /// Logits `x` become `cap tanh(x / cap)`.
    public var logitSoftcap: Double?

    /// No factors.
    public init() {}
  }

  /// A mixture of experts: a router chooses a few feed-forward networks for each position.
  public struct Experts: Sendable, Hashable {
    /// Networks of a layer.
    public var count: Int
    /// Networks that a position uses.
    public var usedCount: Int
    /// The inner width of one.
    public var feedForwardLength: Int
    /// The inner width of the shared expert.
    public var sharedFeedForwardLength: Int?
    /// Whether the weights of the chosen ones are divided by their sum.
    public var normalizesWeights = true
    /// Multiplies the weights.
    public var weightScale = 1.0
    /// Equal groups of experts, of which only the best `usedGroupCount` are asked (1: no groups).
    public var groupCount = 1, usedGroupCount = 1
    /// The members of a group whose sum is its merit: its best one (DeepSeek-V2), or its two best ones (V3).
    public var groupMeritCount = 1
    /// The function from router logits to weights.
    public var routerFunction = RouterFunction.softmax

    public init(count: Int, usedCount: Int, feedForwardLength: Int, sharedFeedForwardLength: Int? = nil) {
      self.count = count
      self.usedCount = usedCount
      self.feedForwardLength = feedForwardLength
      self.sharedFeedForwardLength = sharedFeedForwardLength
    }
  }

  /// The function from router logits to weights; raw values are those of GGUF's `expert_gating_func`.
  public enum RouterFunction: Int, Sendable, Hashable, CaseIterable {
    /// Softmax over all experts.
    case softmax = 1
    /// The sigmoid of each logit (DeepSeek-V3).
    case sigmoid = 2
    /// Softmax over the logits of the chosen experts (gpt-oss).
    case softmaxOfChosen = 3
    /// The root of the softplus of each logit (DeepSeek-V4).
    case sqrtSoftplus = 4
  }

  /// The sizes of DeepSeek's attention; a head of queries and keys is `unrotatedDimension + rotary.dimensionCount`.
  public struct LatentAttention: Sendable, Hashable {
    /// The rank of queries ("q_lora_rank"); nil where they are projected at once.
    public var queryRank: Int?
    /// The rank of keys and values ("kv_lora_rank").
    public var keyValueRank: Int
    /// Elements of a head before those that are rotated ("qk_nope_head_dim").
    public var unrotatedDimension: Int
    /// Elements of a head of values ("v_head_dim").
    public var valueDimension: Int
    /// The constant in the norms of the low-rank vectors.
    public var normEpsilon: Double

    public init(
      queryRank: Int?, keyValueRank: Int, unrotatedDimension: Int, valueDimension: Int, normEpsilon: Double
    ) {
      self.queryRank = queryRank
      self.keyValueRank = keyValueRank
      self.unrotatedDimension = unrotatedDimension
      self.valueDimension = valueDimension
      self.normEpsilon = normEpsilon
    }
  }

  /// Sharper attention in long texts: the query at position `p`, counted from 0, is multiplied by
  /// `1 + scale × ln(1 + ⌊p / interval⌋)` (`get_llama_4_attn_scale` of transformers).
  public struct QueryTemperature: Sendable, Hashable {
    /// The factor on the logarithm.
    public var scale: Double
    /// The positions after which the factor grows.
    public var interval: Int

    public init(scale: Double, interval: Int) {
      self.scale = scale
      self.interval = interval
    }
  }

  /// Alternating Updates: a layer computes with one of several residual streams, predicts what becomes of each, and corrects
  /// the predictions by what became of the one.
  public struct AltUp: Sendable, Hashable {
    /// Streams.
    public var streamCount: Int
    /// The stream that layers compute with.
    public var activeStream: Int
    /// Whether the input of a layer's gate is scaled (`altup_output_scale`).
    public var scalesOutput: Bool

    public init(streamCount: Int, activeStream: Int, scalesOutput: Bool) {
      self.streamCount = streamCount
      self.activeStream = activeStream
      self.scalesOutput = scalesOutput
    }
  }

  /// The sizes of gated delta nets; a key head serves `valueHeadCount / keyHeadCount` adjacent value heads.
  public struct Recurrence: Sendable, Hashable {
    /// The layers with one; the others have attention.
    public var layers: [Bool]
    /// Heads of queries and keys, and of values.
    public var keyHeadCount: Int, valueHeadCount: Int
    /// Elements of a head of queries and keys, and of values.
    public var keyDimension: Int, valueDimension: Int
    /// The positions that the convolution over queries, keys and values sees, its own included.
    public var convolutionWidth: Int

    /// Elements of all heads of keys, and of values.
    public var keyLength: Int { keyHeadCount * keyDimension }
    public var valueLength: Int { valueHeadCount * valueDimension }

    public init(
      layers: [Bool], keyHeadCount: Int, valueHeadCount: Int, keyDimension: Int, valueDimension: Int,
      convolutionWidth: Int
    ) {
      self.layers = layers
      self.keyHeadCount = keyHeadCount
      self.valueHeadCount = valueHeadCount
      self.keyDimension = keyDimension
      self.valueDimension = valueDimension
      self.convolutionWidth = convolutionWidth
    }
  }

  /// T5's distances: half of the buckets are for one distance each, the others grow towards a limit.
  public struct RelativePositions: Sendable, Hashable {
    /// Buckets; where queries see both sides, half of them for each.
    public var bucketCount: Int
    /// All distances from here on share the last bucket.
    public var distanceLimit: Int

    public init(bucketCount: Int, distanceLimit: Int) {
      self.bucketCount = bucketCount
      self.distanceLimit = distanceLimit
    }
  }

  /// The decoder of an encoder–decoder.
  public struct Decoder: Sendable, Hashable {
    /// Its layers.
    public var layerCount: Int
    /// The token that it begins with.
    public var startToken: Int

    public init(layerCount: Int, startToken: Int) {
      self.layerCount = layerCount
      self.startToken = startToken
    }
  }

  /// The pooling of the vectors of all positions; raw values are those of GGUF's `pooling_type`.
  public enum Pooling: Int, Sendable, Hashable {
    /// Not at all.
    case none = 0
    /// Their mean.
    case mean = 1
    /// The vector of the first position ("CLS").
    case first = 2
    /// The vector of the last position.
    case last = 3
  }
}
