import Architectures
import Bytes
import Formats
import Tensors

/// Why a checkpoint's architecture cannot be found.
public enum ModelError: IngotError {
  /// `fitting` are the definitions whose names and shapes are those of all tensors.
  case unknownArchitecture(path: String, classes: [String], modelType: String?, fitting: [String], known: [String])
  case unknownGGUFArchitecture(path: String, name: String, known: [String])
  case noArchitecture(path: String)
  case isAdapter(path: String)
  case unknownNames(path: String, sample: [String], known: [String])
  case noDefinition(name: String, known: [String])
  case noSuchTransform(String, architecture: String, known: [String])

  public var category: ErrorCategory {
    switch self {
    case .noDefinition, .noSuchTransform: .usage
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .unknownArchitecture(let path, let classes, let modelType, let fitting, _) where !fitting.isEmpty:
      "\(path.escapedForDisplay): architecture \((classes.first ?? modelType ?? "").quoted) is not known, but its tensors"
        + " have the names and shapes of \(fitting.joined(separator: ", ")) (pass --arch-as \(fitting[0]) if it computes"
        + " as that does)"
    case .unknownArchitecture(let path, let classes, let modelType, _, let known):
      "\(path.escapedForDisplay): architecture \((classes.first ?? modelType ?? "").quoted) is not known (known: "
        + "\(known.joined(separator: ", ")); pass --arch-as NAME if it is one of these by another name)"
    case .unknownGGUFArchitecture(let path, let name, let known):
      "\(path.escapedForDisplay): general.architecture \(name.quoted) is not known (known: \(known.joined(separator: ", ")))"
    case .noArchitecture(let path):
      "\(path.escapedForDisplay): has no general.architecture, so its tensors cannot be interpreted"
    case .isAdapter(let path):
      "\(path.escapedForDisplay): is a low-rank adapter and no model of its own (pass the model that it was made for, with"
        + " --lora \(path.escapedForDisplay))"
    case .unknownNames(let path, let sample, let known):
      "\(path.escapedForDisplay): tensor names such as \(sample.map(\.quoted).joined(separator: ", ")) are of no known"
        + " naming scheme (known: \(known.joined(separator: ", ")); --mapping FILE can define one)"
    case .noDefinition(let name, let known):
      "architecture \(name.quoted) has no definition (known: \(known.joined(separator: ", ")))"
    case .noSuchTransform(let name, let architecture, let known):
      "--has-transform \(name): no tensor of \(architecture) has this transform (those that have: "
        + "\(known.isEmpty ? "none" : known.joined(separator: ", ")))"
    }
  }
}

extension Model {
  /// Opens a model folder, a shard, an index or a file, and finds out what it is.
  ///
  /// - Parameters:
  ///   - library: the definitions to choose from.
  ///   - architecture: the definition to use, whatever the files say (`--arch-as`).
  ///   - adapters: folders of low-rank adapters (LoRA) that are added to the weights, in order.
  ///   - dialect: whether values are read to tell which transforms the tensors have, and what is known of it.
  /// - Throws: when the files cannot be read or no definition fits. Tensors that do not fit are `problems`.
  public static func open(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil, adapters: [String] = [],
    appliedTransforms: TransformDetection = .declared
  ) throws -> Model {
    guard adapters.isEmpty else {
      return try open(path, adapters.map { try LoRAAdapter($0) }, library, architecture, appliedTransforms)
    }
    return try open(path, try Checkpoint.open(path), library, architecture).finding(appliedTransforms)
  }

