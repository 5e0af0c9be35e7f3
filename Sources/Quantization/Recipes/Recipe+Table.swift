import Tensors

// The presets of llama-quantize that need no importance matrix, as it decides them (llama.cpp 0c1e57098): the numbers are
// those of `enum llama_ftype`, the rules its choice for LLaMA-like models.

extension Recipe {
  /// All recipes.
  public static let all: [Recipe] = [
    Recipe("F32", 0, .f32),
    Recipe("F16", 1, .f16),
    Recipe("Q4_0", 2, .q4_0),
    Recipe("Q4_1", 3, .q4_1),
    Recipe("Q8_0", 7, .q8_0),
    Recipe("Q5_0", 8, .q5_0),
    Recipe("Q5_1", 9, .q5_1),
    Recipe(
      "Q2_K", 10, .q2_K,
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.attentionValue, .always, .q3_K),
      Rule(.feedForwardDown, .always, .q3_K),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, .q3_K)),
    Recipe(
      "Q3_K_S", 11, .q3_K,
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "Q3_K_M", 12, .q3_K,
      Rule(.attentionValue, .firstLayers(2), .q5_K),
      Rule(.attentionValue, .always, .q4_K),
      Rule(.feedForwardDown, .firstPart(of: 16), .q5_K),
      Rule(.feedForwardDown, .always, .q4_K),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, .q4_K)),
    Recipe(
      "Q3_K_L", 13, .q3_K,
      Rule(.attentionValue, .always, .q5_K),
      Rule(.feedForwardDown, .always, .q5_K),
      Rule(.attentionOutput, .experts(8), .q3_K),
      Rule(.attentionOutput, .always, .q5_K)),
    Recipe(
      "Q4_K_S", 14, .q4_K,
      Rule(.attentionValue, .firstLayers(4), .q5_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_K),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "Q4_K_M", 15, .q4_K,
      Rule(.attentionValue, .sensitiveLayers, .q6_K),
      Rule(.feedForwardDown, .sensitiveLayers, .q6_K),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe("Q5_K_S", 16, .q5_K),
    Recipe(
      "Q5_K_M", 17, .q5_K,
      Rule(.attentionValue, .sensitiveLayers, .q6_K),
      Rule(.feedForwardDown, .sensitiveLayers, .q6_K)),
    Recipe("Q6_K", 18, .q6_K),
    Recipe(
      "IQ4_NL", 25, .iq4_NL,
      Rule(.attentionValue, .sharedHeads(4), .q5_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_K),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "IQ4_XS", 30, .iq4_XS,
      Rule(.attentionValue, .sharedHeads(4), .q5_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_K),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe("BF16", 32, .bf16),
    Recipe("COPY", nil, nil),
  ]

  /// Rules of every recipe, before its own. Keys and values are a small part of a mixture of experts.
  static let commonRules = [
    Rule(.attentionValue, .experts(8), .q8_0),
    Rule(.attentionKey, .experts(8), .q8_0),
  ]

  /// Short names, which numbers give as well.
  private static let aliases = ["Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"]

  /// The recipe of a name, upper or lower case, or of a number of `general.file_type`, and how llama-quantize spells it.
  public static func find(_ text: String) -> (recipe: Recipe, spelling: String)? {
    let name = text.uppercased()
    if let recipe = all.first(where: { $0.name == aliases[name] ?? name }) { return (recipe, name) }
    guard let number = UInt32(text), let recipe = all.first(where: { $0.fileType == number }) else { return nil }
    return (recipe, aliases.first { $0.value == recipe.name }?.key ?? recipe.name)
  }

  /// The recipe with exactly this name, upper or lower case.
  public static func named(_ name: String) -> Recipe? { all.first { $0.name == name.uppercased() } }

  /// All names that `find` knows.
  public static var names: [String] { (all.map(\.name) + aliases.keys).sorted() }

  private init(_ name: String, _ fileType: UInt32?, _ format: StorageFormat?, _ rules: Rule...) {
    self.init(name: name, fileType: fileType, format: format, rules: rules)
  }
}

extension Recipe.Rule {
  fileprivate init(_ kind: Recipe.Kind, _ condition: Recipe.Condition, _ format: StorageFormat) {
    self.init(kind: kind, condition: condition, format: format)
  }
}
