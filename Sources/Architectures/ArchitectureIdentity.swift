import Bytes

/// What files name an architecture by, and where its definition belongs among others.
///
/// It is a few members of a definition, so that one is found among the bundled ones without reading them all.
public struct ArchitectureIdentity: Sendable {
  /// The name, as in `ingot architectures NAME`.
  public let name: String
  /// Whether it only serves as a base, and is not an architecture.
  public let isAbstract: Bool
  /// The definitions that it extends, the nearest last.
  public let baseNames: [String]
  /// Entries of `architectures` in config.json that it matches.
  public let classes: [String]
  /// Values of `model_type` in config.json that it matches.
  public let modelTypes: [String]
  /// Members of config.json of which its folders have one; it comes before others with the same class then.
  public let configKeys: [String]
  /// The value of `general.architecture` in a GGUF; nil if it has no naming scheme `gguf`, because llama.cpp lacks the
  /// architecture.
  public let ggufArchitecture: String?
}

extension ArchitectureIdentity {
  /// Takes its members from those of the definition that `extended` is.
  init(_ extended: ExtendedDefinition, _ object: inout StrictObject) throws(DefinitionError) {
    name = try object.string("name")
    isAbstract = try object.flag("abstract")
    baseNames = extended.baseNames
    classes = try object.strings("classes") ?? []
    modelTypes = try object.strings("model_types") ?? []
    configKeys = try object.strings("config_keys") ?? []
    let ggufName = try object.optionalString("gguf_architecture") ?? name
    ggufArchitecture = extended.json["schemes"]?["gguf"] == nil ? nil : ggufName
  }
}
