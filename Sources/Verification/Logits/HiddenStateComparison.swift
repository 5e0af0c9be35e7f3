import Architectures
import Bytes
import Inference

/// The error of the hidden states of two models at one point of the forward pass.
public struct HiddenStateComparison: Sendable {
  /// A point of the forward pass.
  public enum Point: Sendable, Hashable, CustomStringConvertible {
    /// The token embeddings.
    case embedding(LayerStack)
    /// After a layer.
    case layer(LayerStack, Int)
    /// After the final norm.
    case outputNorm(LayerStack)

    public var description: String {
      switch self {
      case .embedding(let stack): stack.naming("embedding")
      case .layer(let stack, let index): stack.naming("layer \(index)")
      case .outputNorm(let stack): stack.naming("output norm")
      }
    }

    /// Whether a tensor may be the cause if the pass diverges first here: in a layer, a tensor of that layer.
    func mayBeCaused(by tensor: TensorIdentity) -> Bool {
      guard case .layer(let stack, let index) = self else { return true }
      return tensor.slot.map { $0.layer == index && $0.role.belongs(to: stack) } ?? false
    }
  }

  public let point: Point
  /// The errors of the hidden states, over all positions.
  public internal(set) var hiddenState = ErrorMetrics()
  /// In a layer, the errors of what each sublayer adds to the hidden states.
  public internal(set) var added: [ForwardPass.Sublayer: ErrorMetrics] = [:]

  init(_ point: Point) { self.point = point }

  /// All points of a pass, in order.
  static func all(_ hyperparameters: Hyperparameters) -> [HiddenStateComparison] {
    hyperparameters.stacks.flatMap { stack in
      [HiddenStateComparison(.embedding(stack))]
        + (0..<hyperparameters.of(stack).layerCount).map { HiddenStateComparison(.layer(stack, $0)) }
        + [HiddenStateComparison(.outputNorm(stack))]
    }
  }

  /// Adds the errors at the same point on further positions.
  mutating func merge(_ next: HiddenStateComparison) {
    hiddenState.merge(next.hiddenState)
    for (sublayer, errors) in next.added { added[sublayer, default: ErrorMetrics()].merge(errors) }
  }

  /// Whether the normalized mean square error exceeds `threshold`, or values are NaN or infinite on one side only.
  func exceeds(_ threshold: Double) -> Bool {
    hiddenState.nonfiniteMismatchCount > 0 || hiddenState.normalizedMeanSquareError > threshold
  }

  var json: JSON {
    .members([
      "point": .string("\(point)"), "hidden_state": hiddenState.json, "attention": added[.attention]?.json ?? .null,
      "cross_attention": added[.crossAttention]?.json ?? .null, "feed_forward": added[.feedForward]?.json ?? .null,
    ])
  }

  /// Returns a row of a table with columns for `sublayers`.
  func cells(_ sublayers: [ForwardPass.Sublayer]) -> [String] {
    [
      "\(point)", hiddenState.normalizedMeanSquareError.metricText, hiddenState.maximumAbsoluteError.metricText,
      hiddenState.cosine.fixed(8),
    ] + sublayers.map { added[$0]?.normalizedMeanSquareError.metricText ?? "" }
  }
}

extension ForwardPass.Sublayer {
  /// The sublayer in words.
  var words: String {
    switch self {
    case .attention: "attention"
    case .crossAttention: "cross-attention"
    case .feedForward: "feed-forward"
    }
  }
}
