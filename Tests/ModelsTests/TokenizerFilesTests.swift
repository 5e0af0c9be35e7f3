import Architectures
import Bytes
import Formats
import TestSupport
import Testing

@testable import Models

/// Tokenizer files that are something else.
@Suite("Tokenizer files of another content")
struct TokenizerFilesTests {
  static let names = [
    "tokenizer.model", "spiece.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "config.json", "generation_config.json",
    "chat_template.jinja", "additional_chat_templates/tools.jinja",
  ]
  static let contents: [(bytes: [UInt8], fact: String)] = [
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:4bf5\nsize 1033105\n".utf8),
      "is a Git LFS pointer to a file of 1,033,105 bytes (fetch it with git lfs pull)"
    ),
    (
      Array("<!DOCTYPE html><html><body>Not found</body></html>".utf8),
      "is an HTML page: the download got a web page in place of the file (fetch it again)"
    ),
    ([], "is empty, expected a tokenizer's file"),
    ([0x1F, 0x8B, 8, 0], "is a gzip archive, which is not read (unpack it and pass what is inside)"),
    (
      [UInt8](repeating: 0, count: 64),
      "begins with 64 zero bytes: the download was reserved but not written (fetch it again)"
    ),
  ]

  @Test("are named for what they are", arguments: names, contents.indices)
  func named(name: String, index: Int) throws {
    let (bytes, fact) = Self.contents[index]
    let tree = MemoryTree(path: "/m", [name: bytes])
    let folder = try ModelFolder(InputLocation(folder: tree, file: nil))
    guard !bytes.isEmpty || !name.hasSuffix(".jinja") else {
      #expect(throws: Never.self) { try folder.tokenizerFiles() }
      return
    }
    #expect { try folder.tokenizerFiles() } throws: { "\($0)" == "/m/\(name): \(fact)" }
  }

  static let otherNames: [(name: String, content: String, fact: String)] = [
    ("tokenizer.json", "AA== 0\nAQ== 1\n", "is a tiktoken vocabulary, expected JSON (rename it to tokenizer.model)"),
    (
      "tokenizer.model", #"{"model": {"type": "BPE"}}"#,
      "is JSON, expected a SentencePiece model (rename it to tokenizer.json)"
    ),
    (
      "spiece.model", #"{"model": {"type": "Unigram"}}"#,
      "is JSON, expected a SentencePiece model (rename it to tokenizer.json)"
    ),
    (
      "tekken.json", #"{"config": {}}"#,
      #"member "config.pattern": expected the expression that splits text"#
    ),
    (
      "tekken.json", #"{"config": {"pattern": "x"}, "vocab": [{"token_bytes": "?"}]}"#,
      "token 0: expected its bytes in base64"
    ),
    (
      "tekken.json", #"{"config": {"pattern": "x"}, "vocab": [], "special_tokens": [{"rank": 1, "token_str": "<s>"}]}"#,
      #"member "special_tokens": expected texts with ranks from 0 on, without gaps"#
    ),
    ("tokenizer.model", "AA== 0\nAQ== 2\n", "no token has rank 1, expected no gaps"),
    (
      "tokenizer.model", "AA== 0\nAA== 0\n",
      "line 2: expected base64 and a rank that no other line has"
    ),
  ]

  @Test("are named for what is wrong in them", arguments: otherNames.indices)
  func named(index: Int) throws {
    let (name, content, fact) = Self.otherNames[index]
    let folder = try ModelFolder(InputLocation(folder: MemoryTree(path: "/m", [name: Array(content.utf8)]), file: nil))
    #expect { try folder.tokenizerFiles() } throws: { "\($0)" == "/m/\(name): \(fact)" }
  }

  @Test("may have an empty chat template")
  func emptyChatTemplate() throws {
    let tree = MemoryTree(path: "/m", ["chat_template.jinja": []])
    let folder = try ModelFolder(InputLocation(folder: tree, file: nil))
    #expect(try folder.tokenizerFiles().chatTemplate == [])
  }

  @Test("are refused for an id far beyond their tokens")
  func distantID() throws {
    var tokenizer = try Fixtures.json("tokenizers", "qwen2", "tokenizer.json").object ?? [:]
    var model = tokenizer["model"]?.object ?? [:]
    var vocabulary = model["vocab"]?.object ?? [:]
    vocabulary["<x>"] = .integer(16_000_000)
    model["vocab"] = .object(vocabulary)
    tokenizer["model"] = .object(model)
    let tree = MemoryTree(path: "/m", ["tokenizer.json": JSON.object(tokenizer).encoded(.compact)])
    let message = failure { try VocabularyOpening.open(InputLocation(folder: tree), library: .bundled()) }
    #expect(message == "/m: token \"<x>\": id 16,000,000 is beyond the 262,144 rows of the embedding")
  }
}
