import Bytes
import Tensors

/// An error of decoding encoded tensors of a checkpoint.
public enum EncodingError: IngotError {
  /// A member of `quantization_config` that is missing or of another kind.
  case member(String, expected: String)
  /// A known form that is not read.
  case unread(RecognizedForm)
  case unknownMethod(String)
  /// No tensor is encoded in the form that was recognized, although this one has codes.
  case otherCodes(TensorDescriptor, RecognizedForm)
  /// FP8 weights without a configuration that says how they are scaled.
  case noConfiguration(TensorDescriptor, hasFile: Bool)
  /// `count` of all `total` FP8 weights lack scales; the first one is given.
  case noScales(TensorDescriptor, expected: String, count: Int, total: Int)
  case scaleFormat(TensorDescriptor, of: TensorDescriptor)
  case scaleShape(TensorDescriptor, of: TensorDescriptor, expected: Shape, block: ScaleBlock?)

  /// A tensor without one of the parts that decoding needs.
  case missingPart(of: TensorDescriptor, name: String)
  /// A part in a storage format that the encoding does not have.
  case partFormat(TensorDescriptor, of: TensorDescriptor?, expected: String)
  /// A part whose shape does not fit the tensor that it belongs to.
  case partShape(TensorDescriptor, of: TensorDescriptor?, expected: String)
  /// A part with a value that no such part has: `puts column 5 in group 9`.
  case partValue(TensorDescriptor, found: String, expected: String)
  /// A member of config.json other than those of `quantization_config`, by its whole path.
  case setting(String, expected: String)
  /// Tensors of an encoding without the settings that decoding needs.
  case noSettings(String, members: String, hasFile: Bool)
  /// A tensor that should state how others are scaled.
  case state(TensorDescriptor, expected: String)
  /// A variant of an encoding that is known and not read: `AWQ in the layout gemv`.
  case refused(what: String, nextStep: String)
  case unreadable(FileError)
  /// A pattern of a member of `quantization_config` that is not run.
  case pattern(PythonPatternError, member: String)
  /// A quantized tensor of a module that no config group targets.
  case noGroup(TensorDescriptor)
  /// A tensor that is stored in another way than its config group says.
  case contradiction(TensorDescriptor, group: String, fact: String)
  /// A tensor that gives the shape of another, and does not.
  case statedShape(TensorDescriptor, stated: [Int], of: TensorDescriptor, shape: Shape)
  /// A tensor that gives each column of a matrix a group, and some group too many columns, or a column none.
  case columnGroups(TensorDescriptor, column: Int, group: Int, expected: Int, groupCount: Int)

  /// Whether no encoded tensor can be decoded, so that what does not fit a model follows from this.
  public var concernsAllTensors: Bool {
    switch self {
    case .member, .unread, .unknownMethod, .otherCodes, .noConfiguration, .refused, .unreadable, .pattern,
      .noSettings:
      true
    case .noScales(_, _, let count, let total): count == total
    case .scaleFormat, .scaleShape, .missingPart, .partFormat, .partShape, .partValue, .noGroup, .contradiction,
      .statedShape, .columnGroups, .setting, .state:
      false
    }
  }

  /// The tensor whose codes cannot be decoded; nil for errors of other things.
  public var codes: TensorDescriptor? {
    switch self {
    case .partFormat(let part, let codes, _), .partShape(let part, let codes, _): codes ?? part
    case .scaleFormat(_, let codes), .scaleShape(_, let codes, _, _), .statedShape(_, _, let codes, _): codes
    case .missingPart(let codes, _), .noGroup(let codes), .contradiction(let codes, _, _): codes
    default: nil
    }
  }

