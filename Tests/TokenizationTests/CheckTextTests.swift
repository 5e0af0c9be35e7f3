import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// The names of pre-tokenizers by the ids of the check text, for the parts of real vocabularies that the text needs.
@Suite("The check text")
struct CheckTextTests {
  struct Golden: CustomTestStringConvertible {
    let json: JSON
    var testDescription: String { vocabulary }
    var vocabulary: String { json["vocabulary"]?.string ?? "" }
    var pre: String { json["pre"]?.string ?? "" }
    var name: String { json["name"]?.string ?? "" }
    func list(_ key: String) -> [Int] { (json[key]?.array ?? []).compactMap(\.integer) }

    static let all = ((try? Fixtures.json("tokenization", "check-text.json"))?.array ?? []).map { Golden(json: $0) }

    /// The files of a folder with the vocabulary, whose other rows have no token.
    func files() throws -> TokenizerFiles {
      let isWordPiece = json["model"]?.string == "bert"
      var vocab: JSON.Object = [:]
      for (id, text) in json["added"]?.object ?? [:] {
        vocab[ExactString(text.string ?? "")] = .integer(Int(id.text) ?? 0)
      }
      for (id, piece) in json["pieces"]?.object ?? [:] where json["added"]?[id.text] == nil {
        guard var text = piece.string else { continue }
        if isWordPiece {
          let bytes = Array(text.utf8)
          let beginsWord = bytes.starts(with: SentencePieceText.space)
          let bare = String(decoding: beginsWord ? bytes.dropFirst(3) : bytes[...], as: UTF8.self)
          text = beginsWord ? bare : "##" + bare
        }
        vocab[ExactString(text)] = .integer(Int(id.text) ?? 0)
      }
      let merges = (json["merges"]?.array ?? []).compactMap(\.string).map { JSON.string($0) }
      func parts(_ key: String) -> [JSON] {
        list(key).map { .members(["SpecialToken": .members(["id": .string("#\($0)"), "type_id": .integer(0)])]) }
      }
      let specials = (list("prefix") + list("suffix")).map { id in
        (ExactString("#\(id)"), JSON.members(["ids": .array([.integer(id)])]))
      }
      let rules = PreTokenizer.named(pre)
      var files = TokenizerFiles()
      files.tokenizer = .members([
        "added_tokens": .array(
          (json["added"]?.object ?? [:]).map { id, text in
            .members([
              "id": .integer(Int(id.text) ?? 0), "content": text, "normalized": .bool(false),
              "special": .bool(isWordPiece),
            ])
          }),
        "normalizer": isWordPiece
          ? .members(["type": .string("BertNormalizer")])
          : rules?.composes ?? false ? .members(["type": .string("NFC")]) : .null,
        "pre_tokenizer": isWordPiece ? .members(["type": .string("BertPreTokenizer")]) : rules?.json() ?? .null,
        "post_processor": .members([
          "type": .string("TemplateProcessing"),
          "single": .array(
            parts("prefix") + [.members(["Sequence": .members(["id": .string("A")])])] + parts("suffix")),
          "special_tokens": .object(JSON.Object(specials, uniquingKeysWith: { $1 })),
        ]),
        "model": .members([
          "type": .string(isWordPiece ? "WordPiece" : "BPE"), "vocab": .object(vocab), "merges": .array(merges),
          "ignore_merges": .bool(rules?.ignoresMerges ?? false),
        ]),
      ])
      return files
    }

    func read(_ naming: PreTokenizerNaming, _ edit: (inout TokenizerFiles) -> Void = { _ in }) throws
      -> VocabularyImport
    {
      var files = try files()
      edit(&files)
      let isWordPiece = json["model"]?.string == "bert"
      var rules = VocabularyRules()
      rules.sources = [isWordPiece ? .wordPiece : .byteLevel]
      return try Vocabulary.read(files, rules: rules, vocabularySize: json["rows"]?.integer, naming: naming)
    }
  }

  @Test("has a table of digests")
  func tableExists() {
    #expect(CheckText.names.count > 90)
    #expect(CheckText.names.keys.allSatisfy { $0.utf8.count == 64 })
    #expect(Golden.all.count == 12)
  }

  @Test("digests ids as a list of Python")
  func digest() {
    // hashlib.sha256(str([1, 2, 3]).encode()).hexdigest()
    #expect(CheckText.digest([1, 2, 3]) == "a36b1f2c3f84522dd1005145646617d7054c0851e97c72a039c0bdfac9fa07f3")
  }

  @Test("encodes the check text as the reference does", arguments: Golden.all)
  func ids(golden: Golden) throws {
    let tokenizer = try Tokenizer(golden.read(.byFacts).vocabulary)
    #expect(tokenizer.encode(CheckText.text) == golden.list("ids"))
    #expect(CheckText.name(of: tokenizer) == golden.name)
  }

  @Test("names a vocabulary as the reference converter does, among names of equal rules", arguments: Golden.all)
  func names(golden: Golden) throws {
    let read = try golden.read(.byCheckText)
    let rules = [golden.name, golden.pre].map { PreTokenizer.named($0)?.steps }
    let isEqual = golden.json["model"]?.string == "bert" || rules[0] == rules[1]
    #expect(read.isNamedByCheckText == isEqual)
    #expect(read.vocabulary.preTokenizer == (isEqual ? golden.name : golden.pre))
    #expect(try !golden.read(.byFacts).isNamedByCheckText)
  }

  @Test(
    "recognizes unknown steps by the ids",
    arguments: Golden.all.filter { $0.pre == "starcoder" || $0.pre == "gpt-2" })
  func unknownSteps(golden: Golden) throws {
    let read = try golden.read(.byFacts) { files in
      var members = files.tokenizer?.object ?? [:]
      members["pre_tokenizer"] = .members(["type": .string("Whitespace")])
      files.tokenizer = .object(members)
    }
    #expect(read.vocabulary.preTokenizer == golden.name)
    #expect(
      read.conflicts.map(\.description) == [
        "the steps of the pre-tokenizer are unknown (Whitespace): \(golden.name.quoted) is used, because the ids of"
          + " llama.cpp's check text are those of this name"
      ])
  }

  @Test("refuses unknown steps of an unknown vocabulary")
  func unknownVocabulary() throws {
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("llama3-tied")))
    var members = files.tokenizer?.object ?? [:]
    members["pre_tokenizer"] = .members(["type": .string("Whitespace")])
    files.tokenizer = .object(members)
    #expect { try Vocabulary.read(files) } throws: {
      "\($0)".hasPrefix("tokenizer.json: unknown pre-tokenizer Whitespace")
    }
  }
}
