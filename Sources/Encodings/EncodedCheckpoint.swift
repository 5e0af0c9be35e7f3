import Bytes
import Tensors

/// A checkpoint whose encoded tensors are compositions, under the names that the model gives them.
public struct EncodedCheckpoint: Sendable {
  public let checkpoint: Checkpoint
  /// The errors of tensors that keep their stored form.
  public let problems: [EncodingError]
  /// The form of the checkpoint; nil for plain weights.
  public internal(set) var form: RecognizedForm?

  /// Recognizes the checkpoint's form, and replaces source tensors by compositions if it is one that is read.
  ///
  /// No tensor data is read.
  ///
  /// - Parameters:
  ///   - configuration: config.json; nil where there is none.
  ///   - quantization: what a file beside it says of the codes, for a config.json that says nothing.
  public init(_ checkpoint: Checkpoint, configuration: JSON?, quantization: JSON? = nil) {
    let evidence = FormEvidence(checkpoint, configuration, quantization)
    let form = RecognizedForm.find(evidence)
    do throws(EncodingError) {
      self = try Self.composing(evidence, form)
    } catch {
      self.init(checkpoint, problems: [error])
    }
    self.form = form
  }

  init(_ checkpoint: Checkpoint, problems: [EncodingError] = []) {
    self.checkpoint = checkpoint
    self.problems = problems
  }

  private static func composing(
    _ evidence: FormEvidence, _ form: RecognizedForm?
  ) throws(EncodingError) -> EncodedCheckpoint {
    if let form {
      guard case .read(let reader) = form.form.treatment else { throw .unread(form) }
      let encoded = try reader(evidence)
      let isDecoded = encoded.checkpoint.tensors.contains { $0.composition != nil } || !encoded.problems.isEmpty
      if !isDecoded, evidence.hasCodes, let codes = encoded.checkpoint.tensors.first(where: \.hasCodes) {
        throw .otherCodes(codes, form)
      }
      return encoded
    }
    // Some configurations ask for quantization when a model is loaded; its tensors are not encoded.
    guard evidence.hasCodes, let quantization = evidence.quantization else {
      return try FloatEncoding.plain(evidence.checkpoint, hasConfiguration: evidence.configuration != nil)
    }
    guard let method = quantization["quant_method"]?.string else { throw .member("quant_method", expected: "a string") }
    throw .unknownMethod(method)
  }
}
