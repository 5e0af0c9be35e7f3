/// The roles of several residual streams (AltUp), and of low-rank branches (Laurel); n is the number of streams.
extension TensorRole {
  // AltUp before and after the layers; an instance of the role for each stream but the first

  /// `[embedding, embedding]`: makes a stream of the token embedding
  public static let altUpEmbedding: TensorRole = "altup_embedding"
  /// `[embedding, embedding]`: applied to a stream before the mean of all
  public static let altUpOutput: TensorRole = "altup_output"

  // AltUp in a layer

  /// `[embedding]`
  public static let altUpRouterNorm: TensorRole = "altup_router_norm"
  /// `[n, embedding]`
  public static let altUpRouter: TensorRole = "altup_router"
  /// `[n × n, n]`: row `q n + p` is for the share of stream p in the prediction of stream q
  public static let altUpPrediction: TensorRole = "altup_prediction"
  /// `[n, n]`
  public static let altUpCorrection: TensorRole = "altup_correction"
  /// `[embedding]`: multiplies the active stream on its way into the gate of the layer input
  public static let altUpOutputScale: TensorRole = "altup_output_scale"

  /// All that AltUp needs in a layer.
  public static let altUp: [TensorRole] = [.altUpRouterNorm, .altUpRouter, .altUpPrediction, .altUpCorrection]

  // Laurel

  /// `[rank, embedding]`
  public static let laurelLeft: TensorRole = "laurel_left"
  /// `[embedding, rank]`
  public static let laurelRight: TensorRole = "laurel_right"
  /// `[embedding]`
  public static let laurelNorm: TensorRole = "laurel_norm"

  /// All that Laurel needs.
  public static let laurel: [TensorRole] = [.laurelLeft, .laurelRight, .laurelNorm]
}