  /// Whether the tensors are in a form that is not read.
  public var isUnread: Bool {
    switch self {
    case .unread, .unknownMethod, .refused: true
    default: false
    }
  }

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .member(let name, let expected): "config.json: quantization_config.\(name): expected \(expected)"
    case .unread(let form): form.refusal
    case .unknownMethod(let method):
      "config.json: quantization method \(method.quoted) is unknown (convert the model in BF16, F16 or F32)"
    case .otherCodes(let codes, let form):
      "tensor \(codes.name.text.quoted): is \(codes.declaredFormat) of another encoding, expected one \(form.words)"
        + " (restore the config.json that the model was published with)"
    case .missingPart(let tensor, let name):
      "tensor \(tensor.name.text.quoted): has no \(name.quoted), which its codes need (fetch the model again)"
    case .partFormat(let part, let tensor, let expected):
      "tensor \(part.name.text.quoted): is stored as \(part.declaredFormat), expected \(expected)\(Self.words(for: tensor))"
    case .partShape(let part, let tensor, let expected):
      "tensor \(part.name.text.quoted): has shape \(part.shape), expected \(expected)\(Self.words(for: tensor))"
    case .partValue(let part, let found, let expected):
      "tensor \(part.name.text.quoted): \(found), expected \(expected)"
    case .setting(let path, let expected): "config.json: \(path): expected \(expected)"
    case .noSettings(let method, let members, true):
      "is quantized by \(method), but config.json does not state \(members)"
        + " (restore the config.json that the model was published with)"
    case .noSettings(let method, let members, false):
      "is quantized by \(method), but no config.json next to the file states \(members)"
        + " (put the model's config.json there)"
    case .state(let tensor, let expected):
      "tensor \(tensor.name.text.quoted): does not state how the codes are scaled, expected \(expected)"
        + " (fetch the model again)"
    case .refused(let what, let nextStep): "is \(what), which is not read (\(nextStep))"
    case .unreadable(let error): error.description
    case .pattern(let error, let member):
      "config.json: quantization_config.\(member): the pattern \(error.pattern.quoted) \(error.fact), which is not read"
        + " (name the modules in another way)"
    case .noGroup(let tensor):
      "tensor \(tensor.name.text.quoted): is quantized, but no member of quantization_config.config_groups in config.json"
        + " targets its module (restore the config.json that the model was published with)"
    case .contradiction(let tensor, let group, let fact):
      "tensor \(tensor.name.text.quoted): is stored as \(tensor.declaredFormat), but config group \(group.quoted) in"
        + " config.json says \(fact) (restore the config.json that the model was published with)"
    case .statedShape(let tensor, let stated, let codes, let shape):
      "tensor \(tensor.name.text.quoted): gives the shape \(stated.map(String.init).joined(separator: " × ")), but"
        + " \(codes.name.text.quoted) and its scales have \(shape) (fetch the model again)"
    case .columnGroups(let tensor, let column, let group, let expected, let groupCount):
      "tensor \(tensor.name.text.quoted): gives column \(column.grouped) to group \(group.grouped), expected"
        + " \(counted(expected, "column")) for each of \(counted(groupCount, "group")) (fetch the model again)"
    case .noConfiguration(let weight, true):
      "tensor \(weight.name.text.quoted): is \(weight.declaredFormat), but config.json has no quantization_config that"
        + " says how its values are scaled (restore the config.json that the model was published with)"
    case .noConfiguration(let weight, false):
      "tensor \(weight.name.text.quoted): is \(weight.declaredFormat) with scales, but no config.json next to the file"
        + " says how its values are scaled (put the model's config.json there)"
    case .noScales(let weight, let name, count: 1, total: 2...):
      "tensor \(weight.name.text.quoted): is \(weight.declaredFormat) without scales, expected \(name.quoted)"
    case .noScales(let weight, let name, let count, let total):
      "\(count == total ? "" : "\(count.grouped) of ")\(counted(total, "FP8 tensor"))"
        + " \(total == 1 ? "has" : "have") no scales, which quantization_config in config.json announces; first:"
        + " \(weight.name.text.quoted) without \(name.quoted) (fetch the model again, or convert the original)"
    case .scaleFormat(let scales, let weight):
      "tensor \(scales.name.text.quoted): scales of \(weight.name.text.quoted) are stored as \(scales.declaredFormat),"
        + " expected F32, BF16, F16, F8_E8M0 or U8"
    case .scaleShape(let scales, let weight, let expected, let block):
      "tensor \(scales.name.text.quoted): has shape \(scales.shape), expected \(expected) ("
        + (block.map { "blocks of \($0.rowCount) × \($0.columnCount)" } ?? "one scale")
        + " for \(weight.shape))"
    }
  }

  private static func words(for tensor: TensorDescriptor?) -> String {
    tensor.map { " for \($0.name.text.quoted) of shape \($0.shape)" } ?? ""
  }
}
