import Bytes
import TestSupport
import Testing

@testable import Tokenization

@Suite struct EncodingTests {
  static let checkpoints = ["llama-gqa", "llama3-tied", "yi", "aquila", "mistral"]

  @Test("gives the ids of transformers' AutoTokenizer", arguments: checkpoints)
  func idsEqualAutoTokenizer(name: String) throws {
    let tokenizer = try Tokenizer(Vocabulary.read(TokenizerFiles(folder: Fixtures.path(name))).vocabulary)
    for entry in try Encodings(name).entries {
      #expect(tokenizer.encode(entry.text, addSpecialTokens: false) == entry.ids, "\(entry.text)")
      #expect(tokenizer.encode(entry.text) == entry.idsWithSpecialTokens, "\(entry.text)")
    }
  }

  @Test("gives the text of transformers' decode", arguments: checkpoints)
  func textEqualsAutoTokenizer(name: String) throws {
    let tokenizer = try Tokenizer(Vocabulary.read(TokenizerFiles(folder: Fixtures.path(name))).vocabulary)
    for entry in try Encodings(name).entries {
      #expect(Array(tokenizer.decode(entry.ids).unicodeScalars) == Array(entry.decoded.unicodeScalars))
    }
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
    let json = try JSON(parsing: InputFile(path).wholeContent(limit: 1 << 24))
    entries = (json.array ?? []).map { entry in
      Entry(
        text: entry["text"]?.string ?? "", ids: (entry["ids"]?.array ?? []).compactMap(\.integer),
        idsWithSpecialTokens: (entry["idsWithSpecialTokens"]?.array ?? []).compactMap(\.integer),
        decoded: entry["decoded"]?.string ?? "")
    }
  }
}
