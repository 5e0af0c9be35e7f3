import Bytes
import Tensors

/// How the pre-tokenizers of two byte-level vocabularies with the same tokens compare.
public enum SplittingComparison: Sendable, Hashable {
  /// Their rules are equal.
  case equalRules
  /// Their rules differ, but no token spans a place where only one of them cuts: every text has the same ids.
  case equalIDs
  /// They give a text other ids.
  case otherIDs(text: String, own: [Int], other: [Int])
  /// They give a text other ids, but only in white space or inside a character: words have the same ids.
  case otherIDsBesideWords(text: String, own: [Int], other: [Int])
  /// A token may span a place where only one of them cuts, but this many texts have the same ids.
  case noDifferenceFound(textCount: Int)
  /// The rules of a name are unknown.
  case unknownName(String)
}

extension Vocabulary {
  /// Compares what the pre-tokenizers of two byte-level vocabularies do to the tokens of this one.
  ///
  /// Both vocabularies must have the same reader.
  public func compareSplitting(with other: Vocabulary) throws(VocabularyError) -> SplittingComparison {
    guard let own = PreTokenizer.named(preTokenizer) else { return .unknownName(preTokenizer) }
    guard let theirs = PreTokenizer.named(other.preTokenizer) else { return .unknownName(other.preTokenizer) }
    let (steps, otherSteps) = (own.steps(for: reader), theirs.steps(for: reader))
    let isLlamaCpp = reader == .llamaCpp
    let ignores = isLlamaCpp ? [own.ignoresMerges, theirs.ignoresMerges] : [ignoresMerges, other.ignoresMerges]
    let composition = isLlamaCpp ? [false, false] : [composes, other.composes]
    let isWholeWords = ignores[0] != ignores[1], isComposition = composition[0] != composition[1]
    guard steps != otherSteps || isWholeWords || isComposition else { return .equalRules }
    var copy = self
    (copy.preTokenizer, copy.ignoresMerges, copy.composes) = (other.preTokenizer, ignores[1], composition[1])
    let comparer = SplittingComparer(one: try Tokenizer(self), other: try Tokenizer(copy))
    func text(of id: Int) -> String? { String(validating: ByteLevel.decode(tokens.text(id)), as: UTF8.self) }
    var texts = isWholeWords ? mergedTokens.compactMap(text) : []
    var spans = CutDifferences.Span.none
    if steps != otherSteps {
      let one = try CompiledPreTokenizer(steps), two = try CompiledPreTokenizer(otherSteps)
      let differences = CutDifferences(one, two)
      for id in mergedTokens {
        let span = differences?.span(of: ByteLevel.decode(tokens.text(id))) ?? .betweenCharacters
        spans = max(spans, span)
        guard span == .betweenCharacters, let text = text(of: id) else { continue }
        texts += [text, " " + text, text + "a", "a" + text, text + text]
      }
    }
    if spans == .none, !isComposition, texts.isEmpty { return .equalIDs }
    if let found = comparer.firstDifference(in: texts) {
      return .otherIDs(text: found.text, own: found.own, other: found.other)
    }
    if let found = comparer.firstDifference(in: SplittingComparer.texts) {
      return isComposition || isWholeWords || spans == .betweenCharacters
        ? .otherIDs(text: found.text, own: found.own, other: found.other)
        : .otherIDsBesideWords(text: found.text, own: found.own, other: found.other)
    }
    if spans == .none, !isComposition { return .equalIDs }
    return .noDifferenceFound(textCount: SplittingComparer.texts.count + texts.count)
  }

  /// The tokens that merges make.
  private var mergedTokens: [Int] {
    tokens.indices.filter { types[$0] == .normal && tokens[$0].count > 1 }
  }
}

/// Two tokenizers of one vocabulary that differ in their pre-tokenizers.
private struct SplittingComparer {
  let one: Tokenizer, other: Tokenizer

  /// The first text with other ids.
  func firstDifference(in texts: [String]) -> (text: String, own: [Int], other: [Int])? {
    for text in texts {
      let ids = one.encode(text, specialTokens: .omit), others = other.encode(text, specialTokens: .omit)
      if ids != others { return (text, ids, others) }
    }
    return nil
  }

  /// Texts that tell the known rules apart for a vocabulary in which everything merges.
  static let texts = [
    "12", " 12", "  1", "a\n\n1", "1234 a1 x2 3.14", " ١", "١٢", "९९", " ½", CheckText.text,
    "don't DON'T we'LL 'Re it'S", "camelCase HTTPServer ÉcoleÉté naïveÀ",
    "a\n\n b\r\n  c\t\td \n", "a//b!!\n?? #! --x ...y", "e\u{301}a\u{308} नमस्ते ไทย", "漢字かな交じり文。한국어",
    "word, word; (word) [x] {y} <z> @a $b ^c ~d |e `f", "😀👍🏽 ½ ② Ⅷ \u{A0}\u{3000}x",
  ]
}
