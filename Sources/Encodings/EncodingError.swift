import Bytes
import Tensors

/// An error of decoding encoded tensors of a checkpoint.
public enum EncodingError: IngotError {
  /// A member of `quantization_config` that is missing or of another kind.
  case member(String, expected: String)
  case unsupportedMethod(String, supported: [String])
  /// FP8 weights without a configuration that says how they are scaled.
  case noConfiguration(TensorDescriptor, hasFile: Bool)
  case noScales(TensorDescriptor, expected: String)
  case scaleFormat(TensorDescriptor, of: TensorDescriptor)
  case scaleShape(TensorDescriptor, of: TensorDescriptor, expected: Shape, block: FP8Block?)

  /// Whether no encoded tensor can be decoded, so that what does not fit a model follows from this.
  public var concernsAllTensors: Bool {
    switch self {
    case .member, .unsupportedMethod, .noConfiguration: true
    case .noScales, .scaleFormat, .scaleShape: false
    }
  }

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .member(let name, let expected): "config.json: quantization_config.\(name): expected \(expected)"
    case .unsupportedMethod(let method, let supported):
      "config.json: quantization method \(method.quoted) is not supported (supported: "
        + "\(supported.joined(separator: ", ")); convert a copy of the model in BF16, F16 or F32)"
    case .noConfiguration(let weight, true):
      "tensor \(weight.name.text.quoted): is \(weight.declaredFormat), but config.json has no quantization_config that"
        + " says how its values are scaled (restore the config.json that the model was published with)"
    case .noConfiguration(let weight, false):
      "tensor \(weight.name.text.quoted): is \(weight.declaredFormat) with scales, but no config.json next to the file"
        + " says how its values are scaled (put the model's config.json there)"
    case .noScales(let weight, let name):
      "tensor \(weight.name.text.quoted): is \(weight.declaredFormat) without scales, expected \(name.quoted)"
    case .scaleFormat(let scales, let weight):
      "tensor \(scales.name.text.quoted): scales of \(weight.name.text.quoted) are stored as \(scales.declaredFormat),"
        + " expected F32, BF16 or F16"
    case .scaleShape(let scales, let weight, let expected, let block):
      "tensor \(scales.name.text.quoted): has shape \(scales.shape), expected \(expected) ("
        + (block.map { "blocks of \($0.rowCount) × \($0.columnCount)" } ?? "one scale")
        + " for \(weight.shape))"
    }
  }
}
