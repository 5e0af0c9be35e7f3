import Bytes
import Tensors

// The steps of a tokenizer.json with SentencePiece pieces. Those that LLaMA's relatives have:
//
//   normalizer      Prepend ▁                  a space before every segment between added tokens
//                   Replace " " by ▁           spaces as pieces have them
//                   Replace \A▁ by ▁▁          a space also before text that begins with one
//   pre_tokenizer   Metaspace                  a space before the first or every segment; perhaps a split before every ▁
//                   Split at a space           finds none
//                   Split at user-defined pieces, each isolated

extension HuggingFaceVocabularyReader {
  /// The rule for the first space, of the tokenizer class, the normalizer or the pre-tokenizer.
  func spacePrefix(_ tokenizer: JSON) -> Vocabulary.SpacePrefix {
    switch tokenizerClass?.spacePrefix {
    case .never: return .never
    case .configuration:
      if files.configuration?["add_prefix_space"]?.bool == false { return .never }
      return files.configuration?["legacy"]?.bool == true ? .everySegment : .first
    case .tokenizer, nil: break
    }
    let normalizers = Self.steps(tokenizer, "normalizer")
    if normalizers.contains(where: { $0["type"]?.string == "Prepend" }) { return .everySegmentAlways }
    guard let metaspace = Self.metaspace(tokenizer) else { return .never }
    let doublesFirst = normalizers.contains(where: Self.doublesFirstSpace)
    switch metaspace["prepend_scheme"]?.string {
    case "never": return .never
    case "first": return .first
    case "always": return doublesFirst ? .everySegmentAlways : .everySegment
    default: return metaspace["add_prefix_space"]?.bool == false ? .never : .everySegment
    }
  }

  /// Makes the keys of a GGUF agree with the space, BOS and EOS that `tokenizer.json` adds; llama.cpp adds a space and BOS
  /// if nothing is stated.
  mutating func restateFrame() {
    guard restatesFrame else { return }
    let stated = vocabulary
    let addsSpace = vocabulary.spacePrefix != .never
    if vocabulary.kind.hasScores, vocabulary.addsSpacePrefix ?? true != addsSpace {
      vocabulary.addsSpacePrefix = addsSpace
    }
    let template = template()
    let startsByDefault = vocabulary.kind.hasScores
    for (role, ids, isDefault) in [
      (SpecialToken.bos, template.prefix, startsByDefault), (.eos, template.suffix, false),
    ] {
      let isAdded = vocabulary.id(of: role).map(ids.contains) ?? !ids.isEmpty
      guard vocabulary.adds(role) ?? isDefault != isAdded else { continue }
      if role == .bos, vocabulary.addsBOSOverride != nil { vocabulary.addsBOSOverride = isAdded }
      vocabulary.additions.removeAll { $0.role == role }
      vocabulary.additions.append(SpecialTokenAddition(role, isAdded))
    }
    if rules.referenceReadsPieceJSON, vocabulary != stated { departures.append(.statedFrame) }
  }

  /// Whether text is split before every `▁`, so that no merge crosses one.
  func splitsAtSpaces(_ tokenizer: JSON) -> Bool {
    guard tokenizerClass == nil, let metaspace = Self.metaspace(tokenizer) else { return false }
    return metaspace["split"]?.bool ?? true
  }

  /// The pieces at which text is split, so that they are found in it like added tokens.
  func isolatedPieces(_ tokenizer: JSON) -> [String] {
    guard tokenizerClass == nil, tokenizer["model"]?["ignore_merges"]?.bool == true else { return [] }
    return Self.steps(tokenizer, "pre_tokenizer").flatMap { Self.literals($0) ?? [] }
  }

  /// Reports the steps that change text in a way for which a GGUF of SentencePiece pieces has no key.
  mutating func reportUnusedSteps(_ tokenizer: JSON) {
    guard tokenizerClass == nil else { return }
    func report(_ member: String, _ type: String) {
      conflicts.append(.unusedStep(member: member, type: type, file: "tokenizer.json"))
    }
    for step in Self.steps(tokenizer, "normalizer") {
      guard let type = step["type"]?.string, type != "Prepend" else { continue }
      let replacesSpaces = step["pattern"]?["String"]?.string == " " && step["content"]?.string == "\u{2581}"
      if type != "Replace" || !(replacesSpaces || Self.doublesFirstSpace(step)) { report("normalizer", type) }
    }
    for step in Self.steps(tokenizer, "pre_tokenizer") {
      guard let type = step["type"]?.string, type != "Metaspace" else { continue }
      let isAtSpace = step["pattern"]?["String"]?.string == " "
      if type != "Split" || !(isAtSpace || Self.literals(step) != nil) { report("pre_tokenizer", type) }
    }
  }

  /// The steps of the normalizer or the pre-tokenizer.
  private static func steps(_ tokenizer: JSON, _ member: String) -> [JSON] {
    guard let step = tokenizer[member], !step.isNull else { return [] }
    return step["normalizers"]?.array ?? step["pretokenizers"]?.array ?? [step]
  }

  private static func metaspace(_ tokenizer: JSON) -> JSON? {
    steps(tokenizer, "pre_tokenizer").first { $0["type"]?.string == "Metaspace" }
  }

  private static func doublesFirstSpace(_ step: JSON) -> Bool {
    step["pattern"]?["Regex"]?.string == "\\A\u{2581}" && step["content"]?.string == "\u{2581}\u{2581}"
  }

  /// The alternatives of a split that isolates any of several texts; nil for another step.
  private static func literals(_ step: JSON) -> [String]? {
    guard step["type"]?.string == "Split", step["behavior"]?.string == "Isolated", step["invert"]?.bool != true,
      let pattern = step["pattern"]?["Regex"]?.string
    else { return nil }
    var texts = [String.UnicodeScalarView()]
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      if isEscaped {
        // A letter or digit after the backslash is a class or a reference.
        guard scalar.isASCII, !scalar.properties.isAlphabetic, scalar.properties.numericType == nil else { return nil }
        texts[texts.count - 1].append(scalar)
        isEscaped = false
        continue
      }
      switch scalar {
      case "\\": isEscaped = true
      case "|": texts.append(String.UnicodeScalarView())
      case ".", "^", "$", "*", "+", "?", "(", ")", "[", "]", "{", "}": return nil
      default: texts[texts.count - 1].append(scalar)
      }
    }
    return isEscaped || texts.contains { $0.isEmpty } ? nil : texts.map { String($0) }
  }
}
