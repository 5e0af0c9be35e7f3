import Architectures
import Bytes
import Formats
import Models
import Tensors

extension HeaderCheck {
  /// Why the checkpoint has no architecture, or contradicts it.
  var architectureFindings: [Finding] {
    if let foreignKeys { return [foreignKeys] }
    guard let reason = side.reason else { return keyFindings }
    // Files of other programs have no architecture either.
    let isModel = side.isDefective || side.checkpoint.tensor("token_embd.weight") != nil && !statesArchitecture
    return [Finding(isModel ? .error : .warning, "architecture", .architecture, reason)]
  }

  private var statesArchitecture: Bool { side.checkpoint.metadata["general.architecture"] != nil }

  /// Keys without which llama.cpp loads no model (`llama_model_base::load_hparams`).
  private static let requiredKeys = [".context_length", ".embedding_length", ".block_count"]

  /// All hyperparameters have the prefix of another architecture than the GGUF states.
  private var foreignKeys: Finding? {
    guard let metadata = side.checkpoint.ggufMetadata, let name = metadata["general.architecture"]?.text,
      !metadata.pairs.keys.contains(where: { $0.text.hasPrefix(name + ".") })
    else { return nil }
    let other = metadata.pairs.keys.lazy.compactMap { key in
      Self.requiredKeys.first { key.text.hasSuffix($0) }.map { String(key.text.dropLast($0.count)) }
    }.first
    return other.map {
      Finding(
        .error, "architecture", .metadata("general.architecture"),
        "is \(name.quoted), but the hyperparameters are those of \(($0 + ".").quoted)")
    }
  }

  /// Keys that llama.cpp demands of the architectures whose files have them.
  private static let usualKeys =
    requiredKeys + [
      ".feed_forward_length", ".attention.head_count", ".attention.layer_norm_epsilon",
      ".attention.layer_norm_rms_epsilon",
    ]

  /// Keys that are missing, or of another type than llama.cpp reads.
  private var keyFindings: [Finding] {
    guard let metadata = side.checkpoint.ggufMetadata, let model = side.model, !model.tensors.isEmpty else { return [] }
    var findings: [Finding] = []
    func add(_ key: String, _ message: String) {
      findings.append(Finding(.error, "hyperparameters", .metadata(ExactString(key)), message))
    }
    let definition = model.definition
    var required = Self.requiredKeys.map { definition.ggufKey("{arch}" + $0) }
    for case .pair(let pattern, _, let condition) in definition.ggufMetadata {
      guard condition == .always || condition == .explicit else { continue }
      let key = definition.ggufKey(pattern)
      if !required.contains(key), Self.usualKeys.contains(where: key.hasSuffix) { required.append(key) }
    }
    for key in required where metadata[key] == nil { add(key, "is missing, and llama.cpp loads no model without it") }
    for rule in definition.ggufMetadata {
      guard case .pair = rule else { continue }
      for (key, value) in definition.metadata(of: rule, model.hyperparameters, explicitRotary: [:]) {
        guard let stated = metadata[key], stated.array == nil, value.array == nil, stated.type != value.type else {
          continue
        }
        add(key, "is of type \(stated.type.typeName), and llama.cpp reads \(value.type.typeName)")
      }
    }
    let prefix = definition.ggufKey("{arch}.")
    if let used = metadata[prefix + "expert_used_count"]?.integer, used > 0,
      metadata[prefix + "expert_count"]?.integer ?? 0 == 0
    {
      add(prefix + "expert_used_count", "is \(used.grouped), but the model has no experts")
    }
    if let factor = metadata[prefix + "rope.scaling.factor"]?.real, !(factor >= 0 && factor.isFinite) {
      add(prefix + "rope.scaling.factor", "is \(factor), expected a number above 0")
    }
    return findings
  }

  /// Tensors that do not fit, and hyperparameters that the forward pass refuses or that contradict each other.
  var modelFindings: [Finding] {
    guard let model = side.model else { return [] }
    let findings =
      hyperparameterFindings(model) + outputFindings(model)
      + ProblemList(model.problems).lines(listsAll: listsAll).map { Finding(.error, "coverage", subject, $0) }
    // Other keys follow from wrong ones.
    guard findings.pass else { return findings }
    return findings
      + MetadataContradictions.findings(model, severity: .warning, check: "metadata").map { finding in
        let isShape = Self.headSizes.contains { finding.subject.description.hasSuffix($0) }
        return isShape ? Finding(.error, finding.check, finding.subject, finding.message) : finding
      }
  }

