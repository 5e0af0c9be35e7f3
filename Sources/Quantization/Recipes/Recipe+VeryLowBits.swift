import Tensors

// Recipes of one and two bits, for which llama-quantize has separate rules (llama.cpp 0c1e57098).

extension Recipe {
  static let veryLowBits: [Recipe] = [
    veryLow("IQ2_XXS", 19, .iq2_XXS, better: .q2_K, attentionOutput: nil),
    veryLow("IQ2_XS", 20, .iq2_XS, better: .q2_K, attentionOutput: nil),
    veryLow("IQ1_S", 24, .iq1_S, better: .q2_K, attentionOutput: .iq2_XXS),
    veryLow("IQ2_S", 28, .iq2_XS, better: .iq3_S, attentionOutput: .iq3_S),
    veryLow("IQ2_M", 29, .iq2_S, better: .iq3_S, attentionOutput: .iq3_S),
    veryLow("IQ1_M", 31, .iq1_M, better: .q2_K, attentionOutput: .iq2_XXS),
  ]

  /// `better` is the format of sensitive matrices.
  private static func veryLow(
    _ name: String, _ fileType: UInt32, _ format: StorageFormat, better: StorageFormat, attentionOutput: StorageFormat?
  ) -> Recipe {
    Recipe(
      name, fileType, format, output: .q5_K, isGeneral: false,
      Rule(.tokenEmbedding, .always, better),
      Rule(.attentionValue, .sharedHeads(4), .q4_K),
      Rule(.attentionValue, .expertsOrMore(4), .q4_K),
      Rule(.attentionValue, .always, better),
      Rule(.attentionKey, .experts(8), .q4_K),
      Rule(.feedForwardDown, .firstMatrices(partOfLayers: 8), better),
      Rule(.attentionOutput, .experts(8), .q5_K),
      Rule(.attentionOutput, .always, attentionOutput ?? format))
  }
}
