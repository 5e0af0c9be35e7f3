extension Hyperparameters {
  /// Reads the hyperparameters by their names in the definitions, and checks the divisors of the forward pass and the
  /// transforms.
  ///
  /// Some hyperparameters change features, where an architecture has several ways: `parallel_residual`, `pre_norm`,
  /// `uses_alibi`, `activation`, `has_classifier` and `classifier_activation`.
  public init(
    _ set: HyperparameterSet, features: ForwardPassFeatures = ForwardPassFeatures()
  ) throws(HyperparameterError) {
    let read = HyperparameterReader(set: set)
    var features = features
    if set.values["parallel_residual"] != nil {
      features.residual = set.flag("parallel_residual") ? .parallel : .sequential
    }
    if set.values["pre_norm"] == .bool(false) { features.residual = .postNorm }
    if set.flag("uses_alibi"), features.positions != .alibiBeforeScale { features.positions = .alibi }
    features.activation = try read.activation("activation") ?? features.activation
    features.classifierActivation = try read.activation("classifier_activation") ?? features.classifierActivation
    if set.flag("has_classifier"), features.output == .embedding { features.output = .scores }
    let headCount = try read.positive("head_count")
    let keyValueHeadCounts = try read.layerSizes("key_value_head_count")
    let keyValueHeadCount = try read.greatest(keyValueHeadCounts, "key_value_head_count", ifMissing: headCount)
    let headDimensions = try read.layerSizes("head_dimension")
    let headDimension = try read.greatest(headDimensions, "head_dimension")
    let feedForwardLengths = try read.layerSizes("feed_forward_length")
    guard headCount % keyValueHeadCount == 0 else {
      throw .notDivisible("head_count", headCount, by: "key_value_head_count", keyValueHeadCount)
    }
    let rotates = features.positions == .rotary
    let rotaryName = set.values["rotary_dimension_count"] == nil ? "head_dimension" : "rotary_dimension_count"
    let rotaryDimension = try read.optionalPositive("rotary_dimension_count") ?? headDimension
    if rotates, rotaryDimension % 2 != 0 { throw .mustBeEven(name: rotaryName, value: rotaryDimension) }
    let contextLength = try read.positive("context_length")
    self.init(
      layerCount: try read.positive("layer_count"), embeddingLength: try read.positive("embedding_length"),
      feedForwardLength: try read.greatest(feedForwardLengths, "feed_forward_length"), headCount: headCount,
      keyValueHeadCount: keyValueHeadCount, headDimension: headDimension,
      vocabularySize: try read.positive("vocabulary_size"), contextLength: contextLength,
      normEpsilon: try read.real("norm_epsilon"),
      rotary: RotaryEmbedding(
        base: rotates ? try read.real("rotary_base") : 1, dimensionCount: rotaryDimension, scaling: set.rotaryScaling),
      tiesEmbeddings: set.flag("ties_embeddings"), slidingWindow: try read.optionalPositive("sliding_window"))
    self.features = features
    byLayer.headDimensions = headDimensions
    byLayer.keyValueHeadCounts = keyValueHeadCounts
    byLayer.feedForwardLengths = feedForwardLengths
    rotatedLayers = try read.layers("rotated_layers", leavingOutEvery: "unrotated_layer_interval", of: layerCount)
    windowedLayers = try read.windowedLayers(rotated: rotatedLayers, of: layerCount)
    if set.flag("rotates_sliding_window_layers"), slidingWindow != nil { rotatedLayers = windowedLayers }
    localRotaryBase = try read.optionalReal("rotary_local_base")
    localRotaryDimensionCount = try read.optionalPositive("rotary_local_dimension_count")
    usesKeysAsValues = set.flag("uses_keys_as_values")
    layerInputLength = try read.optionalPositive("layer_input_length")
    let ownRowCount = try read.optionalPositive("layer_input_vocabulary_size") ?? vocabularySize
    if layerInputLength != nil, ownRowCount < vocabularySize { layerInputVocabularySize = ownRowCount }
    altUp = try AltUp(read)
    laurelRank = try read.optionalPositive("laurel_rank")
    gateCutoffs = try read.gateCutoffs("activation_sparsity_scale", of: layerCount)
    sharedKeyValueLayerCount = set.integer("shared_key_value_layer_count")
    if let count = sharedKeyValueLayerCount, !(0...layerCount).contains(count) {
      throw .outOfRange(name: "shared_key_value_layer_count", value: Double(count))
    }
    if byLayer != LayerSizes() || sharedKeyValueLayerCount ?? 0 > 0 { try validateLayers() }
    scales = try Scales(read, features, embeddingLength: embeddingLength)
    experts = try Experts(read, feedForwardLength: feedForwardLength)
    latentAttention = try LatentAttention(read, normEpsilon: normEpsilon)
    queryTemperature = try read.queryTemperature(scaling: set.rotaryScaling)
    recurrence = try Recurrence(read, layerCount: layerCount)
    addsToNormed = set.flag("adds_to_normed")
    positionOffset = set.integer("position_offset") ?? 0
    paddingToken = set.integer("padding_id")
    ownTokenEmbeddingLength = try read.optionalPositive("token_embedding_length")
    pooling = Pooling(rawValue: set.integer("pooling_type") ?? 0) ?? .none
    classifierPooling = set.integer("classifier_pooling").flatMap(Pooling.init) ?? .first
    labelCount = features.output == .scores ? try read.positive("label_count") : 0
    if features.positions == .relative {
      relativePositions = RelativePositions(
        bucketCount: try read.positive("relative_bucket_count"),
        distanceLimit: try read.positive("relative_distance_limit"))
    }
    if let layerCount = try read.optionalPositive("decoder_layer_count") {
      decoder = Decoder(layerCount: layerCount, startToken: set.integer("decoder_start_token") ?? 0)
    }
  }
}

