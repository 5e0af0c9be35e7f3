import Architectures
import Bytes
import Models
import Tensors

/// Keys of a GGUF that contradict its other keys: programs differ in which of them they read.
enum MetadataContradictions {
  /// Returns the contradictions in the hyperparameters of `model`, as findings.
  static func findings(
    _ model: Model, severity: Finding.Severity, check: String = "diff.metadata"
  ) -> [Finding] {
    guard let metadata = model.facts.ggufMetadata else { return [] }
    // Of two rules with one key, the later one decides.
    var implied = Metadata()
    for rule in model.definition.ggufMetadata {
      guard case .pair = rule else { continue }
      for (key, value) in model.definition.metadata(of: rule, model.hyperparameters, explicitRotary: [:]) {
        implied[key] = value
      }
    }
    return implied.pairs.compactMap { key, value in
      guard let stated = metadata[key.text], let one = stated.float, let other = value.float, one != other
      else { return nil }
      return Finding(
        severity, check, .metadata(key),
        "is \(stated.display()) in \(model.checkpoint.path.escapedForDisplay), but the other keys imply"
          + " \(value.display())")
    }
  }
}

extension MetadataValue {
  /// The value in float32, as a GGUF stores it; nil for strings, flags and arrays.
  fileprivate var float: Float? { integer.map(Float.init) ?? real.map { Float($0) } }
}
