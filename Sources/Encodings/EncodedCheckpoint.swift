import Bytes
import Tensors

/// A checkpoint whose encoded tensors are compositions, under the names that the model gives them.
public struct EncodedCheckpoint: Sendable {
  public let checkpoint: Checkpoint
  /// The errors of tensors that keep their stored form.
  public let problems: [EncodingError]

  /// Replaces source tensors by compositions, as the model's configuration says.
  ///
  /// No tensor data is read.
  ///
  /// - Parameter configuration: config.json; nil where there is none.
  public init(_ checkpoint: Checkpoint, configuration: JSON?) {
    do throws(EncodingError) {
      self = try Self.composing(checkpoint, configuration)
    } catch {
      self.init(checkpoint, problems: [error])
    }
  }

  init(_ checkpoint: Checkpoint, problems: [EncodingError] = []) {
    self.checkpoint = checkpoint
    self.problems = problems
  }

  private static func composing(
    _ checkpoint: Checkpoint, _ configuration: JSON?
  ) throws(EncodingError) -> EncodedCheckpoint {
    guard let quantization = configuration?["quantization_config"], !quantization.isNull else {
      try FP8Encoding.requireNone(checkpoint, hasConfiguration: configuration != nil)
      return EncodedCheckpoint(checkpoint)
    }
    guard let method = quantization["quant_method"]?.string else { throw .member("quant_method", expected: "a string") }
    switch method {
    case FP8Encoding.method: return try FP8Encoding(quantization).composing(checkpoint)
    default:
      // Some configurations ask for quantization when a model is loaded; its tensors are not encoded.
      guard !checkpoint.tensors.contains(where: \.isEncoded) else {
        throw .unsupportedMethod(method, supported: [FP8Encoding.method])
      }
      return EncodedCheckpoint(checkpoint)
    }
  }
}

extension TensorDescriptor {
  /// Whether it contains codes, not values.
  fileprivate var isEncoded: Bool {
    switch format?.facts.kind {
    case .integer?: shape.rank >= 2
    case .float?: (format?.bitsPerElement ?? 0) < 16
    default: false
    }
  }
}
