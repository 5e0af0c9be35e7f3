import Architectures
import Bytes
import Models
import Tensors
import Tokenization

extension Model {
  /// The problems of the vocabulary, and of its size against the token embedding.
  var vocabularyFindings: [Finding] {
    do {
      guard let read = try vocabulary() else {
        return [Finding(.note, "tokenizer.missing", .checkpoint(checkpoint.path), "has no tokenizer")]
      }
      return read.conflicts.map {
        Finding(.warning, "tokenizer.conflict", .checkpoint(checkpoint.path), $0.description)
      }
        + sizeFindings(read.vocabulary) + specialTokenFindings(read.vocabulary)
    } catch {
      return [Finding(.error, "tokenizer.unreadable", .checkpoint(checkpoint.path), "\(error)")]
    }
  }

  private func sizeFindings(_ vocabulary: Vocabulary) -> [Finding] {
    guard let rowCount = tensor(TensorSlot(.tokenEmbedding))?.descriptor.shape.rowCount,
      vocabulary.count != rowCount
    else { return [] }
    let message =
      "the tokenizer has \(counted(vocabulary.count, "token")), the token embedding \(counted(rowCount, "row"))"
    return [
      Finding(
        vocabulary.count > rowCount ? .error : .warning, "tokenizer.size", .checkpoint(checkpoint.path), message)
    ]
  }

  private func specialTokenFindings(_ vocabulary: Vocabulary) -> [Finding] {
    vocabulary.specialTokens.filter { !(0..<vocabulary.count).contains($0.id) }.map {
      Finding(
        .error, "tokenizer.special", .checkpoint(checkpoint.path),
        "\($0.role.rawValue) is token \($0.id.grouped) of \(vocabulary.count.grouped)")
    }
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
