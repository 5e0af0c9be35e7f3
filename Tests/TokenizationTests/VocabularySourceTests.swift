import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// Which files have a vocabulary, and what is said of those that do not.
@Suite("Sources of vocabularies")
struct VocabularySourceTests {
  private func files(_ kind: String) throws -> TokenizerFiles {
    try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", kind)))
  }

  /// `tokenizer.json` of a kind with one member of its model changed, or left out if `value` is nil.
  private func files(_ kind: String, model member: String, _ value: JSON?) throws -> TokenizerFiles {
    var files = try files(kind)
    var whole = try #require(files.tokenizer?.object), model = try #require(whole["model"]?.object)
    model[ExactString(member)] = value
    whole["model"] = .object(model)
    files.tokenizer = .object(whole)
    return files
  }

  private func message(_ files: TokenizerFiles, rules: String? = nil, preTokenizer: String? = nil) throws -> String? {
    let rules = try rules.map { try BundledRules.parsing($0) } ?? BundledRules.named("llama")
    do throws(VocabularyError) {
      _ = try Vocabulary.read(files, rules: rules, vocabularySize: 544, preTokenizer: preTokenizer)
      return nil
    } catch {
      return error.description
    }
  }

  /// The definitions with SentencePiece pieces whose rules do not forbid the space that the files add.
  static let readers: [String] = (BundledRules.library?.definitions ?? []).filter {
    $0.vocabulary.sources.contains(.sentencePiece) && $0.vocabulary.spacePrefix != .never
  }.map(\.name)

  @Test("has architectures to test")
  func readerCount() {
    #expect(Self.readers.count > 12)
  }

