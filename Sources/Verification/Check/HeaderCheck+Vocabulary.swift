import Architectures
import Bytes
import Models
import Tensors
import Tokenization

extension HeaderCheck {
  /// The problems of the vocabulary, and of its size against the token embedding.
  var vocabularyFindings: [Finding] {
    do {
      guard let read = try vocabulary.get() else {
        guard let model = side.model else { return [] }
        guard let metadata = side.checkpoint.ggufMetadata, metadata["tokenizer.ggml.model"] == nil,
          !model.tensors.isEmpty
        else { return [Finding(.note, "tokenizer.missing", subject, "has no tokenizer")] }
        let message = "is missing, and llama.cpp loads no model without it (\"none\" means no tokenizer)"
        return [Self.keyFinding(.error, "tokenizer.missing", "tokenizer.ggml.model", message)]
      }
      let vocabulary = read.vocabulary
      return read.conflicts.map { Finding($0.severity, $0.check, subject, $0.description) }
        + sizeFindings(vocabulary) + specialTokenFindings(vocabulary, read.conflicts)
        + (side.checkpoint.ggufMetadata.map { tableFindings(vocabulary, $0, read.conflicts) } ?? [])
        + tokenizerFindings(vocabulary)
    } catch {
      let isKnownElsewhere = side.checkpoint.metadata["tokenizer.ggml.model"]?.text.map(LlamaCppNames.models.contains)
      return [Finding(isKnownElsewhere ?? false ? .warning : .error, "tokenizer.unreadable", subject, "\(error)")]
    }
  }

  /// A GGUF has a token for every row: llama.cpp takes the number of rows from the vocabulary.
  private func sizeFindings(_ vocabulary: Vocabulary) -> [Finding] {
    guard let rowCount = side.model?.tensor(TensorSlot(.tokenEmbedding))?.descriptor.shape.rowCount,
      vocabulary.count != rowCount
    else { return [] }
    let message =
      "the tokenizer has \(counted(vocabulary.count, "token")), the token embedding \(counted(rowCount, "row"))"
    let isError = vocabulary.count > rowCount || side.checkpoint.ggufMetadata != nil
    return [Finding(isError ? .error : .warning, "tokenizer.size", subject, message)]
  }

  private func specialTokenFindings(_ vocabulary: Vocabulary, _ conflicts: [VocabularyConflict]) -> [Finding] {
    let named = Set(conflicts.compactMap(\.absentRole))
    let tokens = (vocabulary.specialTokens + vocabulary.lateSpecialTokens).filter { !named.contains($0.role) }
    return tokens.filter { !(0..<vocabulary.count).contains($0.id) }.map {
      Finding(
        $0.role.severityIfAbsent, "tokenizer.special", subject,
        "\($0.role.rawValue) is token \($0.id.grouped) of \(vocabulary.count.grouped)")
    }
  }

  /// The problems of the lists in a GGUF (`llama_vocab::impl::load`).
  private func tableFindings(
    _ vocabulary: Vocabulary, _ metadata: Metadata, _ conflicts: [VocabularyConflict]
  ) -> [Finding] {
    var findings: [Finding] = []
    func add(_ severity: Finding.Severity, _ key: String, _ message: String) {
      findings.append(Self.keyFinding(severity, "tokenizer.tables", key, message))
    }
    let ids = vocabulary.idsOfTexts()
    if let (first, second) = ids.duplicate {
      add(
        .error, "tokenizer.ggml.tokens",
        "tokens \(first.grouped) and \(second.grouped) are both \(vocabulary.tokens.text(first).quoted), and llama.cpp "
          + "expects different ones")
    }
    if vocabulary.kind == .byteLevel || vocabulary.kind == .mergedPieces {
      if vocabulary.merges.isEmpty {
        if metadata["tokenizer.ggml.merges"] != nil {
          add(.warning, "tokenizer.ggml.merges", "is empty, so every byte is a token")
        }
      } else if let index = vocabulary.firstMergeWithoutToken(ids.first) {
        add(
          .error, "tokenizer.ggml.merges",
          "merge \(index.grouped), \(vocabulary.merges.text(index).quoted), does not make a token")
      }
      if vocabulary.kind == .byteLevel, vocabulary.id(of: .eos) == nil,
        !conflicts.contains(where: { $0.absentRole == .eos })
      {
        add(.warning, "tokenizer.ggml.eos_token_id", "is missing, and llama.cpp ends a text with token 11")
      }
    }
    if vocabulary.kind.hasScores {
      if metadata["tokenizer.ggml.scores"] == nil {
        add(.warning, "tokenizer.ggml.scores", "is missing, so no piece comes before another")
      }
      if let id = vocabulary.scores.firstIndex(where: { !$0.isFinite }) {
        add(.error, "tokenizer.ggml.scores", "the score of token \(id.grouped) is \(vocabulary.scores[id])")
      }
    }
    if metadata["tokenizer.ggml.token_type"] == nil {
      add(.warning, "tokenizer.ggml.token_type", "is missing, so special tokens count as text")
    }
    // llama.cpp has defaults of its own; those of byte-level vocabularies are GPT-2's.
    let absent = Set(conflicts.compactMap(\.absentRole))
    for entry in vocabulary.additions
    where entry.isAdded && vocabulary.kind == .byteLevel && vocabulary.id(of: entry.role) == nil {
      guard !absent.contains(entry.role), entry.role != .sep else { continue }
      add(
        .warning, "tokenizer.ggml.add_\(entry.role.rawValue)_token",
        "is true, but no key names the token, and llama.cpp adds token 11")
    }
    return findings
  }

