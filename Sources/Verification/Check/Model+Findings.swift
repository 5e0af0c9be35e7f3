import Architectures
import Bytes
import Models
import Tensors
import Tokenization

extension Model {
  /// What the vocabulary gives rise to, by itself and beside the token embedding.
  var vocabularyFindings: [Finding] {
    do {
      guard let read = try vocabulary() else {
        return [Finding(.note, "tokenizer.missing", place: checkpoint.path, "has no tokenizer")]
      }
      return read.conflicts.map { Finding(.warning, "tokenizer.conflict", place: checkpoint.path, $0.description) }
        + sizeFindings(read.vocabulary) + specialTokenFindings(read.vocabulary)
    } catch {
      return [Finding(.error, "tokenizer.unreadable", place: checkpoint.path, "\(error)")]
    }
  }

  private func sizeFindings(_ vocabulary: Vocabulary) -> [Finding] {
    guard let rowCount = tensor(TensorPlace(.tokenEmbedding))?.descriptor.shape.rowCount,
      vocabulary.count != rowCount
    else { return [] }
    let message =
      "the tokenizer has \(counted(vocabulary.count, "token")), the token embedding \(counted(rowCount, "row"))"
    return [
      Finding(
        vocabulary.count > rowCount ? .error : .warning, "tokenizer.size", place: checkpoint.path, message)
    ]
  }

  private func specialTokenFindings(_ vocabulary: Vocabulary) -> [Finding] {
    vocabulary.specialTokens.filter { !(0..<vocabulary.count).contains($0.id) }.map {
      Finding(
        .error, "tokenizer.special", place: checkpoint.path,
        "\($0.role.rawValue) is token \($0.id.grouped) of \(vocabulary.count.grouped)")
    }
  }

  /// An output matrix that is stored although the model ties it to the token embedding.
  var tieFindings: [Finding] {
    get throws {
      guard parameters.flag("ties_embeddings"), let output = tensor(TensorPlace(.output)),
        let embedding = tensor(TensorPlace(.tokenEmbedding))
      else { return [] }
      let name = output.descriptor.name.text
      guard try haveEqualBytes(output.descriptor, embedding.descriptor) else {
        return [
          Finding(
            .warning, "ties.differ", place: name,
            "is stored and differs from \(embedding.descriptor.name.text.quoted), although the model ties the two")
        ]
      }
      return [
        Finding(
          .note, "ties.stored", place: name,
          "is stored although it equals \(embedding.descriptor.name.text.quoted), to which the model ties it")
      ]
    }
  }

  private func haveEqualBytes(_ first: TensorDescriptor, _ second: TensorDescriptor) throws -> Bool {
    guard first.statedFormat == second.statedFormat, first.byteCount == second.byteCount else { return false }
    let step = 4 << 20
    var slabs: (first: [UInt8], second: [UInt8]) = ([], [])
    for start in stride(from: 0, to: first.byteCount, by: step) {
      let count = min(step, first.byteCount - start)
      try checkpoint.read(first, from: start, count: count, into: &slabs.first)
      try checkpoint.read(second, from: start, count: count, into: &slabs.second)
      guard slabs.first.prefix(count) == slabs.second.prefix(count) else { return false }
    }
    return true
  }
}
