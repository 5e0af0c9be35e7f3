import Bytes
import Tensors

/// The differences between the metadata of two checkpoints, as findings.
///
/// They never fail a comparison: what changes the model's output are its hyperparameters, which are compared separately.
enum MetadataDifferences {
  /// Keys that follow from the storage formats: they differ if these do.
  private static let technical = ["general.file_type", "general.quantization_version"]

  /// Returns keys of one side only, and keys with different values, in the order of the reference.
  static func findings(reference: Metadata, candidate: Metadata) -> [Finding] {
    var findings: [Finding] = []
    for (key, value) in reference.pairs {
      guard let other = candidate.pairs[key] else {
        findings.append(finding(key, "is in the reference only: \(value.display())"))
        continue
      }
      guard other != value else { continue }
      findings.append(finding(key, difference(value, other)))
    }
    for (key, value) in candidate.pairs where reference.pairs[key] == nil {
      findings.append(finding(key, "is in the candidate only: \(value.display())"))
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

  private static func finding(_ key: ExactString, _ message: String) -> Finding {
    let isTechnical = technical.contains(key.text) || key.text.hasPrefix("split.")
    return Finding(isTechnical ? .note : .warning, "diff.metadata", .metadata(key), message)
  }
}
