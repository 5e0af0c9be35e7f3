import Bytes

extension PreTokenizer {
  /// The name of the rules that a `tokenizer.json` spells out.
  ///
  /// - Throws: `.unknownPreTokenizer` with the arrangement, when it is none of the known ones.
  static func name(of tokenizer: JSON) throws(VocabularyError) -> String {
    let arrangement = Arrangement(tokenizer["pre_tokenizer"])
    if let steps = arrangement.steps, normalizers(tokenizer["normalizer"]).allSatisfy({ $0 == "NFC" }),
      let match = known.first(where: { $0.steps == steps })
    {
      return match.name
    }
    let normalizers = normalizers(tokenizer["normalizer"])
    let words = normalizers.map { "normalizer \($0)" } + arrangement.words
    throw .unknownPreTokenizer(structure: words.isEmpty ? "none" : words.joined(separator: ", "))
  }

  private static func normalizers(_ normalizer: JSON?) -> [String] {
    guard let type = normalizer?["type"]?.string else { return [] }
    guard type == "Sequence" else { return [type] }
    return (normalizer?["normalizers"]?.array ?? []).flatMap { normalizers($0) }
  }

  /// The steps of a `pre_tokenizer`, and how they read in a message.
  private struct Arrangement {
    /// The steps; nil if one of them is of no known form.
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
        // Keeping the matches alone is the same as isolating them when everything matches, as it does here.
        let keepsMatches = behavior == "Isolated" || (behavior == "Removed" && isInverted)
        if isLiteral || !keepsMatches { steps = nil } else { steps?.append(.split(pattern)) }
      case "Digits":
        let isEachAlone = part["individual_digits"]?.bool ?? false
        words.append(isEachAlone ? "Digits" : "Digits in runs")
        if isEachAlone { steps?.append(.digits) } else { steps = nil }
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

  /// The `pre_tokenizer` of a `tokenizer.json` with these rules.
  var json: JSON {
    var parts = steps.map { step -> JSON in
      switch step {
      case .split(let pattern):
        .members([
          "type": .string("Split"), "pattern": .members(["Regex": .string(pattern)]), "behavior": .string("Isolated"),
          "invert": .bool(false),
        ])
      case .digits: .members(["type": .string("Digits"), "individual_digits": .bool(true)])
      case .byteLevel: Self.byteLevel(usesExpression: true)
      }
    }
    if !steps.contains(.byteLevel) { parts.append(Self.byteLevel(usesExpression: false)) }
    return parts.count == 1 ? parts[0] : .members(["type": .string("Sequence"), "pretokenizers": .array(parts)])
  }

  private static func byteLevel(usesExpression: Bool) -> JSON {
    .members([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(usesExpression),
    ])
  }
}