  @Test("takes SentencePiece pieces of tokenizer.json wherever tokenizer.model is one", arguments: readers)
  func sentencePieceJSON(name: String) throws {
    let golden = try #require(KindEncodingTests.Golden.all.first { $0.kind == "mistral-saved" })
    let read = try Vocabulary.read(files("mistral-saved"), rules: BundledRules.named(name), vocabularySize: 400)
    #expect(read.vocabulary.kind == .sentencePiece)
    #expect(read.vocabulary.count == 400)
    // One definition fixes the id of the unknown token.
    #expect(read.conflicts.allSatisfy { $0.description.hasPrefix("unk token: ") })
    for vocabulary in [read.vocabulary, try Vocabulary(read.vocabulary.metadata())] {
      let tokenizer = try Tokenizer(vocabulary)
      // The space at the start of a text, and after a special token, is the container's.
      for (text, row) in zip(KindEncodingTests.Golden.texts, golden.rows)
      where !text.hasPrefix(" ") && !text.hasPrefix("\u{2581}")
        && !vocabulary.addedTokens.contains(where: { text.contains($0.text) })
      {
        #expect(
          tokenizer.encode(text, specialTokens: .omit) == (row.array?[0].array ?? []).compactMap(\.integer),
          "\(text)")
      }
    }
  }

  @Test("never takes SentencePiece pieces for bytes, with any name of a pre-tokenizer")
  func neverBytes() throws {
    let rules = #""byte_level_bpe""#
    for kind in ["mistral-saved", "gemma-saved", "phi3-saved", "llama"] {
      var files = try files(kind)
      files.sentencePiece = nil
      #expect(
        try message(files, rules: rules, preTokenizer: "llama-bpe")
          == "tokenizer.json: has SentencePiece pieces, expected byte-level pieces (fetch the tokenizer files that belong to "
          + "this model)")
      let read = try Vocabulary.read(files, preTokenizer: "llama-bpe")
      #expect(read.vocabulary.kind == .sentencePiece)
      #expect(read.conflicts.contains(.unusedPreTokenizer(name: "llama-bpe")))
    }
    #expect(
      try message(files("mistral-saved", model: "byte_fallback", .bool(false)))?
        .hasPrefix("tokenizer.json: has SentencePiece pieces without byte fallback, expected") == true)
  }

  @Test("names other forms")
  func otherForms() throws {
    #expect(
      try message(files("t5-saved"))
        == "tokenizer.json: has a model of type \"Unigram\", expected SentencePiece pieces or byte-level pieces (fetch the "
        + "tokenizer files that belong to this model)")
    #expect(
      try message(files("gpt2"), rules: #""sentencepiece""#)?
        .hasPrefix("tokenizer.json: has byte-level pieces, expected SentencePiece pieces (") == true)
    #expect(
      try message(files("bert"), rules: #""sentencepiece""#)?
        .hasPrefix("tokenizer.json: has a model of type \"WordPiece\", expected") == true)
  }

  @Test(
    "refuses pieces without merges", arguments: ["llama-saved", "gpt2", "gemma-saved"], [JSON?.none, .null, .array([])])
  func withoutMerges(kind: String, merges: JSON?) throws {
    let said = try message(files(kind, model: "merges", merges))
    #expect(said?.hasPrefix("tokenizer.json: has no merges for its 544 tokens, expected one or more") == true)
  }

  @Test("needs no merges for single bytes")
  func singleBytes() throws {
    let tokenizer = try JSON(
      parsing: Array(
        """
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []},
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}
        """.utf8))
    var files = TokenizerFiles()
    files.tokenizer = tokenizer
    #expect(try Vocabulary.read(files, vocabularySize: 2).vocabulary.merges.isEmpty)
  }

  @Test("needs merges.txt for vocab.json")
  func vocabularyFiles() throws {
    var files = TokenizerFiles()
    files.vocabulary = .members(["a": .integer(0), "b": .integer(1), "ab": .integer(2)])
    #expect(try message(files) == "merges.txt: missing, but vocab.json needs it (fetch merges.txt of this model)")
    files.merges = Array("#version: 0.2\n".utf8)
    #expect(
      try message(files)
        == "merges.txt: has no merges for its 544 tokens, expected one or more (fetch the model's original file)")
    files.merges = Array("#version: 0.2\na b\n".utf8)
    #expect(try message(files) == nil)
  }

  @Test("needs merges in metadata of byte-level pieces")
  func metadataMerges() throws {
    var metadata = try Vocabulary.read(files("gpt2"), vocabularySize: 320).vocabulary.metadata()
    metadata["tokenizer.ggml.merges"] = nil
    #expect { try Vocabulary(metadata) } throws: {
      "\($0)" == "metadata: has no merges for its 320 tokens, expected one or more (fetch the model's original file)"
    }
  }

  @Test("drops tokens beyond the embedding")
  func tokensBeyondTheEmbedding() throws {
    let read = try Vocabulary.read(files("mistral-saved"), vocabularySize: 376)
    #expect(read.vocabulary.count == 376)
    #expect(
      read.conflicts.map(\.description).first
        == #"token "<tool>": id 376 in tokenizer.json, but the model has 376 rows; it is dropped"#)
  }

  @Test("drops unigram tokens beyond the embedding, and pads up to it", arguments: [244, 256])
  func unigramRows(count: Int) throws {
    let read = try Vocabulary.read(files("t5-saved"), rules: BundledRules.named("t5"), vocabularySize: count)
    #expect(read.vocabulary.count == count)
    #expect(read.conflicts.count { $0.description.contains("it is dropped") } == max(0, 248 - count))
    #expect(read.vocabulary.types.count { $0 == .unused } == max(0, count - 248))
  }

  @Test("reads a tekken vocabulary under the name of tokenizer.json")
  func renamedTekken() throws {
    let folder = TemporaryFolder()
    let content = try LocalFile(Fixtures.path("tokenizers", "tekken", "tekken.json")).wholeContent(limit: 1 << 24)
    try folder.write(content, to: "tokenizer.json")
    let read = try Vocabulary.read(TokenizerFiles(LocalFolder(folder.path)), vocabularySize: 340)
    let expected = try Vocabulary.read(files("tekken"), vocabularySize: 340)
    #expect(read.vocabulary == expected.vocabulary)
    #expect(read.vocabulary.preTokenizer == "tekken")
  }

  @Test(
    "refuses numbers of tekken.json that are out of range",
    arguments: [
      (#""default_num_special_tokens": 70000"#, 70_000), (#""default_num_special_tokens": -1"#, 2),
      (#""default_vocab_size": -9223372036854775808"#, 2),
    ])
  func hostileTekken(member: String, specialCount: Int) throws {
    let specials = (0..<specialCount).map { #"{"rank": \#($0), "token_str": "<\#($0)>"}"# }.joined(separator: ",")
    let text = """
      {"config": {"pattern": "x", \(member)}, "special_tokens": [\(specials)], \
      "vocab": [{"rank": 0, "token_bytes": "YQ=="}]}
      """
    let folder = TemporaryFolder()
    try folder.write(Array(text.utf8), to: "tekken.json")
    #expect(throws: (any Error).self) { try Vocabulary.read(TokenizerFiles(LocalFolder(folder.path))) }
  }

  @Test("takes the greatest id of a token for one beyond every row")
  func greatestID() throws {
    var files = try files("llama")
    var whole = try #require(files.tokenizer?.object), model = try #require(whole["model"]?.object)
    var vocab = try #require(model["vocab"]?.object)
    vocab["<a>"] = .integer(Int.max)
    model["vocab"] = .object(vocab)
    whole["model"] = .object(model)
    whole["added_tokens"] = .array(["<a>", "<b>"].map { .members(["content": .string($0), "special": .bool(true)]) })
    files.tokenizer = .object(whole)
    // Refused or without these tokens, but never a trap.
    let read = try? Vocabulary.read(files, vocabularySize: 384)
    let texts = read.map { read in read.vocabulary.tokens.indices.map { read.vocabulary.tokens.text($0) } } ?? []
    #expect(!texts.contains("<a>"))
  }

  @Test("departs from the reference converter only where that reads the files")
  func departures() throws {
    let padded = try Vocabulary.read(files("mistral-saved"), vocabularySize: 400)
    #expect(padded.departures == [.mergeScores, .addedTokenTypes, .paddedRows])
    #expect(
      try Vocabulary.read(files("mistral-saved"), vocabularySize: 400, departsFromReference: false).departures == [])
    let gemma = try Vocabulary.read(
      files("gemma-saved"), rules: BundledRules.named("gemma2"), vocabularySize: 400)
    // The reference converter does not read these files.
    #expect(gemma.departures == [])
  }

  @Test("gives a row to a token that tokenizer.json alone lists")
  func listedToken() throws {
    var files = try files("llama")
    var whole = try #require(files.tokenizer?.object), added = try #require(whole["added_tokens"]?.array)
    added.append(
      .members(["id": .integer(376), "content": .string("<|im_start|>"), "special": .bool(true)]))
    whole["added_tokens"] = .array(added)
    files.tokenizer = .object(whole)
    files.configuration = .members(["tokenizer_class": .string("TokenizersBackend")])
    let read = try Vocabulary.read(files, vocabularySize: 384)
    #expect(read.vocabulary.tokens.text(376) == "<|im_start|>")
    #expect(read.vocabulary.types[376] == .control)
    #expect(read.departures == [.addedTokenTypes])
    let reference = try Vocabulary.read(files, vocabularySize: 384, departsFromReference: false)
    #expect(reference.vocabulary.types[376] == .unused)
  }

  @Test("states that no space is added")
  func statedSpace() throws {
    var files = try files("mistral-saved")
    var whole = try #require(files.tokenizer?.object)
    whole["normalizer"] = .members([
      "type": .string("Replace"), "pattern": .members(["String": .string(" ")]), "content": .string("\u{2581}"),
    ])
    files.tokenizer = .object(whole)
    let read = try Vocabulary.read(files, vocabularySize: 384)
    #expect(read.vocabulary.metadata()["tokenizer.ggml.add_space_prefix"] == .bool(false))
    #expect(read.departures.contains(.statedFrame))
  }

  @Test("states that no BOS is added")
  func statedBOS() throws {
    var files = try files("mistral-saved")
    var whole = try #require(files.tokenizer?.object)
    whole["post_processor"] = nil
    files.tokenizer = .object(whole)
    let read = try Vocabulary.read(files, vocabularySize: 384)
    #expect(read.vocabulary.metadata()["tokenizer.ggml.add_bos_token"] == .bool(false))
    #expect(read.departures.contains(.statedFrame))
  }

  @Test("reports steps that a GGUF has no key for")
  func unusedSteps() throws {
    var files = try files("mistral-saved")
    var whole = try #require(files.tokenizer?.object)
    whole["normalizer"] = .members(["type": .string("NFKC")])
    whole["pre_tokenizer"] = .members(["type": .string("Digits"), "individual_digits": .bool(true)])
    files.tokenizer = .object(whole)
    #expect(
      try Vocabulary.read(files, vocabularySize: 384).conflicts.map(\.description) == [
        "normalizer NFKC of tokenizer.json has no key in a GGUF; text that it changes gets other ids there",
        "pre_tokenizer Digits of tokenizer.json has no key in a GGUF; text that it changes gets other ids there",
      ])
  }

  @Test("reports pieces that no merge makes")
  func unreachablePieces() throws {
    let files = try files("mistral-saved", model: "merges", nil)
    var whole = try #require(files.tokenizer?.object), model = try #require(whole["model"]?.object)
    let merges = try #require(try self.files("mistral-saved").tokenizer?["model"]?["merges"]?.array)
    func piece(_ merge: JSON?) -> String? { merge?.array.map { $0.compactMap(\.string).joined() } }
    model["merges"] = .array(merges.filter { piece($0) != piece(merges.last) })
    whole["model"] = .object(model)
    var changed = files
    changed.tokenizer = .object(whole)
    let said = try Vocabulary.read(changed, vocabularySize: 384).conflicts.map(\.description)
    #expect(said.count == 1)
    #expect(said.first?.hasPrefix("1 piece of tokenizer.json, beginning with ") == true)
  }
}
