import Bytes
import Models
import Tokenization

/// The differences between two vocabularies of one reader (`Vocabulary.comparable`), as findings.
enum VocabularyDifferences {
  /// A difference, and whether a correct conversion cannot make it: other tokens, another BOS.
  ///
  /// A fact of one side only is not a fault: the other container cannot store it, or leaves it to the reader.
  private struct Difference {
    let fact: String
    let severity: Severity

    enum Severity { case fault, warning, note }

    init(fact: String, isFault: Bool) { self.init(fact, isFault ? .fault : .warning) }

    init(_ fact: String, _ severity: Severity) {
      self.fact = fact
      self.severity = severity
    }
  }

  /// Compares sizes, tokens, scores and merges (up to the first difference), special tokens, and which of them encoding
  /// adds.
  ///
  /// - Parameter severity: of faults; other differences are warnings.
  static func findings(
    _ one: Vocabulary, _ other: Vocabulary, check: String, severity: Finding.Severity
  ) -> [Finding] {
    return (tokens(one, other) + rules(one, other) + specialTokens(one, other)).map { difference in
      let found: Finding.Severity =
        switch difference.severity {
        case .fault: severity
        case .warning: .warning
        case .note: .note
        }
      return Finding(found, check, .tokenizer, difference.fact)
    }
  }

  private static func tokens(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    var found: [Difference] = []
    let common = 0..<min(one.count, other.count)
    if one.count != other.count {
      // Padding up to the rows of the embedding changes nothing.
      let longer = one.count > other.count ? one : other
      let isPadding = (common.upperBound..<longer.count).allSatisfy { longer.types[$0] == .unused }
      found.append(
        Difference(
          fact: "has \(counted(one.count, "token")) in the reference, \(other.count.grouped) in the candidate",
          isFault: !isPadding))
    }
    if let id = common.first(where: { one.tokens[$0] != other.tokens[$0] }) {
      found.append(
        Difference(
          fact: "token \(id.grouped) is \(one.tokens.text(id).quoted) in the reference, "
            + "\(other.tokens.text(id).quoted) in the candidate", isFault: true))
    }
    found += scores(one, other)
    let differing = common.filter { one.types[$0].matching != other.types[$0].matching }
    // Added tokens and special ones are both found before text is split.
    let moved = differing.first { (one.types[$0].matching == .asPiece) != (other.types[$0].matching == .asPiece) }
    if let id = moved ?? differing.first {
      found.append(
        Difference(
          fact: "token \(id.grouped) is \(one.types[id].words) in the reference, \(other.types[id].words) in the"
            + " candidate", isFault: moved != nil))
    }
    return found
  }

  /// Scores decide by their values among unigrams; among SentencePiece's merges only their order does.
  private static func scores(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    let scored = (0..<min(one.scores.count, other.scores.count)).filter {
      one.types[$0] == .normal && other.types[$0] == .normal
    }
    guard let id = scored.first(where: { one.scores[$0] != other.scores[$0] }) else { return [] }
    // Pieces that are joined by a list of merges need no scores.
    let isFault =
      one.kind != .mergedPieces
      && (one.kind != .sentencePiece || ranks(one.scores, scored) != ranks(other.scores, scored))
    return [
      Difference(
        fact: "the score of token \(id.grouped) is \(one.scores[id]) in the reference, \(other.scores[id]) in the"
          + " candidate" + (isFault ? "" : ", and the order of all scores is the same"), isFault: isFault)
    ]
  }

