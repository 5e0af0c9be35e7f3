import Architectures
import Bytes
import Formats
import Models
import Tensors
import Tokenization

/// The files of a model folder that are not weights.
enum SideFiles {
  /// Extensions of files of weights, in any container.
  private static let weightEndings = [
    ".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pth", ".pt", ".ckpt", ".gguf", ".h5",
    ".msgpack", ".onnx", ".onnx_data", ".npz", "ndarray-cache.json", "tensor-cache.json",
    MegatronSplit.tracker.name,
  ]
  /// The files with the configuration of a model, which are rewritten.
  fileprivate static let configurations: Set<String> = ["config.json", "mlc-chat-config.json"]

  /// Whether a file of this name says what the model is, or which of its saves is read.
  fileprivate static func describes(_ name: String) -> Bool {
    configurations.contains(name) || name == MegatronSplit.tracker.name
  }

  /// Whether a file of this name contains weights or an index of them.
  static func isWeights(_ name: String) -> Bool {
    let name = Compression.unpackedName(name)
    return weightEndings.contains { Path.hasEnding(name, $0) }
  }

  /// Whether a file belongs to the model: a regular, plainly named one that is neither weights nor hidden.
  static func belongs(_ name: String, in tree: any FileTree) -> Bool {
    !name.hasPrefix(".") && !configurations.contains(name) && !isWeights(name)
      && tree.hasFile(name)
  }

  /// Side files up to this size are digested for a receipt; configurations and tokenizers are smaller.
  fileprivate static let digestedByteCount = 64 << 20

  /// The files next to the weights, to be copied byte for byte; config.json is rewritten.
  static func copied(from folder: ModelFolder, to destination: String) throws -> [SideFile] {
    let tree = folder.tree
    var names = try tree.names(in: "").filter { belongs($0, in: tree) }
    for module in try folder.moduleFolders() {
      names += try tree.names(in: module).map { Path.join(module, $0) }.filter(tree.hasFile)
    }
    return names.map { SideFile(path: Path.join(destination, $0), content: .copy(of: $0, in: tree)) }
  }

  /// The files of a tokenizer beside weights that a config.json does not describe, to be copied; none without a vocabulary.
  static func tokenizer(of folder: ModelFolder, to destination: String) throws -> [SideFile] {
    let names = folder.sideFiles.filter(tokenizerNames.contains).filter(folder.tree.hasFile)
    guard names.contains(where: vocabularyNames.contains) else { return [] }
    return names.map { SideFile(path: Path.join(destination, $0), content: .copy(of: $0, in: folder.tree)) }
  }

  private static let vocabularyNames: Set<String> = [
    "tekken.json", "tiktoken.model", "tokenizer.json", "tokenizer.model", "vocab.json",
  ]
  private static let tokenizerNames = vocabularyNames.union([
    "added_tokens.json", "chat_template.jinja", "generation_config.json", "merges.txt", "special_tokens_map.json",
    "tokenizer_config.json",
  ])

  /// The stages of an encoder that pools its vectors by `mode`, as sentence-transformers reads them.
  static func modules(poolingMode mode: String, embeddingLength: Int) -> [(path: String, bytes: [UInt8])] {
    func stage(_ index: Int, _ path: String, _ type: String) -> JSON {
      .members([
        "idx": .integer(index), "name": .string("\(index)"), "path": .string(path),
        "type": .string("sentence_transformers.models.\(type)"),
      ])
    }
    let pooling = "1_Pooling"
    let flags: KeyValuePairs = ["cls_token": "cls", "mean_tokens": "mean", "lasttoken": "lasttoken"]
    var members: JSON.Object = ["word_embedding_dimension": .integer(embeddingLength)]
    for (flag, word) in flags { members[ExactString("pooling_mode_\(flag)")] = .bool(word == mode) }
    let stages = JSON.array([stage(0, "", "Transformer"), stage(1, pooling, "Pooling")])
    return [
      (ModelFolder.modulesFile, stages.encoded(.indented)),
      (Path.join(pooling, "config.json"), JSON.object(members).encoded(.indented)),
    ]
  }

