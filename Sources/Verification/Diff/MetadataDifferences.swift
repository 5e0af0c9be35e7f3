import Architectures
import Bytes
import Models
import Tensors
import Tokenization

/// The differences between the metadata of two GGUFs, as findings.
///
/// Keys of hyperparameters and vocabularies are compared by their effect elsewhere: here they are notes. Where that is
/// not possible, since the architecture or the tokenizer is unknown, a difference counts as a fault.
struct MetadataDifferences {
  private let severity: Finding.Severity
  /// Whether both architectures are known, so that hyperparameters were compared.
  private let comparesHyperparameters: Bool
  /// Whether both vocabularies were compared.
  private let comparesVocabulary: Bool
  /// The keys that hyperparameters come from.
  private let hyperparameterKeys: Set<String>

  /// Keys that describe a file or follow from its storage formats; they change nothing that a model computes.
  private static let idleKeys = [
    "general.name", "general.author", "general.version", "general.organization", "general.finetune",
    "general.basename", "general.description", "general.quantized_by", "general.size_label", "general.license",
    "general.url", "general.doi", "general.uuid", "general.repo_url", "general.source.", "general.base_model.",
    "general.datasets", "general.dataset.", "general.tags", "general.languages", "general.file_type",
    "general.quantization_version", "general.alignment", "general.type", "split.", "quantize.imatrix.",
  ]

  /// - Parameter severity: of differences that change what is computed or generated.
  init(
    reference: DiffSide, candidate: DiffSide, severity: Finding.Severity, comparesVocabulary: Bool
  ) {
    self.severity = severity
    self.comparesVocabulary = comparesVocabulary
    let models = [reference.model, candidate.model]
    comparesHyperparameters = !models.contains { $0 == nil }
    hyperparameterKeys = Set(
      models.compactMap(\.?.definition).flatMap { definition in
        definition.hyperparameters.flatMap(definition.ggufKeys)
      })
  }

  /// Returns keys of one side only, and keys with different values, in the order of the reference.
  func findings(_ reference: Metadata, _ candidate: Metadata) -> [Finding] {
    var findings: [Finding] = []
    for (key, value) in reference.pairs {
      guard let other = candidate.pairs[key] else {
        findings.append(finding(key, "is in the reference only: \(value.display())", isStatedTwice: false))
        continue
      }
      guard other != value else { continue }
      findings.append(finding(key, Self.difference(value, other), isStatedTwice: true))
    }
    for (key, value) in candidate.pairs where reference.pairs[key] == nil {
      findings.append(finding(key, "is in the candidate only: \(value.display())", isStatedTwice: false))
    }
    return findings
  }

  private static func difference(_ one: MetadataValue, _ other: MetadataValue) -> String {
    if let left = one.strings, let right = other.strings, left.count == right.count,
      let index = left.indices.first(where: { left[$0] != right[$0] })
    {
      return "element \(index.grouped) is \(left.text(index).quoted) in the reference, "
        + "\(right.text(index).quoted) in the candidate"
    }
    if let left = one.array, let right = other.array, left.count != right.count {
      return "has \(counted(left.count, "element")) in the reference, \(right.count.grouped) in the candidate"
    }
    let texts = [one.display(), other.display()]
    if texts[0] == texts[1] { return "differs after the part that is shown: \(texts[0])" }
    return "is \(texts[0]) in the reference, \(texts[1]) in the candidate"
  }

  private func finding(_ key: ExactString, _ message: String, isStatedTwice: Bool) -> Finding {
    Finding(severity(of: key.text, isStatedTwice: isStatedTwice), "diff.metadata", .metadata(key), message)
  }

  private func severity(of key: String, isStatedTwice: Bool) -> Finding.Severity {
    if Self.idleKeys.contains(where: { $0.hasSuffix(".") ? key.hasPrefix($0) : key == $0 }) { return .note }
    if key == "general.architecture" { return severity }
    if key.hasPrefix("general.sampling.") { return isStatedTwice ? severity : .warning }
    if key.hasPrefix("tokenizer.") {
      guard comparesVocabulary else { return severity }
      return Vocabulary.includes(metadataKey: key) ? .note : .warning
    }
    guard !key.hasPrefix("general.") else { return .warning }
    guard comparesHyperparameters else { return severity }
    return hyperparameterKeys.contains(key) ? .note : .warning
  }
}
