import Bytes
import Tensors

extension ArchitectureDefinition {
  /// Reads a definition; unknown keys, schemes, parameters and roles are errors.
  ///
  /// - Parameter bundled: gives the text of the bundled definition that `extends` names.
  public init(json: JSON, bundled: (String) -> JSON?) throws(DefinitionError) {
    let extended = try ExtendedDefinition(json, bundled: bundled)
    baseNames = extended.baseNames
    var object = try StrictObject(extended.json, at: "")
    name = try object.string("name")
    summary = try object.string("summary")
    isAbstract = try object.flag("abstract")
    classes = try object.strings("classes") ?? []
    modelTypes = try object.strings("model_types") ?? []
    ggufArchitecture = try object.optionalString("gguf_architecture") ?? name
    distinctiveKey = try object.optionalString("gguf_key")
    schemes = try Self.readSchemes(&object)
    parameters = try Self.unique(try Self.readParameters(&object), at: "parameters") { $0.name }
    parameterDefaults = try Self.readParameterDefaults(&object, parameters)
    configConstants = JSON.Object(
      uniqueKeysWithValues: (try object.members("config_constants") ?? []).map { (ExactString($0.name), $0.value) })
    ggufMetadata = try Self.readMetadata(&object)
    tensors = try Self.unique(try Self.readTensors(&object), at: "tensors") { $0.role.rawValue }
    packed = try Self.unique(try Self.readPacked(&object), at: "packed") { $0.name }
    writtenTogether = (try object.stringLists("written_together") ?? []).map { $0.map(TensorRole.init(rawValue:)) }
    derived = try Self.readDerived(&object)
    dropped = try Self.readDropped(&object)
    transformsToldByValues = try Self.readTransformKinds(&object)
    forwardPass = try object.take("forward_pass").map { features throws(DefinitionError) in
      try ForwardPassFeatures(json: features)
    }
    vocabulary = object.take("vocabulary")
    try object.finish()
    try validate()
  }

  /// The rules, of which no two may have one name.
  private static func unique<Rule>(
    _ rules: [Rule], at place: String, name: (Rule) -> String
  ) throws(DefinitionError) -> [Rule] {
    var seen: Set<String> = []
    for rule in rules where !seen.insert(name(rule)).inserted {
      throw DefinitionError(place: place, fact: .duplicate(name(rule)))
    }
    return rules
  }

  private static func readSchemes(_ object: inout StrictObject) throws(DefinitionError) -> [NamingScheme] {
    var schemes: [NamingScheme] = []
    for member in try object.members("schemes") ?? [] {
      var entry = try StrictObject(member.value, at: member.place)
      schemes.append(
        NamingScheme(
          name: member.name, base: try entry.optionalString("based_on"), prefix: try readPrefix(&entry),
          isTextPart: try entry.flag("text_part"), condition: try entry.optionalString("when"),
          className: try entry.optionalString("class"),
          modelType: try entry.optionalString("model_type"),
          numbersFile: try entry.optionalString("numbers_file")))
      try entry.finish()
    }
    return schemes
  }

  /// `{"transformer.": ""}`: what the names of the base begin with, and what these begin with instead.
  private static func readPrefix(
    _ entry: inout StrictObject
  ) throws(DefinitionError) -> (base: String, own: String)? {
    guard let members = try entry.members("prefix") else { return nil }
    guard members.count == 1, let own = members[0].value.string else {
      throw DefinitionError(
        place: entry.path("prefix"), fact: .wrongKind(expected: "one pair of strings", found: "something else"))
    }
    return (members[0].name, own)
  }
}