  /// config.json with only the members that the conversion changes: class and type of the scheme, element type.
  ///
  /// - Parameters:
  ///   - isCast: whether a storage format is asked for, which then holds for the models inside as well.
  ///   - decodes: whether encoded tensors are decoded, so that nothing is quantized any more.
  static func configuration(
    _ configuration: Configuration, of definition: ArchitectureDefinition, from source: NamingScheme,
    to target: NamingScheme, elementType: String?,
    isCast: Bool, decodes: Bool, predictionLayers: (key: String, count: Int)? = nil, messages: inout [PlanMessage]
  ) -> [UInt8] {
    let isRenamed = source.name != target.name
    let whole = isRenamed ? configuration.json : configuration.original
    guard var members = isRenamed && source.isTextPart ? configuration.textMembers : whole.object else {
      return whole.encoded(.indented)
    }
    if isRenamed {
      // A text model of its own keeps the type that it has inside another, where that is one of its own.
      let type = source.isTextPart ? configuration.textModelType : nil
      let scheme = definition.schemes.first { $0.modelType != nil && $0.modelType == type } ?? target
      if let name = scheme.className, !source.isTextPart || members["architectures"] == nil {
        members["architectures"] = .array([.string(name)])
      }
      if let name = scheme.modelType, type.map({ !definition.modelTypes.contains($0) }) ?? true {
        members["model_type"] = .string(name)
      }
      if members.removeValue(forKey: "auto_map") != nil {
        messages.append(.note("auto_map is left out of config.json: it names code for the old tensor names"))
      }
    }
    if decodes {
      // MLX states the same twice.
      let stated = ["quantization_config", "quantization"].filter { members[ExactString($0)] != nil }
      for name in stated { members[ExactString(name)] = nil }
      if !stated.isEmpty {
        let words = stated.joined(separator: " and ")
        messages.append(
          .note("\(words) \(stated.count == 1 ? "is" : "are") left out of config.json: no tensor is encoded any more"))
      }
    }
    if let (key, count) = predictionLayers { members.restate(ExactString(key), count) }
    let key: ExactString = members["dtype"] != nil ? "dtype" : "torch_dtype"
    if let elementType, members[key] != nil || configuration.elementTypeName != elementType {
      members[key] = .string(elementType)
    }
    if isCast, let elementType { members = members.mapValues { $0.restating(elementType: elementType) } }
    return JSON.object(members).encoded(.indented)
  }

  /// generation_config.json from `general.sampling.*`; nil if a GGUF states nothing of it.
  ///
  /// - Parameter configuration: the members of config.json, whose special tokens it repeats.
  static func generationConfiguration(_ metadata: Metadata, tokens configuration: JSON.Object) -> [UInt8]? {
    let keys: KeyValuePairs = [
      "top_k": "top_k", "top_p": "top_p", "min_p": "min_p", "temp": "temperature",
      "penalty_repeat": "repetition_penalty",
    ]
    var members = JSON.Object()
    for (key, name) in keys {
      guard let value = metadata["general.sampling.\(key)"] else { continue }
      members[ExactString(name)] = value.integer.map { .integer($0) } ?? value.shortestReal.map { .real($0) }
    }
    // transformers ignores these values, with a warning, unless sampling is on.
    if !members.isEmpty { members["do_sample"] = .bool(true) }
    if let tokens = metadata["tokenizer.ggml.suppress_tokens"]?.array?.integers {
      members["suppress_tokens"] = .array(tokens.map { .integer($0) })
    }
    guard !members.isEmpty else { return nil }
    for role in [SpecialToken.bos, .eos, .pad] {
      let key = ExactString(role.configurationKey)
      if let id = configuration[key], !id.isNull { members[key] = id }
    }
    members.sort { $0.key < $1.key }
    return JSON.object(members).encoded(.indented)
  }
}

extension Model {
  /// The files of a folder from which configuration, tokenizer and model card are read; none for other sources.
  func readSideFiles() throws -> [any ByteSource] {
    guard let tree = folder?.tree, facts.ggufMetadata == nil, hasExplicitHyperparameters else { return [] }
    let names = try tree.names(in: "").filter {
      SideFiles.describes($0) && tree.hasFile($0) || SideFiles.belongs($0, in: tree)
    }
    return try names.map { name throws(FileError) in try tree.open(name) }
      .filter { $0.byteCount <= SideFiles.digestedByteCount }
  }
}

extension JSON {
  /// The configuration of a model inside another with this element type, where it states one; otherwise the value as it is.
  fileprivate func restating(elementType: String) -> JSON {
    guard var members = object else { return self }
    for key in ["dtype", "torch_dtype"] as [ExactString] where members[key]?.string != nil {
      members[key] = .string(elementType)
    }
    return .object(members)
  }
}

extension JSON.Object {
  /// Gives a member that is stated, here or for the text model, another number.
  fileprivate mutating func restate(_ key: ExactString, _ number: Int) {
    if self[key] != nil { self[key] = .integer(number) }
    guard var text = self["text_config"]?.object, text[key] != nil else { return }
    text[key] = .integer(number)
    self["text_config"] = .object(text)
  }
}
