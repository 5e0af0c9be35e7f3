import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// Scores from merges, by a plain version of what llama.cpp does with them.
@Suite("Scores that follow merges")
struct MergeScoresTests {
  /// Joins any two symbols that spell a piece, the highest score first, then the leftmost.
  private struct ScoreJoiner {
    let ids: [ByteString: Int]
    let scores: [Float]

    init(_ vocabulary: Vocabulary) {
      ids = vocabulary.idsByText()
      scores = vocabulary.scores
    }

    func ids(of text: [UInt8]) -> [Int] {
      var symbols = String(decoding: text, as: UTF8.self).unicodeScalars.map { Array(String($0).utf8) }
      while true {
        var best: (score: Float, index: Int)?
        for index in symbols.indices.dropLast() {
          guard let id = ids[ByteString(symbols[index] + symbols[index + 1])] else { continue }
          if best.map({ scores[id] > $0.score }) ?? true { best = (scores[id], index) }
        }
        guard let best else { break }
        symbols.replaceSubrange(best.index...best.index + 1, with: [symbols[best.index] + symbols[best.index + 1]])
      }
      return symbols.flatMap { symbol -> [Int] in
        if let id = ids[ByteString(symbol)] { return [id] }
        return symbol.map { ids[ByteString(SentencePieceText.byteName($0))] ?? -1 }
      }
    }
  }

  static let kinds = KindEncodingTests.Golden.all.filter { golden in
    (try? golden.vocabulary().kind) == .sentencePiece
      && FileSystem.kind(of: Fixtures.path("tokenizers", golden.kind, "tokenizer.model")) == nil
  }

  @Test("have tokenizers to test")
  func kindCount() {
    #expect(Self.kinds.count >= 7)
  }

  @Test("give AutoTokenizer's ids where pieces are joined by score", arguments: kinds)
  func joined(golden: KindEncodingTests.Golden) throws {
    let vocabulary = try golden.vocabulary()
    let joiner = ScoreJoiner(vocabulary)
    var textCount = 0
    for (text, row) in zip(KindEncodingTests.Golden.texts, golden.rows) {
      // Added tokens, also those of several spaces, are found before pieces are joined.
      let hasSpaceRuns = vocabulary.tokens.indices.contains { vocabulary.isSpaceRun($0) }
      guard !text.isEmpty, !vocabulary.addedTokens.contains(where: { text.contains($0.text) }),
        !(hasSpaceRuns && text.contains("  "))
      else { continue }
      textCount += 1
      let prepared = SentencePieceText.prepare(Array(text.utf8)[...], prefix: vocabulary.spacePrefix, isFirst: true)
      #expect(joiner.ids(of: prepared) == (row.array?[0].array ?? []).compactMap(\.integer), "\(text)")
    }
    #expect(textCount > 30)
  }

  /// A vocabulary of random merges of a, b, c and ▁; some of its pieces have several merges, some none.
  private func vocabulary(using random: inout SeededGenerator, orphanCount: Int) -> Vocabulary {
    var vocabulary = Vocabulary(kind: .sentencePiece)
    var texts = ["a", "b", "c", "\u{2581}"]
    var merges: [String] = []
    for _ in 0..<Int.random(in: 3...30, using: &random) {
      let pair = [texts, texts].map { $0[Int.random(in: 0..<$0.count, using: &random)] }
      if !texts.contains(pair.joined()) { texts.append(pair.joined()) }
      merges.append(pair.joined(separator: " "))
    }
    if Bool.random(using: &random) { merges.shuffle(using: &random) }
    for _ in 0..<orphanCount {
      let text = (0..<Int.random(in: 2...4, using: &random)).map { _ in texts[Int.random(in: 0..<4, using: &random)] }
      if !texts.contains(text.joined()) { texts.append(text.joined()) }
    }
    for text in texts { vocabulary.append(text.utf8, score: 0, type: .normal) }
    vocabulary.merges = PackedStrings(merges)
    return vocabulary
  }

  @Test("follow any merges, or name the pieces that they cannot", arguments: [0, 3])
  func randomMerges(orphanCount: Int) throws {
    var random = SeededGenerator(seed: UInt64(19 + orphanCount))
    var faithfulCount = 0
    for _ in 0..<400 {
      var vocabulary = vocabulary(using: &random, orphanCount: orphanCount)
      let merged = MergeScores(vocabulary)
      vocabulary.scores = merged.scores
      let joiner = ScoreJoiner(vocabulary), ids = vocabulary.idsByText()
      let merges = MergeTable(vocabulary.rankedMerges(ids: ids))
      vocabulary.spacePrefix = .never
      func byRank(_ text: String) -> [Int] {
        var symbols = text.unicodeScalars.compactMap { ids[ByteString(String($0))] }.map { UInt32($0) }
        merges.merge(&symbols)
        return symbols.map { Int($0) }
      }
      for id in merged.unreachable {
        #expect(byRank(vocabulary.tokens.text(id)) != [id])
        #expect(joiner.ids(of: Array(vocabulary.tokens[id])).count == 1)
      }
      guard merged.unreachable.isEmpty else { continue }
      faithfulCount += 1
      for _ in 0..<40 {
        let characters = ["a", "b", "c", "\u{2581}"]
        let text = (0..<Int.random(in: 1...30, using: &random)).map { _ in
          characters[Int.random(in: 0..<4, using: &random)]
        }.joined()
        #expect(joiner.ids(of: Array(text.utf8)) == byRank(text), "\(text)")
      }
    }
    #expect(faithfulCount > 20)
  }

  @Test(
    "give pieces the scores, and rows the tokens, of tokenizer.model",
    arguments: [
      ("mixtral", "llama-saved"), ("gemma2", "gemma-saved"), ("phi3", "phi3-saved"), ("baichuan", "baichuan-saved"),
    ])
  func asTokenizerModel(architecture: String, kind: String) throws {
    let golden = try #require(KindEncodingTests.Golden.all.first { $0.kind == kind })
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", kind)))
    files.model = .members(["model_type": .string(golden.modelType)])
    var metadata = Metadata()
    for (key, value) in try ExpectedMetadata.tokenizer(Fixtures.path("expected", architecture, "metadata.json")) {
      metadata[key] = value
    }
    let reference = try Vocabulary(metadata)
    let read = try Vocabulary.read(
      files, rules: BundledRules.matching(modelType: golden.modelType), vocabularySize: reference.count
    ).vocabulary
    #expect(read.tokens == reference.tokens)
    for id in reference.tokens.indices where reference.types[id] == .normal || reference.types[id] == .unused {
      #expect(read.types[id] == reference.types[id], "\(id)")
      #expect(read.scores[id] == reference.scores[id], "\(id)")
    }
  }
}
