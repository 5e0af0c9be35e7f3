import Architectures
import Bytes
import Models
import Tokenization

/// The differences between config.json and generation_config.json of two folders, apart from hyperparameters.
///
/// Models of other kinds state these facts in their vocabulary or their metadata.
struct ConfigurationDifferences {
  private(set) var findings: [Finding] = []
  private let check: String
  private let severity: Finding.Severity, lossSeverity: Finding.Severity

  private static let configFile = "config.json", generationFile = "generation_config.json"

  /// Members that say how a file was made, stored or loaded, but not what the model computes.
  private static let idleMembers: Set<String> = [
    "_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "architectures", "model_type",
    "auto_map", "license", "_from_model_config", "_attn_implementation", "_attn_implementation_autoset",
    "attn_implementation", "output_attentions", "output_hidden_states", "return_dict", "quantization_config",
    "initializer_range", "gradient_checkpointing", "is_decoder", "torchscript", "pretraining_tp", "attention_dropout",
    "hidden_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout", "hidden_dropout_prob",
    "attention_probs_dropout_prob",
  ]

  /// - Parameters:
  ///   - severity: of differences that change what is generated.
  ///   - lossSeverity: of ends that the candidate has lost, such as on the way through a GGUF, which stores one.
  init(
    _ reference: Model, _ candidate: Model, check: String, severity: Finding.Severity, lossSeverity: Finding.Severity
  ) {
    self.check = check
    self.lossSeverity = lossSeverity
    self.severity = severity
    do {
      guard let one = try GenerationSettings(reference.facts), let other = try GenerationSettings(candidate.facts)
      else { return }
      for role in [SpecialToken.bos, .eos, .pad] {
        compare(role, one, other, ofTokenizer: (try? reference.vocabulary())?.vocabulary.id(of: role))
      }
      if let members = one.generation, let others = other.generation { compareGeneration(members, others) }
      let known = Self.hyperparameterMembers(reference).union(Self.hyperparameterMembers(candidate))
      compareMembers(one.configuration, other.configuration, except: known.union(Self.roleMembers))
    } catch {
      findings.append(Finding(severity, check, .member(file: Self.generationFile, "all"), "is not compared: \(error)"))
    }
  }

  private static let roleMembers = Set([SpecialToken.bos, .eos, .pad].map(\.configurationKey))

  /// The members of config.json that hyperparameters come from, which are compared as such.
  private static func hyperparameterMembers(_ model: Model) -> Set<String> {
    let rotary = ["rope_scaling", "rope_theta", "rope_parameters"]
    let paths = model.definition.hyperparameters.flatMap(\.configKeys) + rotary
    return Set(paths.compactMap { $0.split(separator: ".").first.map(String.init) })
  }

  /// Compares the ids of a role: those of config.json, which converters read, and those that generation follows.
  private mutating func compare(
    _ role: SpecialToken, _ one: GenerationSettings, _ other: GenerationSettings,
    ofTokenizer id: @autoclosure () -> Int?
  ) {
    let configured = (one.configuredIDs(of: role), other.configuredIDs(of: role))
    let generated = (one.generationIDs(of: role), other.generationIDs(of: role))
    let isConfigured = configured.0 != configured.1 && (generated.0 != generated.1 || !configured.1.isEmpty)
    guard isConfigured || generated.0 != generated.1 else { return }
    let (ids, others) = isConfigured ? configured : generated
    let file = isConfigured ? Self.configFile : Self.generationFile
    var severity = severity
    var fact = "is \(Self.words(ids)) in the reference, \(Self.words(others)) in the candidate"
    if let id = id(), others == [id], !ids.contains(id) {
      // The reference contradicts itself, and the candidate follows its tokenizer.
      severity = .note
      fact += ", as in the tokenizer of the reference"
    } else if others.isStrictSubset(of: ids), role == .eos {
      severity = lossSeverity
    } else if ids.isEmpty || others.isEmpty {
      severity = .warning
    }
    findings.append(Finding(severity, check, .member(file: file, role.configurationKey), fact))
  }

  private static func words(_ ids: Set<Int>) -> String {
    ids.isEmpty ? "none" : ids.sorted().map { "\($0)" }.joined(separator: " and ")
  }

  /// Compares sampling and the like; a value that one side leaves to a default is a warning.
  private mutating func compareGeneration(_ one: JSON.Object, _ other: JSON.Object) {
    for key in Set(one.keys).union(other.keys).sorted() {
      guard !Self.idleMembers.contains(key.text), !Self.roleMembers.contains(key.text),
        !Self.areEqual(one[key] ?? .null, other[key] ?? .null)
      else { continue }
      let isStated = one[key] != nil && other[key] != nil
      report(Self.generationFile, key, one[key], other[key], isStated ? severity : .warning)
    }
  }

  /// Compares the members that no hyperparameter comes from.
  private mutating func compareMembers(_ one: JSON.Object, _ other: JSON.Object, except known: Set<String>) {
    for key in one.keys where !known.contains(key.text) {
      guard let value = one[key], let otherValue = other[key], !Self.areEqual(value, otherValue) else { continue }
      report(
        Self.configFile, key, value, otherValue, Self.idleMembers.contains(key.text) ? .note : .warning)
    }
    for (members, others, side) in [(one, other, "reference"), (other, one, "candidate")] {
      let names = members.keys.filter {
        others[$0] == nil && members[$0]?.isNull == false && !known.contains($0.text)
          && !Self.idleMembers.contains($0.text)
      }
      guard let first = names.first else { continue }
      let rest = names.count > 1 ? " and \(counted(names.count - 1, "other member"))" : ""
      let fact = names.count > 1 ? "are in the \(side) only" : "is in the \(side) only"
      findings.append(Finding(.note, check, .member(file: Self.configFile, first.text + rest), fact))
    }
  }

  private mutating func report(
    _ file: String, _ key: ExactString, _ one: JSON?, _ other: JSON?, _ severity: Finding.Severity
  ) {
    let words = [one, other].map { $0.map { Self.shortened($0.text(.compact)) } ?? "absent" }
    findings.append(
      Finding(
        severity, check, .member(file: file, key.text),
        "is \(words[0]) in the reference, \(words[1]) in the candidate"))
  }

  /// Values longer than this are cut.
  private static let shownLength = 60

  private static func shortened(_ text: String) -> String {
    text.count > shownLength ? text.prefix(shownLength) + "…" : text
  }

  /// Whether values are equal; numbers by their value, so that 1 equals 1.0.
  private static func areEqual(_ one: JSON, _ other: JSON) -> Bool {
    if one == other { return true }
    if let left = one.real, let right = other.real { return left == right }
    if let left = one.array, let right = other.array {
      return left.count == right.count && zip(left, right).allSatisfy(areEqual)
    }
    guard let left = one.object, let right = other.object else { return false }
    return Set(left.keys) == Set(right.keys) && left.allSatisfy { areEqual($1, right[$0] ?? .null) }
  }
}
