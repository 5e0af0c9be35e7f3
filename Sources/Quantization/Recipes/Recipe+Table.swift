import Tensors

// The presets of llama-quantize (llama.cpp 0c1e57098): the file type numbers are those of `enum llama_ftype`; the rules
// follow its decisions by tensor name, with other rules for Falcon. Recipe+VeryLowBits.swift has those of one and two
// bits.

extension Recipe {
  public static let all: [Recipe] = veryLowBits + others

  private static let others: [Recipe] = [
    Recipe("F32", 0, .f32),
    Recipe("F16", 1, .f16),
    Recipe(
      "Q4_0", 2, .q4_0,
      Rule(.feedForwardDown, .firstPart(of: 8), .q4_1, .withImportance)),
    Recipe("Q4_1", 3, .q4_1),
    Recipe("Q8_0", 7, .q8_0, output: .q8_0),
    Recipe(
      "Q5_0", 8, .q5_0,
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_1, .withImportance)),
    Recipe("Q5_1", 9, .q5_1),
    Recipe(
      "Q2_K", 10, .q2_K,
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.attentionValue, .always, .q3_K),
      Rule(.feedForwardDown, .always, .q3_K),
      Rule(.attentionOutput, .falcon, .q2_K),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, .q3_K)),
    Recipe(
      "Q2_K_S", 21, .q2_K, needsImportance: [.q2_K],
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q4_K)),
    Recipe(
      "IQ3_XXS", 23, .iq3_XXS, output: .q5_K,
      Rule(.tokenEmbedding, .always, .iq3_S),
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.attentionValue, .withoutImportance, .iq3_S),
      Rule(.attentionKey, .always, .iq2_S),
      Rule(.attentionQuery, .always, .iq2_S),
      Rule(.feedForwardDown, .firstPart(of: 8), .q4_K, .withoutImportance),
      Rule(.feedForwardDown, .withoutImportance, .q3_K),
      Rule(.attentionOutput, .falcon, .iq3_XXS),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, .iq3_S)),
    Recipe(
      "IQ3_XS", 22, .iq3_S,
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.attentionKey, .always, .iq3_XXS),
      Rule(.attentionQuery, .always, .iq3_XXS),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.feedForwardGate, .innerLayers, .iq3_XXS),
      Rule(.feedForwardUp, .innerLayers, .iq3_XXS)),
    Recipe(
      "IQ3_S", 26, .iq3_S,
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "IQ3_M", 27, .iq3_S,
      Rule(.attentionValue, .always, .q4_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q4_K),
      Rule(.feedForwardDown, .sensitiveLayers, .q4_K, .experts(8)),
      Rule(.attentionOutput, .falcon, .iq3_S),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, .q4_K)),
    Recipe(
      "Q3_K_S", 11, .q3_K,
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "Q3_K_M", 12, .q3_K,
      Rule(.attentionValue, .firstLayers(2), .q5_K),
      Rule(.attentionValue, .always, .q4_K),
      Rule(.feedForwardDown, .firstPart(of: 16), .q5_K),
      Rule(.feedForwardDown, .sensitiveLayers, .q4_K, .falcon),
      Rule(.feedForwardDown, .falcon, .q3_K),
      Rule(.feedForwardDown, .always, .q4_K),
      Rule(.attentionOutput, .falcon, .q3_K),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, .q4_K)),
    Recipe(
      "Q3_K_L", 13, .q3_K,
      Rule(.attentionValue, .always, .q5_K),
      Rule(.feedForwardDown, .falcon, .q4_K),
      Rule(.feedForwardDown, .always, .q5_K),
      Rule(.attentionOutput, .falcon, .q4_K),
      Rule(.attentionOutput, .experts(8), .q3_K),
      Rule(.attentionOutput, .always, .q5_K)),
    Recipe(
      "Q4_K_S", 14, .q4_K,
      Rule(.attentionValue, .firstLayers(4), .q5_K),
      Rule(.feedForwardDown, .falcon, .q4_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_K),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "Q4_K_M", 15, .q4_K,
      Rule(.attentionValue, .sensitiveLayers, .q6_K),
      Rule(.feedForwardDown, .firstPart(of: 16), .q6_K, .falcon),
      Rule(.feedForwardDown, .sensitiveLayers, .q5_K, .falcon),
      Rule(.feedForwardDown, .falcon, .q4_K),
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
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_K, .withoutImportance),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe(
      "IQ4_XS", 30, .iq4_XS,
      Rule(.attentionValue, .sharedHeads(4), .q5_K),
      Rule(.feedForwardDown, .firstPart(of: 8), .q5_K, .withoutImportance),
      Rule(.attentionOutput, .experts(8), .q5_K)),
    Recipe("BF16", 32, .bf16),
    Recipe("TQ1_0", 36, .tq1_0, Rule(.tokenEmbedding, .always, .q4_K)),
    Recipe("TQ2_0", 37, .tq2_0, Rule(.tokenEmbedding, .always, .q4_K)),
    Recipe(
      "MXFP4_MOE", 38, .mxfp4, output: .q8_0, isGeneral: false,
      Rule(kind: nil, conditions: [.single], format: .q8_0)),
    Recipe("Q1_0", 40, .q1_0),
    Recipe("Q2_0", 41, .q2_0, Rule(.tokenEmbedding, .always, .q4_K)),
    Recipe("COPY", nil, nil),
  ]

  /// Rules of most recipes, before their own. Keys and values are a small share of a mixture of experts.
  private static let generalRules = [
    Rule(.attentionValue, .experts(8), .q8_0),
    Rule(.attentionKey, .experts(8), .q8_0),
  ]

  /// Formats with very large errors unless encoded with an importance matrix.
  static let formatsNeedingImportance: Set<StorageFormat> = [
    .iq1_S, .iq1_M, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS,
  ]

  /// Short names, also accepted in place of file type numbers.
  private static let aliases = ["Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"]

  /// The recipe of a name, in any case, or of a `general.file_type` number, and llama-quantize's spelling of it.
  public static func find(_ text: String) -> (recipe: Recipe, spelling: String)? {
    let name = text.uppercased()
    if let recipe = all.first(where: { $0.name == aliases[name] ?? name }) { return (recipe, name) }
    guard let number = UInt32(text), let recipe = all.first(where: { $0.fileType == number }) else { return nil }
    return (recipe, aliases.first { $0.value == recipe.name }?.key ?? recipe.name)
  }

  /// The recipe with exactly this name, in any case.
  public static func named(_ name: String) -> Recipe? { all.first { $0.name == name.uppercased() } }

  /// `LLAMA_FTYPE_GUESSED`: the flag of a `general.file_type` that was guessed.
  private static let guessedFlag = 1024

  /// The recipe that the number of a `general.file_type` means, in words; nil for an unknown one.
  public static func words(ofFileType number: Int) -> String? {
    guard let recipe = all.first(where: { $0.fileType.map(Int.init) == number & ~guessedFlag }) else { return nil }
    return recipe.name + (number & guessedFlag == 0 ? "" : " (guessed)")
  }

  /// All names that `find` accepts.
  public static var names: [String] { (all.map(\.name) + aliases.keys).sorted() }

  /// `isGeneral` adds the general rules and the one for 70B models; `needsImportance` adds formats to those that always
  /// do.
  init(
    _ name: String, _ fileType: UInt32?, _ format: StorageFormat?, output: StorageFormat = .q6_K,
    isGeneral: Bool = true, needsImportance: Set<StorageFormat> = [], _ rules: Rule...
  ) {
    self.init(
      name: name, fileType: fileType, format: format, rules: (isGeneral ? Self.generalRules : []) + rules,
      outputFormat: output, raisesSeventyBillion: isGeneral,
      formatsNeedingImportance: Self.formatsNeedingImportance.union(needsImportance))
  }
}

extension Recipe.Rule {
  init(
    _ kind: Recipe.Kind, _ condition: Recipe.Condition, _ format: StorageFormat, _ further: Recipe.Condition...
  ) {
    self.init(kind: kind, conditions: [condition] + further, format: format)
  }
}