extension Hyperparameters.Scales {
  fileprivate init(
    _ read: HyperparameterReader, _ features: ForwardPassFeatures, embeddingLength: Int
  ) throws(HyperparameterError) {
    self.init()
    attention = try read.optionalReal("attention_scale")
    if let scalar = try read.optionalReal("query_pre_attention_scalar") { attention = 1 / scalar.squareRoot() }
    if read.set.values["scales_attention"] == .bool(false) { attention = 1 }
    dividesAttentionByLayer = read.set.flag("divides_attention_by_layer")
    // T5 trains without a scale: the weights have taken it in.
    if features.positions == .relative { attention = attention ?? 1 }
    projectionLimit = try read.optionalReal("projection_limit")
    attentionSoftcap = try read.optionalReal("attention_softcap")
    alibiLimit = try read.optionalReal("alibi_bias_limit") ?? alibiLimit
    let scalesEmbeddings = read.set.values["scales_embeddings"].map { $0 == .bool(true) } ?? features.scalesEmbeddings
    embedding =
      try read.optionalReal("embedding_scale")
      ?? (scalesEmbeddings ? Double(embeddingLength).squareRoot() : nil)
    residual = try read.optionalReal("residual_scale")
    logit =
      try read.optionalReal("logit_scale")
      ?? (read.set.flag("scales_logits") ? 1 / Double(embeddingLength).squareRoot() : nil)
    logitDivisor = try read.optionalReal("logit_divisor")
    logitSoftcap = try read.optionalReal("logit_softcap")
  }
}

extension Hyperparameters.Experts {
  fileprivate init?(_ read: HyperparameterReader, feedForwardLength: Int) throws(HyperparameterError) {
    guard let count = try read.optionalPositive("expert_count") else { return nil }
    self.init(
      count: count, usedCount: try read.positive("expert_used_count"),
      feedForwardLength: try read.optionalPositive("expert_feed_forward_length") ?? feedForwardLength,
      sharedFeedForwardLength: try read.optionalPositive("shared_expert_feed_forward_length"))
    guard usedCount <= count else { throw .exceeds("expert_used_count", usedCount, "expert_count", count) }
    if read.set.values["normalizes_expert_weights"] != nil {
      normalizesWeights = read.set.flag("normalizes_expert_weights")
    }
    weightScale = try read.optionalReal("expert_weight_scale") ?? 1
    groupCount = try read.optionalPositive("expert_group_count") ?? 1
    usedGroupCount = try read.optionalPositive("expert_used_group_count") ?? groupCount
    guard count % groupCount == 0 else {
      throw .notDivisible("expert_count", count, by: "expert_group_count", groupCount)
    }
    guard usedGroupCount <= groupCount else {
      throw .exceeds("expert_used_group_count", usedGroupCount, "expert_group_count", groupCount)
    }
    // The quotient is at least 1, and the product at most the count.
    guard usedCount <= usedGroupCount * (count / groupCount) else {
      throw .exceeds(
        "expert_used_count", usedCount, "experts of the used groups", usedGroupCount * (count / groupCount))
    }
    groupMeritCount = try read.optionalPositive("expert_group_merit_count") ?? 1
    if let number = read.set.integer("router_function") ?? read.set.integer("expert_gating_function") {
      guard let function = Hyperparameters.RouterFunction(rawValue: number) else {
        throw .unknownRouterFunction(number)
      }
      routerFunction = function
    }
  }
}

