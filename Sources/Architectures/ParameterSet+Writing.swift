import Bytes
import Tensors

extension Definition {
  /// The architecture's metadata for a GGUF, in the reference converter's order.
  ///
  /// - Parameters:
  ///   - statedRotary: what the configuration states of the rotary embedding (`Configuration.rotary`).
  ///   - fileType: the number of `general.file_type`, which stands among these keys.
  public func metadata(
    of parameters: ParameterSet, statedRotary: JSON.Object, fileType: UInt32
  ) -> [(key: String, value: MetadataValue)] {
    ggufMetadata.flatMap { rule -> [(key: String, value: MetadataValue)] in
      switch rule {
      case .rotaryScaling:
        return parameters.rotaryScaling.metadata(architecture: ggufArchitecture, stated: statedRotary)
      case .fileType: return [("general.file_type", .uint32(fileType))]
      case .parameter(let key, let name):
        return parameters.values[name].map { [(ggufKey(key), $0.metadata)] } ?? []
      }
    }
  }

  /// Parameters that a GGUF has no key for and cannot show by its tensors, and that are set: they are lost in it.
  public func parametersLostInGGUF(_ set: ParameterSet) -> [(name: String, value: String)] {
    var kept: Set<String> = []
    for case .parameter(_, let name) in ggufMetadata { kept.insert(name) }
    return parameters.compactMap { rule in
      guard !kept.contains(rule.name), rule.presenceOf == nil, rule.absenceOf == nil,
        let value = set.values[rule.name]
      else { return nil }
      return (rule.configKeys.first ?? rule.name, value.description)
    }
  }

  /// The members of Meta's params.json.
  public func metaMembers(_ set: ParameterSet) -> JSON.Object {
    var members = JSON.Object()
    for rule in parameters {
      guard let key = rule.metaKey, let value = set.values[rule.name] else { continue }
      members[ExactString(key)] = value.json
    }
    return members
  }

  /// The members of a config.json in the dialect of transformers 4, which transformers 5 reads too.
  public func configurationMembers(_ set: ParameterSet) -> JSON.Object {
    var members = configConstants
    for rule in parameters {
      guard let key = rule.configKeys.first, let value = set.values[rule.name] else { continue }
      members[ExactString(key)] = value.json
    }
    members["rope_scaling"] = set.rotaryScaling.configurationMember ?? .null
    return members
  }
}

extension ParameterValue {
  fileprivate var metadata: MetadataValue {
    switch self {
    case .integer(let value): .uint32(UInt32(clamping: value))
    case .real(let value): .float32(Float(value))
    case .bool(let value): .bool(value)
    case .text(let value): .string(ByteString(value))
    case .list(let values): .array(Self.array(values))
    }
  }

  /// A list takes the type of its first element; a GGUF has no mixed ones.
  private static func array(_ values: [ParameterValue]) -> MetadataArray {
    switch values.first {
    case .real: .float32(values.map { if case .real(let value) = $0 { Float(value) } else { 0 } })
    case .bool: .bool(values.map { $0 == .bool(true) })
    case .text: .string(PackedStrings(values.map(\.description)))
    default: .uint32(values.map { if case .integer(let value) = $0 { UInt32(clamping: value) } else { 0 } })
    }
  }
}
