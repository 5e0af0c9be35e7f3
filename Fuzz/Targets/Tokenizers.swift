import Bytes
import Models
import TestSupport
import Tensors
import Tokenization

extension FuzzTarget {
  static let tokenizers: [FuzzTarget] = [
    tokenizer("tokenizer-json", ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]),
    tokenizer("sentencepiece", ["tokenizer.model"]),
    tokenizer("sentencepiece-unigram", ["spiece.model"]),
    tokenizer("sentencepiece-fairseq", ["sentencepiece.bpe.model"]),
    tokenizer("tiktoken", ["qwen.tiktoken", "tokenizer_config.json"]),
    tokenizer("tekken", ["tekken.json"]),
    tokenizer("word-pieces", ["vocab.txt", "tokenizer_config.json"]),
    tokenizer("byte-level", ["vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json"]),
    FuzzTarget("gguf-vocabulary", "encodes and decodes; its metadata reads as the same vocabulary") { input in
      let metadata = try opened(["model.gguf": input]).metadata
      let vocabulary = try Vocabulary.read(metadata).vocabulary
      try requireEncoding(vocabulary)
      let again: Vocabulary
      do {
        again = try Vocabulary(vocabulary.metadata())
      } catch {
        throw Finding(fact: "written metadata is refused: \(error)")
      }
      try Finding.require(again.tokens == vocabulary.tokens, "tokens change when they are written")
    },
  ]

  /// A tokenizer of the files called `names`.
  private static func tokenizer(_ name: String, _ names: [String]) -> FuzzTarget {
    FuzzTarget(
      name, "\(names.joined(separator: ", ")): encodes and decodes, and is written as metadata that can be read",
      limit: 8192
    ) { input in
      let folder = MemoryTree(path: "m", InputParts(input).files(names))
      let vocabulary = try VocabularyOpening.open(InputLocation(folder: folder), library: library.get()).read.vocabulary
      try Finding.require(
        vocabulary.count <= 64 * (input.count + 256), "\(vocabulary.count) tokens are made of \(input.count) bytes")
      try requireEncoding(vocabulary)
      let metadata = vocabulary.metadata()
      do {
        try requireEncoding(try Vocabulary(metadata))
      } catch let finding as Finding {
        throw finding
      } catch {
        throw Finding(fact: "written metadata is refused: \(error)")
      }
    }
  }

  private static let texts = ["The quick brown fox", " 12345\n\tü 你好 🙂e\u{301}", "<s>[INST] it's</s><|im_end|>", ""]

  /// Requires ids of the vocabulary for texts, and that a text in pieces has the same.
  private static func requireEncoding(_ vocabulary: Vocabulary) throws {
    let tokenizer = try Tokenizer(vocabulary)
    for text in texts {
      let ids = tokenizer.encode(text, specialTokens: .omit)
      try Finding.require(
        ids.allSatisfy { (0..<vocabulary.count).contains($0) }, "\(ids) are not of \(vocabulary.count) tokens")
      _ = tokenizer.decode(ids)
      var stream = TokenStream(tokenizer)
      var parts: [Int] = []
      for byte in text.utf8 { parts += stream.append([byte]) ?? [] }
      parts += stream.finish() ?? []
      try Finding.require(parts == ids, "\(text.debugDescription) is \(ids), but in pieces \(parts)")
    }
  }
}
