import Bytes
import Models
import Tensors

extension Model {
  /// What the configuration contradicts itself about, and what of it is not taken into account.
  func configurationFindings(_ check: String) -> [Finding] {
    warnings.map { Finding(.warning, check, .checkpoint(checkpoint.path), $0) }
  }

  /// Tensors that are stored although the model ties them.
  var tieFindings: [Finding] {
    get throws {
      try tiedPairs.map { pair in
        let name = Finding.Subject.tensor(pair.tensor.name), original = pair.original.name.text.quoted
        guard try checkpoint.haveEqualValues(pair.tensor, pair.original) else {
          return Finding(
            .warning, "ties.differ", name,
            "is stored and differs from \(original), although the model ties them")
        }
        return Finding(
          .note, "ties.stored", name, "is stored and equals \(original), to which the model ties it")
      }
    }
  }

  /// Transforms that the values show and the names do not declare, or the reverse.
  var transformFindings: [Finding] {
    appliedTransforms.findings.filter(\.isSurprising).map {
      Finding(
        .warning, "transform.\($0.transform.rawValue)", .checkpoint(checkpoint.path), $0.words(scheme: scheme.name))
    }
  }
}
