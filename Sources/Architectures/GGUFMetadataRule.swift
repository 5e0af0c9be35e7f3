/// One entry of the metadata that a GGUF of an architecture has.
public enum GGUFMetadataRule: Hashable, Sendable {
  /// The value to write.
  public enum Value: Hashable, Sendable {
    case constant(HyperparameterValue)
    case formula(Expression)
  }

  /// When a pair is written; never when a parameter in its value is unknown.
  public enum Condition: Hashable, Sendable {
    case always
    /// When the configuration states every parameter in the value.
    case explicit
    /// When the model's rotary embedding has no scaling.
    case unscaled
    /// When this parameter is there and neither false nor 0.
    case hyperparameter(String)
  }

  /// `key` (with `{arch}`) has the value `value`.
  case pair(key: String, value: Value, condition: Condition)
  /// The keys of the rotary scaling, which depend on its kind.
  case rotaryScaling
  /// The factor on the attention that goes with the frequency factors of LongRoPE.
  case longRoPEFactor
  /// `general.*`: names, authors, license.
  case general
  /// `general.file_type`.
  case fileType
  /// `general.quantization_version`.
  case quantizationVersion
  /// `tokenizer.*`.
  case vocabulary

  /// The groups, by their names in definitions.
  public static let groups: [String: GGUFMetadataRule] = [
    "rotary_scaling": .rotaryScaling, "longrope_factor": .longRoPEFactor, "general": .general, "file_type": .fileType,
    "quantization_version": .quantizationVersion, "vocabulary": .vocabulary,
  ]
}