  /// What encoding text would refuse.
  private func tokenizerFindings(_ vocabulary: Vocabulary) -> [Finding] {
    do throws(VocabularyError) {
      _ = try Tokenizer(vocabulary)
      return []
    } catch .unknownPreTokenizerName(let name) {
      let isKnownElsewhere = LlamaCppNames.preTokenizers.contains(name)
      let fact =
        isKnownElsewhere
        ? "is known to llama.cpp, but not to \(ToolInfo.name), so text cannot be encoded here"
        : "is unknown, also to llama.cpp" + didYouMean(name, among: Vocabulary.preTokenizerNames)
      return [
        Finding(
          isKnownElsewhere ? .warning : .error, "tokenizer.pre", subject, "pre-tokenizer \(name.quoted): \(fact)")
      ]
    } catch {
      return [Finding(.error, "tokenizer.unreadable", subject, "\(error)")]
    }
  }
}

/// Names in a GGUF that llama.cpp knows (0c1e57098, `llama-vocab.cpp`) and this program does not.
private enum LlamaCppNames {
  static let models: Set<String> = ["hybriddna", "plamo2", "rwkv", "whitespace"]
  static let preTokenizers: Set<String> = [
    "afmoe", "chameleon", "cohere2moe", "exaone-moe", "gemma4", "granite-embed-multi-311m", "granite-embed-multi-97m",
    "jais-2", "laguna", "sarvam-moe", "spark2_5", "superbpe", "tiny_aya", "whitespace", "youtu",
  ]
}

extension SpecialToken {
  /// Without a token that begins, ends or replaces text a model does not work; others are only missed by some programs.
  fileprivate var severityIfAbsent: Finding.Severity {
    switch self {
    case .bos, .eos, .unk, .eot, .eom, .cls, .sep: .error
    default: .warning
    }
  }
}

extension VocabularyConflict {
  fileprivate var absentRole: SpecialToken? {
    if case .specialTokenBeyond(let role, _, _, _) = self { role } else { nil }
  }
  fileprivate var severity: Finding.Severity { absentRole?.severityIfAbsent ?? .warning }
  fileprivate var check: String { absentRole == nil ? "tokenizer.conflict" : "tokenizer.special" }
}

extension Vocabulary {
  /// The id of each text that is not empty, the first if several tokens have it, and two tokens with the same text.
  fileprivate func idsOfTexts() -> (first: [ArraySlice<UInt8>: Int], duplicate: (Int, Int)?) {
    var ids: [ArraySlice<UInt8>: Int] = [:]
    var duplicate: (Int, Int)?
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() where !token.isEmpty {
      guard let first = ids[token] else {
        ids[token] = id
        continue
      }
      duplicate = duplicate ?? (first, id)
    }
    return (ids, duplicate)
  }

  /// The first merge that is not two parts with a space between, or that makes no token of `ids`.
  fileprivate func firstMergeWithoutToken(_ ids: [ArraySlice<UInt8>: Int]) -> Int? {
    merges.indices.first { index in
      let merge = merges[index]
      guard let space = merge.dropFirst().firstIndex(of: UInt8(ascii: " ")) else { return true }
      return ids[merge[..<space] + merge[merge.index(after: space)...]] == nil
    }
  }
}
