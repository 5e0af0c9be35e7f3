import Architectures
import Bytes
import Models
import Tensors

/// Keys of a GGUF that say something else than its other numbers: programs differ in which of them they read.
enum MetadataContradictions {
  /// The contradictions in the numbers of `model`, as findings.
  static func findings(_ model: Model, severity: Finding.Severity) -> [Finding] {
    guard let metadata = model.facts.ggufMetadata else { return [] }
    return model.definition.ggufMetadata.flatMap { rule -> [Finding] in
      guard case .pair = rule else { return [] }
      return model.definition.metadata(of: rule, model.parameters, statedRotary: [:]).compactMap { key, value in
        guard let stated = metadata[key], let one = stated.float, let other = value.float, one != other
        else { return nil }
        return Finding(
          severity, "diff.metadata", place: key,
          "is \(stated.display()) in \(model.checkpoint.path.escapedForDisplay), where its other numbers give"
            + " \(value.display())")
      }
    }
  }
}

extension MetadataValue {
  /// The number as a GGUF keeps it in float32; nil for texts, flags and arrays.
  fileprivate var float: Float? { integer.map(Float.init) ?? real.map { Float($0) } }
}
