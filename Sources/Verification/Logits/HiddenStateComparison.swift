import Architectures
import Bytes
import Inference

/// How far two models are apart at one point of the forward pass.
public struct HiddenStateComparison: Sendable {
  /// Where the pass is.
  public enum Point: Sendable, Hashable, CustomStringConvertible {
    /// The token embeddings.
    case embedding(LayerStack)
    /// The residual stream behind a layer.
    case layer(LayerStack, Int)
    /// Behind the last norm.
    case outputNorm(LayerStack)

    public var description: String {
      switch self {
      case .embedding(let stack): stack.naming("embedding")
      case .layer(let stack, let index): stack.naming("layer \(index)")
      case .outputNorm(let stack): stack.naming("output norm")
      }
    }

    /// Whether the tensor `place` (`layer 3 decoder attention norm`) may be why the pass diverges here: in a layer, one
    /// of that layer.
    func mayBe(because place: String) -> Bool {
      guard case .layer(let stack, let index) = self else { return true }
      let layer = "layer \(index) "
      return place.hasPrefix(layer)
        && (stack == .only || place.hasPrefix(layer + LayerStack.decoder.rawValue) == (stack == .decoder))
    }
  }

  /// The point.
  public let place: Point
  /// The errors of the residual stream, over all positions.
  public internal(set) var state = ErrorMetrics()
  /// In a layer, the errors of what each of its parts adds to the stream.
  public internal(set) var added: [ForwardPass.Sublayer: ErrorMetrics] = [:]

  init(_ place: Point) { self.place = place }

  /// All points of a pass, in order.
  static func all(_ numbers: Hyperparameters) -> [HiddenStateComparison] {
    numbers.stacks.flatMap { stack in
      [HiddenStateComparison(.embedding(stack))]
        + (0..<numbers.of(stack).layerCount).map { HiddenStateComparison(.layer(stack, $0)) }
        + [HiddenStateComparison(.outputNorm(stack))]
    }
  }

  /// Whether the normalized mean square error exceeds `threshold`, or numbers are not finite on one side alone.
  func exceeds(_ threshold: Double) -> Bool {
    state.nonfiniteMismatchCount > 0 || state.normalizedMeanSquareError > threshold
  }

  var json: JSON {
    .members([
      "place": .string("\(place)"), "state": state.json, "attention": added[.attention]?.json ?? .null,
      "cross_attention": added[.crossAttention]?.json ?? .null, "feed_forward": added[.feedForward]?.json ?? .null,
    ])
  }

  /// The figures of a row of a table with columns for `stages`.
  func cells(_ stages: [ForwardPass.Sublayer]) -> [String] {
    [
      "\(place)", state.normalizedMeanSquareError.scientific, state.maximumAbsoluteError.scientific,
      state.cosine.fixed(8),
    ] + stages.map { added[$0]?.normalizedMeanSquareError.scientific ?? "" }
  }
}

extension ForwardPass.Sublayer {
  /// The part of a layer in words.
  var words: String {
    switch self {
    case .attention: "attention"
    case .crossAttention: "cross-attention"
    case .feedForward: "feed-forward"
    }
  }
}
