import Architectures
import Bytes
import Formats
import Tensors
import Tokenization

/// A file of llama.cpp before GGUF: hyperparameters and vocabulary are in its header, a part of them.
///
/// What the header does not state comes from a params.json of the same model next to the file, from tensor shapes, or is
/// assumed.
struct LegacyGGMLFacts: ModelFacts {
  /// Words of the header, by the member of params.json that states the same.
  private static let words = ["dim": "n_embd", "n_heads": "n_head", "n_layers": "n_layer", "vocab_size": "n_vocab"]

  let folder: ModelFolder?
  let tokenizerMetadata: Metadata?
  /// The header's words and what params.json adds to them, as members of that file.
  private let members: JSON
  /// The words of the header; those of another file, where it describes another model.
  private let header: [String: Int]
  private let conflict: String?
  private let fileRemarks: [String]

  init(_ checkpoint: Checkpoint, _ header: [String: Int], _ folder: ModelFolder?) throws {
    self.header = header
    tokenizerMetadata = checkpoint.tokenizerMetadata
    var members = JSON.Object()
    for (member, word) in Self.words {
      if let value = header[word] { members[ExactString(member)] = .integer(value) }
    }
    if let count = Self.keyValueHeadCount(checkpoint, header) { members["n_kv_heads"] = .integer(count) }
    let stated = try folder?.jsonWithRemarks("params.json")
    let params = (stated?.value["model"] ?? stated?.value)?.object ?? [:]
    // A vocabulary size of −1 is that of the tokenizer.
    let other = Self.words.keys.sorted().first { member in
      let value = params[ExactString(member)]?.integer
      return member != "vocab_size" && value != nil && value != members[ExactString(member)]?.integer
    }
    if let other, let word = Self.words[other] {
      conflict =
        "params.json next to the file is of another model, so it is not read: \(other) is"
        + " \(params[ExactString(other)]?.integer?.grouped ?? ""), and \(word) in the header"
        + " \(header[word]?.grouped ?? "")"
    } else {
      conflict = nil
      members.merge(params) { own, _ in own }
    }
    let readsFolder = stated != nil && other == nil || tokenizerMetadata == nil
    self.folder = readsFolder ? folder : nil
    fileRemarks = other == nil ? stated?.remarks ?? [] : []
    self.members = .object(members)
  }

  /// The rows of a key matrix in heads, which no word of the header states.
  private static func keyValueHeadCount(_ checkpoint: Checkpoint, _ header: [String: Int]) -> Int? {
    guard let width = header["n_embd"], let heads = header["n_head"], heads > 0, width >= heads, width % heads == 0,
      let rows = checkpoint.tensor("layers.0.attention.wk.weight")?.shape.rowCount, rows % (width / heads) == 0
    else { return nil }
    return rows / (width / heads)
  }

  var hasExplicitHyperparameters: Bool { true }
  var includesTokenizer: Bool { true }
  var keepsBlockFormats: Bool { true }

  func candidates(in library: ArchitectureLibrary) -> [ArchitectureDefinition] { library.definitions }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try definition.hyperparameters(ofMeta: members, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    guard let key = rule.metaKeys.first(where: { members[$0] != nil }) else { return nil }
    if let word = Self.words[key] { return .member(word) }
    return key == "n_kv_heads" ? .tensors : .member(key)
  }

  func remarks(on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet) -> ConfigurationRemarks {
    var remarks = ConfigurationRemarks()
    remarks.warnings = fileRemarks + (conflict.map { [$0] } ?? []) + definition.metaRemarks(members)
    let assumed = ["norm_epsilon", "rotary_base", "context_length"].compactMap { name -> String? in
      guard let rule = definition.hyperparameter(name), origin(of: rule, in: definition) == nil else { return nil }
      let words = name.split(separator: "_").joined(separator: " ")
      return hyperparameters.values[name].map { "\(words) \($0)" }
    }
    if !assumed.isEmpty {
      remarks.warnings.append(
        "the header does not state everything: \(assumed.joined(separator: ", ")) \(assumed.count == 1 ? "is" : "are")"
          + " assumed, as in LLaMA 1 (a params.json next to the file can state \(assumed.count == 1 ? "it" : "them"))")
    }
    return remarks
  }

  func vocabulary(
    rules: @autoclosure () throws -> VocabularyRules, size: Int?
  ) throws -> (vocabulary: Vocabulary, conflicts: [VocabularyConflict])? {
    if let tokenizerMetadata {
      let read = try Vocabulary.read(tokenizerMetadata)
      return (read.vocabulary, read.conflicts)
    }
    guard let files = try folder?.tokenizerFiles(), files.hasVocabulary else { return nil }
    let read = try Vocabulary.read(files, rules: rules(), vocabularySize: size)
    return (read.vocabulary, read.conflicts)
  }
}
