import Bytes

/// How far two models are apart at one point of the forward pass.
public struct StateComparison: Sendable {
  /// Where the pass is.
  public enum Place: Sendable, Hashable, CustomStringConvertible {
    /// The token embeddings.
    case embedding
    /// The residual stream behind a layer.
    case layer(Int)
    /// Behind the last norm.
    case outputNorm

    public var description: String {
      switch self {
      case .embedding: "embedding"
      case .layer(let index): "layer \(index)"
      case .outputNorm: "output norm"
      }
    }
  }

  /// The point.
  public let place: Place
  /// The errors of the residual stream, over all positions.
  public internal(set) var state = ErrorMetrics()
  /// In a layer, the errors of what attention adds to the stream.
  public internal(set) var attention: ErrorMetrics?
  /// In a layer, the errors of what the feed-forward network adds to it.
  public internal(set) var feedForward: ErrorMetrics?

  init(_ place: Place) { self.place = place }

  /// Whether the normalized mean square error exceeds `threshold`, or numbers are not finite on one side alone.
  func exceeds(_ threshold: Double) -> Bool {
    state.nonfiniteMismatchCount > 0 || state.normalizedMeanSquareError > threshold
  }

  var json: JSON {
    .members([
      "place": .string("\(place)"), "state": state.json, "attention": attention?.json ?? .null,
      "feed_forward": feedForward?.json ?? .null,
    ])
  }

  var cells: [String] {
    [
      "\(place)", state.normalizedMeanSquareError.scientific, state.maximumAbsoluteError.scientific,
      state.cosine.fixed(8), attention?.normalizedMeanSquareError.scientific ?? "",
      feedForward?.normalizedMeanSquareError.scientific ?? "",
    ]
  }
}