  /// Keys from which llama.cpp computes the shapes of tensors.
  private static let headSizes = [".attention.key_length", ".attention.value_length"]

  /// The output matrix of a GGUF, which llama.cpp demands of some architectures and refuses of others.
  private func outputFindings(_ model: Model) -> [Finding] {
    guard model.facts.ggufMetadata != nil, !model.tensors.isEmpty else { return [] }
    let name = TensorName("output.weight")
    let fact: String? =
      switch (model.definition.ggufOutput, model.checkpoint.tensor(name) != nil) {
      case (.required, false): "is missing, and llama.cpp loads no \(model.definition.name) without it"
      case (.absent, true): "is stored, and llama.cpp loads no \(model.definition.name) with it"
      default: nil
      }
    return fact.map { [Finding(.error, "output", .tensor(name), $0)] } ?? []
  }

  private func hyperparameterFindings(_ model: Model) -> [Finding] {
    guard model.hasExplicitHyperparameters, model.definition.forwardPass != nil else { return [] }
    do throws(HyperparameterError) {
      return try model.forwardPassHyperparameters().rangeFaults(of: model).map {
        Finding($0.severity, "hyperparameters", Self.subject(of: $0.name, model), "\($0.name) \($0.message)")
      }
    } catch {
      return [Finding(.error, "hyperparameters", error.name.map { Self.subject(of: $0, model) } ?? subject, "\(error)")]
    }
  }

  /// The key that states a hyperparameter, or its name.
  private static func subject(of name: String, _ model: Model) -> Finding.Subject {
    switch model.origin(of: name) {
    case .pair(let key): .metadata(ExactString(key))
    case .member(let key): .hyperparameter(key)
    default: .hyperparameter(name)
    }
  }
}

extension Hyperparameters {
  /// The greatest constant in norms that any known model has is 1e-3.
  private static let greatestNormEpsilon = 0.01
  /// The least RoPE base of any known model is 100.
  private static let leastRotaryBase = 10.0

  /// Values that are possible and are those of no model.
  fileprivate func rangeFaults(
    of model: Model
  ) -> [(severity: Finding.Severity, name: String, message: String)] {
    var faults: [(severity: Finding.Severity, name: String, message: String)] = []
    if normEpsilon > Self.greatestNormEpsilon {
      faults.append((.warning, "norm_epsilon", "is \(normEpsilon), expected at most \(Self.greatestNormEpsilon)"))
    }
    guard features.positions == .rotary else { return faults }
    if rotary.base < Self.leastRotaryBase {
      faults.append((.warning, "rotary_base", "is \(rotary.base), expected \(Self.leastRotaryBase) or more"))
    }
    if let factor = rotary.scaling.factor, !(factor > 0 && factor.isFinite) {
      faults.append((.error, "rotary_base", "has a scaling by the factor \(factor), expected a number above 0"))
    }
    guard latentAttention == nil else { return faults }
    let key = model.definition.ggufKey("{arch}.rope.dimension_count")
    let rotated = model.facts.ggufMetadata?[key]?.integer ?? rotary.dimensionCount
    // llama.cpp follows the key, also where every model of the architecture rotates whole heads.
    let rotatesWholeHeads = model.definition.hyperparameter("rotary_dimension_count") == nil
    if rotated > headDimension || rotatesWholeHeads && rotated != headDimension {
      faults.append(
        (.error, "rotary_dimension_count", "is \(rotated.grouped), but a head has \(headDimension.grouped) elements"))
    }
    return faults
  }
}

extension HyperparameterError {
  /// The hyperparameter; nil where the error is about several or about a key.
  fileprivate var name: String? {
    switch self {
    case .missing(let name, _), .notPositive(let name, _), .notDivisible(let name, _, _, _), .mustBeEven(let name, _),
      .outOfRange(let name, _), .tooFewLayers(let name, _, _, _):
      name
    default: nil
    }
  }
}
