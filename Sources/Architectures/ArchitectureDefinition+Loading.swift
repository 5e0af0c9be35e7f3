import Bytes
import Tensors
import Tokenization

extension ArchitectureDefinition {
  /// Reads a definition; unknown keys, schemes, hyperparameters and roles are errors.
  ///
  /// - Parameters:
  ///   - bases: the definitions that `extends` can name, by name.
  ///   - maximumDepth: how many definitions it may extend, one of the other.
  public init(
    json: JSON, bases: [String: JSON], maximumDepth: Int = Self.maximumDepth
  ) throws(DefinitionError) {
    try self.init(unchecked: json, bases: bases, maximumDepth: maximumDepth)
    try validate()
  }

  /// Reads a definition whose parts are known to agree.
  init(unchecked json: JSON, bases: [String: JSON], maximumDepth: Int) throws(DefinitionError) {
    let extended = try ExtendedDefinition(json, bases: bases, maximumDepth: maximumDepth)
    resolved = extended.json
    var object = try StrictObject(extended.json, at: "")
    identity = try ArchitectureIdentity(extended, &object)
    summary = try object.string("summary")
    distinctiveKeys = try object.strings("gguf_keys") ?? []
    ggufOutput = try object.choice("gguf_output") ?? .optional
    schemes = try Self.readSchemes(&object)
    hyperparameters = try Self.unique(try Self.readHyperparameters(&object), at: "hyperparameters") { $0.name }
    hyperparameterDefaults = try Self.readHyperparameterDefaults(&object, hyperparameters)
    configConstants = try Self.readObject("config_constants", &object)
    expectedConfig = try Self.readObject("expected_config", &object)
    ropeTypes = try Self.readRopeTypes(&object)
    ropeForm = try object.choice("rope_parameters") ?? .single
    ggufMetadata = try Self.readMetadata(&object)
    predictionLayers = try Self.readPredictionLayers(&object)
    let hasPrediction = predictionLayers != nil
    tensors = try Self.unique(try Self.readTensors(&object), at: "tensors") { $0.role.rawValue }
      .filter { hasPrediction || !$0.isOfPrediction }
    fused = try Self.unique(try Self.readFusedTensors(&object), at: "fused") { $0.name }
    writtenTogether = (try object.stringLists("written_together") ?? []).map { $0.map(TensorRole.init(rawValue:)) }
    derived = try Self.readDerived(&object)
    dropped = try Self.readDropped(&object)
    detectableTransforms = try Self.readTransformKinds(&object)
    forwardPass = try object.take("forward_pass").map { features throws(DefinitionError) in
      try ForwardPassFeatures(json: features)
    }
    vocabulary = try VocabularyRules(object.take("vocabulary"))
    vocabulary.tokenizerClasses = try TokenizerClasses(&object)
    try object.finish()
  }

  private static func readObject(
    _ key: String, _ object: inout StrictObject
  ) throws(DefinitionError) -> JSON.Object {
    JSON.Object(uniqueKeysWithValues: (try object.members(key) ?? []).map { (ExactString($0.name), $0.value) })
  }

  /// `{"dynamic": "rotary_alpha"}`: hyperparameters by RoPE type.
  private static func readRopeTypes(_ object: inout StrictObject) throws(DefinitionError) -> [String: String] {
    var types: [String: String] = [:]
    for member in try object.members("rope_types") ?? [] {
      guard let name = member.value.string else {
        throw DefinitionError(
          keyPath: member.keyPath, reason: .wrongKind(expected: "a hyperparameter", found: member.value.kindName))
      }
      types[member.name] = name
    }
    return types
  }

  /// The rules, of which no two may have one name.
  private static func unique<Rule>(
    _ rules: [Rule], at place: String, name: (Rule) -> String
  ) throws(DefinitionError) -> [Rule] {
    var seen: Set<String> = []
    for rule in rules where !seen.insert(name(rule)).inserted {
      throw DefinitionError(keyPath: place, reason: .duplicate(name(rule)))
    }
    return rules
  }

  private static func readSchemes(_ object: inout StrictObject) throws(DefinitionError) -> [NamingScheme] {
    var schemes: [NamingScheme] = []
    for member in try object.members("schemes") ?? [] {
      var entry = try StrictObject(member.value, at: member.keyPath)
      schemes.append(
        NamingScheme(
          name: member.name, base: try entry.optionalString("based_on"), prefix: try readPrefix("prefix", &entry),
          isTextPart: try entry.flag("text_part"), isReadingOnly: try entry.flag("reading_only"),
          isGrid: try entry.flag("grid"),
          condition: try entry.optionalString("when"),
          className: try entry.optionalString("class"),
          modelType: try entry.optionalString("model_type"),
          hyperparametersFile: try entry.optionalString("hyperparameters_file")))
      try entry.finish()
    }
    return schemes
  }

  /// `{"prefixes": {"hf": {"model.layers.": "mtp.layers."}}}`.
  private static func readPredictionLayers(
    _ object: inout StrictObject
  ) throws(DefinitionError) -> PredictionLayersRule? {
    guard let value = object.take("prediction_layers") else { return nil }
    var entry = try StrictObject(value, at: "prediction_layers")
    var prefixes: [String: (base: String, own: String)] = [:]
    for member in try entry.members("prefixes") ?? [] {
      prefixes[member.name] = try prefix(member.value, at: member.keyPath)
    }
    let rule = PredictionLayersRule(prefixes: prefixes, dropReason: try entry.optionalString("dropped"))
    try entry.finish()
    return rule
  }

  /// `{"transformer.": ""}`: the prefix of the base names, and the prefix that replaces it.
  private static func readPrefix(
    _ key: String, _ entry: inout StrictObject
  ) throws(DefinitionError) -> (base: String, own: String)? {
    try entry.take(key).map { value throws(DefinitionError) in try prefix(value, at: entry.path(key)) }
  }

  private static func prefix(
    _ value: JSON, at keyPath: String
  ) throws(DefinitionError) -> (base: String, own: String) {
    guard let members = value.object, members.count == 1, let member = members.elements.first,
      let own = member.value.string
    else {
      throw DefinitionError(
        keyPath: keyPath, reason: .wrongKind(expected: "one pair of strings", found: "something else"))
    }
    return (member.key.text, own)
  }
}
