import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// Whether two pre-tokenizers do the same to the tokens of one vocabulary.
@Suite("The comparison of pre-tokenizers")
struct SplittingComparisonTests {
  /// A byte-level vocabulary of all bytes and the results of `merges`.
  private func vocabulary(_ name: String, merges: [String], reader: Vocabulary.Reader = .llamaCpp) -> Vocabulary {
    var vocabulary = Vocabulary(kind: .byteLevel, preTokenizer: name)
    vocabulary.reader = reader
    vocabulary.tokens = PackedStrings(ByteLevel.scalars.map { String($0) } + merges.map { $0.filter { $0 != " " } })
    vocabulary.types = [TokenType](repeating: .normal, count: vocabulary.count)
    vocabulary.merges = PackedStrings(merges)
    vocabulary.ignoresMerges = PreTokenizer.named(name)?.ignoresMerges ?? false
    vocabulary.composes = PreTokenizer.named(name)?.composes ?? false
    return vocabulary
  }

  private func compare(
    _ one: String, _ other: String, merges: [String], reader: Vocabulary.Reader = .llamaCpp
  ) throws -> SplittingComparison {
    try vocabulary(one, merges: merges, reader: reader)
      .compareSplitting(with: vocabulary(other, merges: merges, reader: reader))
  }

  @Test("finds names of equal rules equal")
  func equalRules() throws {
    #expect(try compare("smollm", "codeshell", merges: ["1 2"]) == .equalRules)
    #expect(try compare("qwen2", "stablelm2", merges: ["1 2"]) == .equalRules)
    // llama.cpp does not compose text, so that only transformers tells these apart.
    #expect(try compare("gpt-2", "olmo", merges: ["a b"]) == .equalRules)
    guard case .otherIDs = try compare("gpt-2", "olmo", merges: ["a b"], reader: .transformers) else {
      Issue.record("composition is a difference to transformers")
      return
    }
  }

  @Test("tells rules apart by a token of digits")
  func digits() throws {
    #expect(try compare("smollm", "gpt-2", merges: ["1 2"]) == .otherIDs(text: "12", own: [0x31, 0x32], other: [256]))
    #expect(try compare("smollm", "gpt-2", merges: ["Ġ 1"]) == .otherIDs(text: " 1", own: [0x20, 0x31], other: [256]))
  }

  @Test("proves equal ids where no token spans a difference")
  func equalIDs() throws {
    #expect(try compare("smollm", "gpt-2", merges: ["a b", "Ġ a", "' s", "! !"]) == .equalIDs)
    #expect(try compare("qwen2", "llama-bpe", merges: ["a b", "Ġ a", "Ċ Ċ"]) == .equalIDs)
    #expect(try compare("tekken", "llama-bpe", merges: ["Ġ a", "a b"]) == .equalIDs)
  }

  @Test("distinguishes white space and parts of characters from words")
  func whiteSpace() throws {
    guard case .otherIDsBesideWords(let text, _, _) = try compare("smollm", "gpt-2", merges: ["Ġ Ġ", "a b"]) else {
      Issue.record("runs of spaces before digits differ")
      return
    }
    #expect(text == "  1")
    // A space and the first byte of an Arabic digit, which is also that of Arabic letters.
    guard case .otherIDsBesideWords(let digit, _, _) = try compare("smollm", "gpt-2", merges: ["Ġ Ù"]) else {
      Issue.record("a space joins the first byte of a digit")
      return
    }
    #expect(digit == " ١")
  }

  @Test("tells rules apart by words that merges do not make")
  func wholeWords() throws {
    // "abc" is a token that no merge makes.
    var one = vocabulary("llama-bpe", merges: ["a b"])
    one.tokens.append("abc".utf8)
    one.types.append(.normal)
    var other = one
    other.preTokenizer = "smaug-bpe"
    #expect(try one.compareSplitting(with: other) == .otherIDs(text: "abc", own: [257], other: [256, 0x63]))
    #expect(try compare("llama-bpe", "smaug-bpe", merges: ["a b"]) == .equalIDs)
  }

  @Test("does not compare an unknown name")
  func unknownName() throws {
    #expect(try compare("gpt-2", "nope", merges: []) == .unknownName("nope"))
  }

  /// A token of all scalars that a class can have is what decides; longer texts must show no pair that short ones do not.
  @Test(
    "the pairs at which rules differ are found by short texts",
    arguments: [("gpt-2", "llama-bpe"), ("llama-bpe", "qwen2"), ("deepseek-v3", "qwen2"), ("smollm", "bloom")])
  func pairs(one: String, other: String) throws {
    let first = try CompiledPreTokenizer(#require(PreTokenizer.named(one)).steps)
    let second = try CompiledPreTokenizer(#require(PreTokenizer.named(other)).steps)
    let differences = try #require(CutDifferences(first, second))
    let scalars = "aAzéÀ中ก1٣½ \u{A0}\n\r\t.,'-_$+/!😀\u{301}sStTrReEvVmMlLdD".unicodeScalars.map(\.value)
    var random = SeededGenerator(seed: 3)
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 2...16, using: &random)).map { _ in
        scalars[Int.random(in: 0..<scalars.count, using: &random)]
      }
      var cuts: [Set<Int>] = []
      for rules in [first, second] {
        var own: Set<Int> = []
        rules.words(of: text, 0..<text.count) { own.insert($0.lowerBound) }
        cuts.append(own)
      }
      for cut in cuts[0].symmetricDifference(cuts[1]) {
        var pair = String.UnicodeScalarView()
        for value in text[cut - 1...cut] { if let scalar = Unicode.Scalar(value) { pair.append(scalar) } }
        #expect(differences.span(of: Array(String(pair).utf8)) != .none, "\(String(pair).debugDescription)")
      }
    }
  }
}
