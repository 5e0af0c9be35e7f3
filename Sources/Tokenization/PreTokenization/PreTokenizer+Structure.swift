import Bytes

extension PreTokenizer {
  /// The name of the rules that a `tokenizer.json` spells out.
  ///
  /// Among names of equal steps the one decides whose facts hold: composition of text, start token, added tokens.
  /// What the facts leave open, `preferred` decides, and then the order of the table.
  ///
  /// - Throws: `.unknownPreTokenizer` with the steps, if they are not those of a known one.
  static func name(of tokenizer: JSON, preferred: [String] = []) throws(VocabularyError) -> String {
    let arrangement = StepSequence(tokenizer["pre_tokenizer"])
    let normalizers = normalizers(tokenizer["normalizer"])
    let equal = known.filter { $0.steps == arrangement.steps }
    guard !equal.isEmpty, normalizers.allSatisfy({ $0 == "NFC" }) else {
      let words = normalizers.map { "normalizer \($0)" } + arrangement.words
      throw .unknownPreTokenizer(structure: words.isEmpty ? "none" : words.joined(separator: ", "))
    }
    let facts = facts(of: tokenizer)
    let possible = equal.filter { rules in
      rules.requirements.allSatisfy(facts.contains) && !rules.exclusions.contains(where: facts.contains)
    }
    for name in preferred {
      guard let rules = equal.first(where: { $0.name == name || $0.aliases.contains(name) }) else { continue }
      if !rules.exclusions.contains(where: facts.contains) { return name }
    }
    return (possible.max { $0.requirements.count < $1.requirements.count } ?? equal[0]).name
  }

  /// Facts of a `tokenizer.json` other than its steps.
  private static func facts(of tokenizer: JSON) -> Set<Fact> {
    var facts: Set<Fact> = []
    if composes(tokenizer["normalizer"]) { facts.insert(.composes) }
    if tokenizer["model"]?["ignore_merges"]?.bool == true { facts.insert(.takesWordsWhole) }
    let template = SpecialTokenTemplate(postProcessor: tokenizer["post_processor"]) { _ in 0 }
    if !template.prefix.isEmpty { facts.insert(.addsStart) }
    for token in tokenizer["added_tokens"]?.array ?? [] {
      guard let text = token["content"]?.string else { continue }
      facts.insert(.hasToken(text))
      if text.utf8.count > 1, text.utf8.allSatisfy({ $0 == 0x20 }) { facts.insert(.hasSpaceRuns) }
    }
    return facts
  }

  /// Whether a `normalizer` composes text (NFC).
  static func composes(_ normalizer: JSON?) -> Bool { normalizers(normalizer).contains("NFC") }

  private static func normalizers(_ normalizer: JSON?) -> [String] {
    guard let type = normalizer?["type"]?.string else { return [] }
    guard type == "Sequence" else { return [type] }
    return (normalizer?["normalizers"]?.array ?? []).flatMap { normalizers($0) }
  }

  /// The steps of a `pre_tokenizer`, and their wording in messages.
  private struct StepSequence {
    /// The steps; nil if one of them is unknown.
    var steps: [Step]? = []
    var words: [String] = []

    init(_ preTokenizer: JSON?) {
      guard let preTokenizer, !preTokenizer.isNull else {
        steps = nil
        return
      }
      for part in preTokenizer["pretokenizers"]?.array ?? [preTokenizer] { append(part) }
    }

    private mutating func append(_ part: JSON) {
      let type = part["type"]?.string ?? "none"
      switch type {
      case "Split":
        let pattern = part["pattern"]?["Regex"]?.string ?? part["pattern"]?["String"]?.string ?? ""
        words.append("Split \(pattern.quoted)")
        let isLiteral = part["pattern"]?["Regex"] == nil
        let behavior = part["behavior"]?.string ?? ""
        let isInverted = part["invert"]?.bool ?? false
        // Keeping only the matches is the same as isolating them if everything matches, as it does here.
        let keepsMatches = behavior == "Isolated" || (behavior == "Removed" && isInverted)
        if isLiteral || !keepsMatches { steps = nil } else { steps?.append(.split(Patterns.canonical(pattern))) }
      case "Digits":
        let isEachAlone = part["individual_digits"]?.bool ?? false
        words.append(isEachAlone ? "Digits" : "Digits in runs")
        steps?.append(isEachAlone ? .digits : .digitRuns)
      case "Punctuation":
        let isContiguous = part["behavior"]?.string == "Contiguous"
        words.append(isContiguous ? "Punctuation in runs" : "Punctuation")
        if isContiguous { steps?.append(.punctuationRuns) } else { steps = nil }
      case "ByteLevel":
        words.append("ByteLevel")
        // Files older than the member mean true.
        if part["use_regex"]?.bool ?? true { steps?.append(.byteLevel) }
      default:
        words.append(type)
        steps = nil
      }
    }
  }

  /// Whether the `ByteLevel` of a `pre_tokenizer` adds a space before text.
  static func addsSpace(_ preTokenizer: JSON?) -> Bool {
    let parts = preTokenizer?["pretokenizers"]?.array ?? [preTokenizer].compactMap { $0 }
    return parts.contains { $0["type"]?.string == "ByteLevel" && $0["add_prefix_space"]?.bool ?? true }
  }

  /// The `pre_tokenizer` of a `tokenizer.json` for this pre-tokenizer.
  ///
  /// - Parameter addsSpace: whether a space is added before text.
  func json(addsSpace: Bool = false) -> JSON {
    var parts = steps.map { step -> JSON in
      switch step {
      case .split(let pattern):
        .members([
          "type": .string("Split"), "pattern": .members(["Regex": .string(pattern)]), "behavior": .string("Isolated"),
          "invert": .bool(false),
        ])
      case .digits: .members(["type": .string("Digits"), "individual_digits": .bool(true)])
      case .digitRuns: .members(["type": .string("Digits"), "individual_digits": .bool(false)])
      case .punctuationRuns: .members(["type": .string("Punctuation"), "behavior": .string("Contiguous")])
      case .byteLevel: Self.byteLevel(usesExpression: true, addsSpace)
      }
    }
    if !steps.contains(.byteLevel) { parts.append(Self.byteLevel(usesExpression: false, addsSpace)) }
    return parts.count == 1 ? parts[0] : .members(["type": .string("Sequence"), "pretokenizers": .array(parts)])
  }

  private static func byteLevel(usesExpression: Bool, _ addsSpace: Bool) -> JSON {
    .members([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(addsSpace), "trim_offsets": .bool(true),
      "use_regex": .bool(usesExpression),
    ])
  }
}