extension Hyperparameters.LatentAttention {
  fileprivate init?(_ read: HyperparameterReader, normEpsilon: Double) throws(HyperparameterError) {
    guard let rank = try read.optionalPositive("key_value_rank") else { return nil }
    self.init(
      queryRank: try read.optionalPositive("query_rank"), keyValueRank: rank,
      unrotatedDimension: try read.positive("unrotated_dimension_count"),
      valueDimension: try read.positive("value_dimension"),
      normEpsilon: try read.optionalReal("latent_norm_epsilon") ?? normEpsilon)
  }
}

extension Hyperparameters.AltUp {
  fileprivate init?(_ read: HyperparameterReader) throws(HyperparameterError) {
    guard let count = try read.optionalPositive("altup_stream_count") else { return nil }
    let active = read.set.integer("altup_active_stream") ?? 0
    guard (0..<count).contains(active) else {
      throw .exceeds("altup_active_stream", active, "last stream", count - 1)
    }
    self.init(
      streamCount: count, activeStream: active, scalesOutput: read.set.values["altup_scales_output"] != .bool(false))
  }
}

extension Hyperparameters.Recurrence {
  fileprivate init?(_ read: HyperparameterReader, layerCount: Int) throws(HyperparameterError) {
    guard let layers = try read.recurrentLayers(of: layerCount), layers.contains(true) else { return nil }
    self.init(
      layers: layers, keyHeadCount: try read.positive("recurrent_key_head_count"),
      valueHeadCount: try read.positive("recurrent_value_head_count"),
      keyDimension: try read.positive("recurrent_key_head_dimension"),
      valueDimension: try read.positive("recurrent_value_head_dimension"),
      convolutionWidth: try read.positive("convolution_width"))
    guard valueHeadCount % keyHeadCount == 0 else {
      throw .notDivisible("recurrent_value_head_count", valueHeadCount, by: "recurrent_key_head_count", keyHeadCount)
    }
  }
}

/// Reads values that are required or limited to a range.
private struct HyperparameterReader {
  let set: HyperparameterSet

  /// The sources of hyperparameters, for the message about a missing one.
  private static let places = "it in config.json or params.json next to the weights, or in the metadata of a GGUF"

  func positive(_ name: String) throws(HyperparameterError) -> Int {
    guard let value = set.integer(name) else { throw .missing(name: name, places: Self.places) }
    guard value > 0 else { throw .notPositive(name: name, value: value) }
    return value
  }

  /// A number of which 0 means that there is none.
  func optionalPositive(_ name: String) throws(HyperparameterError) -> Int? {
    set.integer(name) == nil || set.integer(name) == 0 ? nil : try positive(name)
  }

  /// The activation that `name` states in transformers' word; nil if it states none.
  func activation(_ name: String) throws(HyperparameterError) -> ForwardPassFeatures.Activation? {
    guard let word = set.text(name) else { return nil }
    guard let activation = ForwardPassFeatures.Activation(configurationName: word) else {
      throw .unknownActivation(word)
    }
    return activation
  }

  /// A size for each layer; nil if all have the same.
  func layerSizes(_ name: String) throws(HyperparameterError) -> [Int]? {
    guard let list = set.list(name) else { return nil }
    let layerCount = try positive("layer_count")
    guard list.count == layerCount else { throw .tooFewLayers(name: name, expected: layerCount, found: list.count) }
    var sizes: [Int] = []
    for value in list {
      guard case .integer(let size) = value, size > 0 else {
        throw .outOfRange(name: name, value: value.number ?? .nan)
      }
      sizes.append(size)
    }
    return sizes
  }

