import Tensors

extension StorageFormat {
  /// The fallback of a format of long blocks: one of 32 elements with about as many bits (llama.cpp 0c1e57098).
  private static let substitutes: [StorageFormat: StorageFormat] = [
    .iq1_S: .iq4_NL, .iq1_M: .iq4_NL, .iq2_XXS: .iq4_NL, .iq2_XS: .iq4_NL, .iq2_S: .iq4_NL, .iq3_XXS: .iq4_NL,
    .iq3_S: .iq4_NL, .iq4_XS: .iq4_NL,
    .tq1_0: .q4_0, .tq2_0: .q4_0, .q2_0: .q4_0, .q2_K: .q4_0, .q3_K: .q4_0,
    .q4_K: .q5_0, .q5_K: .q5_1, .q6_K: .q8_0,
  ]

  /// This format if rows of `rowElementCount` elements are whole blocks of it; otherwise its fallback, and F16 last.
  public func fitting(rowElementCount: Int) -> StorageFormat {
    if rowElementCount % elementsPerBlock == 0 { return self }
    guard let substitute = Self.substitutes[self], rowElementCount % substitute.elementsPerBlock == 0 else {
      return .f16
    }
    return substitute
  }
}
