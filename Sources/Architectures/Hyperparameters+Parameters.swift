extension Hyperparameters {
  /// Where the numbers of a model stand, for the message about one that is missing.
  private static let places = "it in config.json or params.json beside the weights, or in the metadata of a GGUF"

  /// The numbers of a decoder model, checked for what the forward pass and the transforms divide by.
  public init(_ set: ParameterSet) throws(ParameterError) {
    func positive(_ name: String) throws(ParameterError) -> Int {
      guard let value = set.integer(name) else { throw .missing(name: name, places: Self.places) }
      guard value > 0 else { throw .notPositive(name: name, value: value) }
      return value
    }
    func real(_ name: String) throws(ParameterError) -> Double {
      guard let value = set.real(name) else { throw .missing(name: name, places: Self.places) }
      guard value.isFinite, value > 0 else { throw .outOfRange(name: name, value: value) }
      return value
    }
    let headCount = try positive("head_count")
    let keyValueHeadCount = try positive("key_value_head_count")
    let headDimension = try positive("head_dimension")
    guard headCount % keyValueHeadCount == 0 else {
      throw .notDivisible("head_count", headCount, by: "key_value_head_count", keyValueHeadCount)
    }
    guard headDimension % 2 == 0 else { throw .mustBeEven(name: "head_dimension", value: headDimension) }
    self.init(
      layerCount: try positive("layer_count"), embeddingLength: try positive("embedding_length"),
      feedForwardLength: try positive("feed_forward_length"), headCount: headCount,
      keyValueHeadCount: keyValueHeadCount, headDimension: headDimension,
      vocabularySize: try positive("vocabulary_size"), contextLength: try positive("context_length"),
      normEpsilon: try real("norm_epsilon"),
      rotary: RotaryEmbedding(
        base: try real("rotary_base"), dimensionCount: headDimension, scaling: set.rotaryScaling),
      tiesEmbeddings: set.flag("ties_embeddings"), slidingWindow: set.integer("sliding_window"))
  }
}