  private static func open(
    _ path: String, _ checkpoint: Checkpoint, _ library: ArchitectureLibrary, _ architecture: String?
  ) throws -> Model {
    if LoRAAdapter.isAdapter(checkpoint) { throw ModelError.isAdapter(path: path) }
    let folder = try? ModelFolder(path)
    var configuration: Configuration?
    var metaParameters: JSON?
    if checkpoint.container == .safeTensors, let folder {
      let pooling = try folder.poolingMode()
      configuration = try folder.json("config.json").map { Configuration($0, poolingMode: pooling) }
      metaParameters = try folder.json("params.json")
    }
    var candidates: [ArchitectureDefinition]
    if let architecture {
      guard let definition = library.definition(named: architecture) else {
        throw ModelError.noDefinition(name: architecture, known: library.definitions.map(\.name))
      }
      candidates = [definition]
    } else {
      candidates = try library.candidates(path, checkpoint, configuration)
    }
    let (definition, scheme) = try bestScheme(candidates, checkpoint, path: path)
    var problems: [any IngotError] = []
    var remarks = ["\(definition.name) in the naming scheme \(scheme.name.quoted), found from the tensor names"]
    let evidence = ArchitectureDefinition.Evidence(checkpoint, definition, scheme)
    var parameters: HyperparameterSet
    let hasStatedNumbers = checkpoint.container == .gguf || configuration != nil || metaParameters != nil
    switch (checkpoint.container, configuration, metaParameters) {
    case (.gguf, _, _):
      parameters = try slot(path) {
        () throws(HyperparameterError) in try definition.parameters(of: checkpoint.metadata, evidence: evidence)
      }
      var scaling = RopeScalingRecovery(checkpoint, definition, scheme)
      try scaling.restore(&parameters)
      problems += scaling.problems
      remarks += scaling.remarks
    case (_, let configuration?, _):
      parameters = try slot(path) {
        () throws(HyperparameterError) in try definition.parameters(of: configuration, evidence: evidence)
      }
    case (_, nil, let params?):
      parameters = try slot(path) {
        () throws(HyperparameterError) in try definition.parameters(ofMeta: params, evidence: evidence)
      }
    case (_, nil, nil):
      parameters = definition.parameters(inferredFrom: evidence)
      remarks.append("no config.json or params.json is beside the file: its numbers are those that its tensors show")
    }
    let mapped = TensorMapping(checkpoint, definition, scheme, parameters)
    return Model(
      checkpoint: checkpoint, folder: folder, configuration: configuration, definition: definition, scheme: scheme,
      parameters: parameters, hasStatedNumbers: hasStatedNumbers, mapped: mapped, problems: problems, remarks: remarks)
  }

  /// Opens the model and adds the adapters, one after the other.
  private static func open(
    _ path: String, _ adapters: [LoRAAdapter], _ library: ArchitectureLibrary, _ architecture: String?,
    _ appliedTransforms: TransformDetection
  ) throws -> Model {
    var checkpoints = [try Checkpoint.open(path)]
    for (adapter, base) in zip(adapters, 0...) {
      let base = checkpoints[base]
      checkpoints.append(try adapter.naming { () throws(AdapterError) in try base.replacing(with: adapter) })
    }
    let model = try open(path, checkpoints[adapters.count], library, architecture).finding(appliedTransforms)
    return try zip(adapters, checkpoints).reduce(model) { model, step in
      try step.0.naming { () throws(AdapterError) in try model.adding(step.0, to: step.1) }
    }
  }

  private static func slot<T>(_ path: String, _ body: () throws(HyperparameterError) -> T) throws -> T {
    do throws(HyperparameterError) {
      return try body()
    } catch {
      throw LocatedError(path: path, fact: error)
    }
  }

  /// The candidate and scheme that know most of the names; the first of equals.
  private static func bestScheme(
    _ candidates: [ArchitectureDefinition], _ checkpoint: Checkpoint, path: String
  ) throws -> (ArchitectureDefinition, NamingScheme) {
    var best: (definition: ArchitectureDefinition, scheme: NamingScheme, known: Int)?
    for definition in candidates {
      for scheme in definition.schemes {
        let reader = definition.reader(of: scheme)
        let known = checkpoint.tensors.reduce(0) { $0 + (reader.meaning(of: $1.name) == nil ? 0 : 1) }
        if known > best?.known ?? 0 { best = (definition, scheme, known) }
      }
    }
    guard let best else {
      throw ModelError.unknownNames(
        path: path, sample: checkpoint.tensors.prefix(3).map(\.name.text),
        known: Set(candidates.flatMap { $0.schemes.map(\.name) }).sorted())
    }
    return (best.definition, best.scheme)
  }
}

