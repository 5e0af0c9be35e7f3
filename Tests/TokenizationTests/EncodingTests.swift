import Bytes
import TestSupport
import Testing

@testable import Tokenization

@Suite("Encoding text")
struct EncodingTests {
  static let checkpoints = ["llama-gqa", "llama3-tied", "yi", "aquila", "mistral"]

  @Test("gives the ids of transformers' AutoTokenizer", arguments: checkpoints)
  func idsEqualAutoTokenizer(name: String) throws {
    let tokenizer = try Tokenizer(Vocabulary.read(TokenizerFiles(LocalFolder(Fixtures.path(name)))).vocabulary)
    for entry in try Encodings(name).entries {
      #expect(tokenizer.encode(entry.text, specialTokens: .omit) == entry.ids, "\(entry.text)")
      #expect(tokenizer.encode(entry.text) == entry.idsWithSpecialTokens, "\(entry.text)")
    }
  }

  @Test("gives the text of transformers' decode", arguments: checkpoints)
  func textEqualsAutoTokenizer(name: String) throws {
    let tokenizer = try Tokenizer(Vocabulary.read(TokenizerFiles(LocalFolder(Fixtures.path(name)))).vocabulary)
    for entry in try Encodings(name).entries {
      #expect(Array(tokenizer.decode(entry.ids).unicodeScalars) == Array(entry.decoded.unicodeScalars))
    }
  }
}

@Suite("A special-token template")
struct SpecialTokenTemplateTests {
  static let processors: [(text: String, prefix: [Int], suffix: [Int])] = [
    ("null", [], []),
    (#"{"type":"ByteLevel"}"#, [], []),
    (
      #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}},"#
        + #"{"SpecialToken":{"id":"</s>"}}],"special_tokens":{"<s>":{"ids":[7,8]}}}"#,
      [7, 8], [2]
    ),
    (
      #"{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","#
        + #""single":[{"SpecialToken":{"id":"<none>"}},{"Sequence":{"id":"A"}}]}]}"#,
      [], []
    ),
    (#"{"type":"RobertaProcessing","cls":["<s>",1],"sep":["</s>",2]}"#, [1], [2]),
  ]

  @Test("comes from the post-processor", arguments: processors)
  func template(text: String, prefix: [Int], suffix: [Int]) throws {
    let template = SpecialTokenTemplate(postProcessor: try JSON(parsing: Array(text.utf8))) { $0 == "</s>" ? 2 : nil }
    #expect(template == SpecialTokenTemplate(prefix: prefix, suffix: suffix))
  }

  @Test("adds BOS by default for SentencePiece alone")
  func defaultBOS() {
    var vocabulary = Vocabulary(kind: .sentencePiece)
    vocabulary.tokens = ["<s>"]
    vocabulary.types = [.control]
    vocabulary.specialTokens = [SpecialTokenID(.bos, 0)]
    #expect(vocabulary.effectiveTemplate == SpecialTokenTemplate(prefix: [0]))
    vocabulary.additions = [SpecialTokenAddition(.bos, false)]
    #expect(vocabulary.effectiveTemplate == SpecialTokenTemplate())
    vocabulary.additions = []
    vocabulary.kind = .byteLevel
    #expect(vocabulary.effectiveTemplate == SpecialTokenTemplate())
  }

  @Test("names tokens beyond the embedding")
  func beyondEmbedding() throws {
    let vocabulary = try Vocabulary.read(TokenizerFiles(LocalFolder(Fixtures.path("aquila")))).vocabulary
    #expect(vocabulary.problems(embeddingRowCount: 512).isEmpty)
    #expect(
      vocabulary.problems(embeddingRowCount: 511).map(\.description) == [
        #"token "</s>": id 511 is beyond the 511 rows of the embedding"#,
        #"token "eos_token": id 511 is beyond the 511 rows of the embedding"#,
      ])
  }
}

/// The ids and texts that transformers gives for a checkpoint's tokenizer.
struct Encodings {
  struct Entry {
    let text: String
    let ids: [Int]
    let idsWithSpecialTokens: [Int]
    let decoded: String
  }

  let entries: [Entry]

  init(_ name: String) throws {
    let path = Fixtures.path("expected", name, "encodings.json")
    let json = try JSON(parsing: LocalFile(path).wholeContent(limit: 1 << 24))
    entries = (json.array ?? []).map { entry in
      Entry(
        text: entry["text"]?.string ?? "", ids: (entry["ids"]?.array ?? []).compactMap(\.integer),
        idsWithSpecialTokens: (entry["idsWithSpecialTokens"]?.array ?? []).compactMap(\.integer),
        decoded: entry["decoded"]?.string ?? "")
    }
  }
}