  /// The greatest of the sizes of layers, or the one of all.
  func greatest(_ sizes: [Int]?, _ name: String, ifMissing: Int? = nil) throws(HyperparameterError) -> Int {
    if let size = sizes?.max() { return size }
    if let ifMissing { return try optionalPositive(name) ?? ifMissing }
    return try positive(name)
  }

  func real(_ name: String) throws(HyperparameterError) -> Double {
    guard let value = set.real(name) else { throw .missing(name: name, places: Self.places) }
    guard value.isFinite, value > 0 else { throw .outOfRange(name: name, value: value) }
    return value
  }

  /// A number of which 0 means that there is none.
  func optionalReal(_ name: String) throws(HyperparameterError) -> Double? {
    set.real(name) == nil || set.real(name) == 0 ? nil : try real(name)
  }

  /// The temperature of queries, whose interval is the context before scaling.
  func queryTemperature(
    scaling: RotaryScaling
  ) throws(HyperparameterError) -> Hyperparameters.QueryTemperature? {
    guard let scale = try optionalReal("query_temperature_scale") else { return nil }
    guard case .yarn(let yarn) = scaling else {
      throw .missing(name: "original_max_position_embeddings of rotary scaling \"yarn\"", places: Self.places)
    }
    return Hyperparameters.QueryTemperature(scale: scale, interval: yarn.originalContextLength)
  }

  /// The layers with a feature: from a list with an entry for each, or from an interval whose last layer lacks it.
  ///
  /// The entries are flags, 1 and 0, or transformers' words for the layer types.
  func layers(
    _ name: String, leavingOutEvery interval: String, of layerCount: Int
  ) throws(HyperparameterError) -> [Bool]? {
    if let list = set.list(name) {
      guard list.count >= layerCount else { throw .tooFewLayers(name: name, expected: layerCount, found: list.count) }
      let having: [HyperparameterValue] = [.bool(true), .integer(1), .text("sliding_attention")]
      return list.prefix(layerCount).map(having.contains)
    }
    guard let interval = try optionalPositive(interval) else { return nil }
    try requireList(of: layerCount)
    return (0..<layerCount).map { ($0 + 1) % interval != 0 }
  }

  /// The layers with the sliding window: as listed, of the pattern within a range, or those without RoPE.
  func windowedLayers(rotated: [Bool]?, of layerCount: Int) throws(HyperparameterError) -> [Bool]? {
    let layers = try layers("sliding_window_layers", leavingOutEvery: "sliding_window_pattern", of: layerCount)
    if set.list("sliding_window_layers") != nil { return layers }
    if set.flag("unrotated_layers_use_sliding_window") { return rotated?.map { !$0 } }
    let first = set.integer("first_sliding_window_layer") ?? 0,
      end = set.integer("sliding_window_layer_end") ?? layerCount
    guard first > 0 || end < layerCount else { return layers }
    try requireList(of: layerCount)
    return (0..<layerCount).map { (layers?[$0] ?? true) && first <= $0 && $0 < end }
  }

  /// The cutoff of each layer, in standard deviations; nil without any, or if no layer has one.
  func gateCutoffs(_ name: String, of layerCount: Int) throws(HyperparameterError) -> [Double]? {
    guard let list = set.list(name) else { return nil }
    guard list.count == layerCount else { throw .tooFewLayers(name: name, expected: layerCount, found: list.count) }
    var cutoffs: [Double] = []
    for value in list {
      guard let cutoff = value.number, !cutoff.isNaN else { throw .outOfRange(name: name, value: value.number ?? .nan) }
      cutoffs.append(Double(Float(cutoff)))
    }
    return cutoffs.contains { $0 > -.infinity } ? cutoffs : nil
  }

  /// The recurrent layers, of which a list has exactly one entry for each layer; nil if the model has no such list.
  func recurrentLayers(of layerCount: Int) throws(HyperparameterError) -> [Bool]? {
    let name = "recurrent_layers"
    guard let list = set.list(name) else { return nil }
    guard list.count == layerCount else { throw .tooFewLayers(name: name, expected: layerCount, found: list.count) }
    return list.map { $0 == .bool(true) }
  }

  /// A file may state any number; a list of this many layers would still be small.
  private func requireList(of layerCount: Int) throws(HyperparameterError) {
    guard layerCount <= 1 << 20 else { throw .outOfRange(name: "layer_count", value: Double(layerCount)) }
  }
}