extension ArchitectureLibrary {
  /// The definitions that the files name; all of them where nothing is named.
  fileprivate func candidates(
    _ path: String, _ checkpoint: Checkpoint, _ configuration: Configuration?
  ) throws -> [ArchitectureDefinition] {
    if checkpoint.container == .gguf {
      guard let name = checkpoint.metadata["general.architecture"]?.text else {
        throw ModelError.noArchitecture(path: path)
      }
      let matching = definitions.filter { $0.ggufArchitecture == name }
      guard !matching.isEmpty else {
        throw ModelError.unknownGGUFArchitecture(
          path: path, name: name, known: Set(definitions.map(\.ggufArchitecture)).sorted())
      }
      // Several definitions share a GGUF architecture: one that a key tells, else the one it is named after, which has no
      // peculiarities, before those that only their tensors tell.
      let told = matching.filter { definition in
        definition.distinctiveKey.map { checkpoint.metadata[definition.ggufKey($0)] != nil } ?? false
      }
      let others = matching.filter { $0.distinctiveKey == nil }
      return told + others.filter { $0.name == name } + others.filter { $0.name != name }
    }
    guard let configuration else { return definitions }
    let classes = configuration.classes
    for name in classes {
      guard let first = definitions.first(where: { $0.classes.contains(name) }) else { continue }
      // A class with images or sound says little of the text model inside.
      let inner = configuration.textModelType.flatMap { type in
        definitions.first { $0.modelTypes.contains(type) }
      }
      return [inner ?? first]
    }
    if classes.isEmpty, let type = configuration.modelType,
      let first = definitions.first(where: { $0.modelTypes.contains(type) })
    {
      return [first]
    }
    throw ModelError.unknownArchitecture(
      path: path, classes: classes, modelType: configuration.modelType, fitting: fitting(checkpoint, configuration),
      known: definitions.map(\.name))
  }

  /// The definitions under which every tensor has a place and its shape, and none is missing.
  private func fitting(_ checkpoint: Checkpoint, _ configuration: Configuration) -> [String] {
    definitions.filter { definition in
      guard let parameters = try? definition.parameters(of: configuration) else { return false }
      return definition.schemes.contains {
        TensorMapping(checkpoint, definition, $0, parameters).problems.isEmpty
      }
    }.map(\.name)
  }
}

extension ArchitectureDefinition.Evidence {
  /// What the tensors of a checkpoint tell in one scheme.
  init(_ checkpoint: Checkpoint, _ definition: ArchitectureDefinition, _ scheme: NamingScheme) {
    let reader = definition.reader(of: scheme)
    var rows: [TensorRole: Int] = [:]
    var roles: Set<TensorRole> = []
    var lastLayers: [TensorRole: Int] = [:]
    var layerCount: Int?
    for tensor in checkpoint.tensors {
      guard case .tensor(let index, let layer, _) = reader.meaning(of: tensor.name) else { continue }
      let rule = reader.rules[index]
      if let layer, rule.tensors[0].layers == nil { layerCount = max(layerCount ?? 0, layer + 1) }
      for role in rule.roles {
        roles.insert(role)
        if let layer { lastLayers[role] = max(lastLayers[role] ?? 0, layer) }
      }
      if rule.isAlone, rows[rule.roles[0]] == nil { rows[rule.roles[0]] = tensor.shape.dimensions.first ?? 1 }
    }
    self.init(layerCount: layerCount, roles: roles, lastLayers: lastLayers, rows: rows)
  }
}