  /// The rank of the score of each id; equal scores have one rank.
  private static func ranks(_ scores: [Float], _ ids: [Int]) -> [Int] {
    let distinct = Set(ids.map { scores[$0] }).sorted()
    let ranks = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0) })
    return ids.map { ranks[scores[$0]] ?? 0 }
  }

  private static func rules(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    guard one.kind == other.kind else {
      return [
        Difference(
          fact: "is of the kind \(one.kind.rawValue.quoted) in the reference, \(other.kind.rawValue.quoted) in the"
            + " candidate", isFault: true)
      ]
    }
    var found: [Difference] = []
    guard one.kind == .byteLevel || one.kind == .mergedPieces else { return found }
    if one.merges.count != other.merges.count {
      found.append(
        Difference(
          fact: "has \(counted(one.merges.count, "merge")) in the reference, \(other.merges.count.grouped) in the"
            + " candidate", isFault: true))
    } else if let rank = (0..<one.merges.count).first(where: { one.merges[$0] != other.merges[$0] }) {
      found.append(
        Difference(
          fact: "merge \(rank.grouped) is \(one.merges.text(rank).quoted) in the reference, "
            + "\(other.merges.text(rank).quoted) in the candidate", isFault: true))
    }
    if one.kind == .byteLevel, let difference = preTokenizers(one, other) { found.insert(difference, at: 0) }
    return found
  }

  /// The difference of what the pre-tokenizers do with the tokens of `one`; other names alone are none.
  private static func preTokenizers(_ one: Vocabulary, _ other: Vocabulary) -> Difference? {
    let isRenamed = one.preTokenizer != other.preTokenizer
    let names =
      isRenamed
      ? "the pre-tokenizer is \(one.preTokenizer.quoted) in the reference, \(other.preTokenizer.quoted) in the candidate"
      : "the pre-tokenizers, both \(one.preTokenizer.quoted), encode whole words or composed characters differently"
    do {
      switch try one.compareSplitting(with: other) {
      case .equalRules: return isRenamed ? Difference("\(names); their rules are the same", .note) : nil
      case .equalIDs:
        guard isRenamed else { return nil }
        return Difference("\(names); no token spans a place where only one of them splits, so ids are the same", .note)
      case .otherIDs(let text, let ids, let others):
        return Difference(
          "\(names): \(text.quoted) has \(counted(ids.count, "token")) in the reference, \(others.count.grouped) in the"
            + " candidate", .fault)
      case .otherIDsBesideWords(let text, let ids, let others):
        return Difference(
          "\(names); words have the same ids, but some white space or rare characters have others: \(text.quoted) has"
            + " \(counted(ids.count, "token")) in the reference, \(others.count.grouped) in the candidate", .warning)
      case .noDifferenceFound(let count):
        return Difference(
          "\(names); \(counted(count, "text")) have the same ids, which does not prove it for all", .warning)
      case .unknownName(let name):
        guard isRenamed else { return nil }
        return Difference("\(names); \(name.quoted) is unknown, so its rules are not compared", .warning)
      }
    } catch {
      return Difference("the pre-tokenizers are not compared: \(error)", .warning)
    }
  }

  private static func specialTokens(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    var found: [Difference] = []
    for role in SpecialToken.allCases where !one.hasSameToken(role, as: other) {
      let ids = [one, other].map { $0.id(of: role) }
      let words = ids.map { $0.map(String.init) ?? "none" }
      found.append(
        Difference(
          fact: "the \(role.rawValue) token is \(words[0]) in the reference, \(words[1]) in the candidate",
          isFault: !ids.contains(nil) || role == .eos && ids[1] == nil))
    }
    return found + templates(one, other) + preparations(one, other)
  }

  /// The differences of what is done to a text before it is encoded, by effect.
  private static func preparations(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    guard one.kind == other.kind else { return [] }
    return one.textPreparation.differences(from: other.textPreparation).map { words, isDone in
      let sides = isDone ? ("reference", "candidate") : ("candidate", "reference")
      return Difference("\(words) by the \(sides.0), not by the \(sides.1)", .fault)
    }
  }

  /// The differences of the tokens around a text, whichever flags cause them.
  private static func templates(_ one: Vocabulary, _ other: Vocabulary) -> [Difference] {
    let (own, others) = (one.effectiveTemplate, other.effectiveTemplate)
    var found: [Difference] = []
    for (place, ids, otherIDs) in [("before", own.prefix, others.prefix), ("after", own.suffix, others.suffix)]
    where ids != otherIDs {
      let sides = otherIDs.isEmpty ? ("reference", "candidate") : ("candidate", "reference")
      let only = otherIDs.isEmpty ? ids : ids.isEmpty ? otherIDs : []
      let role = SpecialToken.allCases.first { role in
        only.count == 1 && [one, other].contains { $0.id(of: role) == only[0] }
      }
      if let role {
        found.append(
          Difference("the \(role.rawValue) token is added to a prompt by the \(sides.0), not by the \(sides.1)", .fault)
        )
      } else {
        func words(_ ids: [Int]) -> String { ids.isEmpty ? "none" : ids.map(String.init).joined(separator: ", ") }
        found.append(
          Difference(
            "the tokens \(place) a prompt are \(words(ids)) in the reference, \(words(otherIDs)) in the candidate",
            .fault))
      }
    }
    return found
  }
}

extension Vocabulary {
  /// Two vocabularies as one reader has them: where one is a folder's and one a GGUF's, the GGUF made of the folder.
  ///
  /// transformers and llama.cpp encode some texts differently; the two vocabularies do not differ for that reason.
  static func comparable(_ one: Vocabulary, _ other: Vocabulary) -> (Vocabulary, Vocabulary) {
    guard one.reader != other.reader, one.reader == .llamaCpp || other.reader == .llamaCpp else { return (one, other) }
    func inGGUF(_ vocabulary: Vocabulary) -> Vocabulary? {
      vocabulary.reader == .llamaCpp ? vocabulary : try? Vocabulary(vocabulary.metadata())
    }
    guard let first = inGGUF(one), let second = inGGUF(other) else { return (one, other) }
    return (first, second)
  }
}

extension TokenType {
  /// How a tokenizer finds a token in text; types of one way are alike.
  fileprivate enum Matching { case asPiece, beforeSplitting, asSpecial }

  fileprivate var matching: Matching {
    switch self {
    case .control, .unknown: .asSpecial
    case .userDefined: .beforeSplitting
    case .normal, .byte, .undefined, .unused: .asPiece
    }
  }

  fileprivate var words: String {
    switch matching {
    case .asPiece: "a piece of text"
    case .beforeSplitting: "an added token"
    case .asSpecial: "a special token"
    }
  }
}
