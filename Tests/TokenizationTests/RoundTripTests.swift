import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// From the metadata of a GGUF to the files of a Hugging Face tokenizer and back.
@Suite("A vocabulary written and read")
struct RoundTripTests {
  static let checkpoints = ["llama-gqa", "llama3-tied", "yi", "aquila", "mistral"]

  private func metadata(_ name: String) throws -> Metadata {
    var metadata = Metadata()
    for (key, value) in try ExpectedMetadata.tokenizer(Fixtures.path("expected", name, "metadata.json")) {
      metadata[key] = value
    }
    return metadata
  }

  /// The files that a vocabulary is written as, read again.
  private func rewritten(
    _ vocabulary: Vocabulary, without omitted: [String] = [], departsFromReference: Bool = true
  ) throws -> Vocabulary {
    let folder = TemporaryFolder()
    for file in try vocabulary.huggingFaceFiles(contextLength: 256) where !omitted.contains(file.name) {
      try folder.write(file.bytes, to: file.name)
    }
    return try Vocabulary.read(
      TokenizerFiles(LocalFolder(folder.path)), vocabularySize: vocabulary.count,
      departsFromReference: departsFromReference
    ).vocabulary
  }

  @Test("of metadata to a vocabulary and back is the identity", arguments: checkpoints)
  func metadataRoundTrip(name: String) throws {
    let metadata = try metadata(name)
    let made = try Vocabulary(metadata).metadata()
    #expect(made.pairs.keys == metadata.pairs.keys)
    #expect(made == metadata)
  }

  @Test("of metadata to files and back keeps every value", arguments: checkpoints)
  func filesRoundTrip(name: String) throws {
    let metadata = try metadata(name)
    let made = try rewritten(Vocabulary(metadata), departsFromReference: false).metadata()
    for (key, value) in metadata.pairs { #expect(made[key.text] == value, "\(key.text)") }
  }

  @Test("gives the ids of AutoTokenizer from the files rebuilt from a GGUF", arguments: checkpoints)
  func idsSurvive(name: String) throws {
    let vocabulary = try Vocabulary(metadata(name))
    let tokenizers = [
      try Tokenizer(rewritten(vocabulary)), try Tokenizer(rewritten(vocabulary, without: ["tokenizer.model"])),
    ]
    for entry in try Encodings(name).entries {
      for tokenizer in tokenizers {
        #expect(tokenizer.encode(entry.text) == entry.idsWithSpecialTokens, "\(entry.text)")
      }
    }
  }

  @Test("rebuilds the SentencePiece pieces and scores", arguments: ["llama-gqa", "yi"])
  func sentencePieceModel(name: String) throws {
    let path = Fixtures.path(name, "tokenizer.model")
    let original = try SentencePieceModel(LocalFile(path).wholeContent(limit: 1 << 20))
    let rebuilt = try SentencePieceModel(#require(try Vocabulary(metadata(name)).sentencePieceModel()).encoded())
    #expect(rebuilt.pieces.map(\.text) == original.pieces.map(\.text))
    for (one, other) in zip(rebuilt.pieces, original.pieces) where other.type != .userDefined {
      #expect(one == other)
    }
    #expect(rebuilt.addsSpacePrefix == original.addsSpacePrefix)
    #expect(rebuilt.hasByteFallback)
    #expect(rebuilt.algorithm == .bpe)
  }

  @Test("writes the files that transformers loads")
  func files() throws {
    let names = try Vocabulary(metadata("yi")).huggingFaceFiles().map(\.name)
    #expect(names == ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model"])
    let withoutScores = try Vocabulary(metadata("mistral")).huggingFaceFiles().map(\.name)
    #expect(!withoutScores.contains("tokenizer.model"))
  }

  @Test("finds tokens again that no text encodes to")
  func unreachableTokens() throws {
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", "llama")))
    (files.sentencePiece, files.configuration, files.specialTokensMap) = (nil, nil, nil)
    let read = try Vocabulary.read(files, departsFromReference: false).vocabulary
    // As the reference has it: without tokenizer_config.json no token of tokenizer.json is special.
    #expect(read.types.prefix(3).elementsEqual([.normal, .normal, .normal]))
    let written = try Vocabulary(read.metadata()).huggingFaceFiles()
    let tokenizer = try JSON(parsing: try #require(written.first { $0.name == "tokenizer.json" }).bytes)
    let added = (tokenizer["added_tokens"]?.array ?? []).compactMap { $0["content"]?.string }
    #expect(added == ["<unk>", "<s>", "</s>"])
  }

  @Test("never names an ordinary piece as special")
  func ordinaryPieces() throws {
    var vocabulary = try Vocabulary(metadata("aquila"))
    vocabulary.specialTokens = [SpecialTokenID(.bos, 1), SpecialTokenID(.eos, 511)]
    #expect(vocabulary.namedTokens.map(\.role) == [.eos])
  }
}
