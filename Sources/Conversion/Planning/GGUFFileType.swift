import Tensors

/// `general.file_type`: which storage format most tensors of a GGUF have (`enum llama_ftype`, llama.cpp 0c1e57098).
enum GGUFFileType {
  private static let fileTypes: [StorageFormat: UInt32] = [
    .f32: 0, .f16: 1, .q4_0: 2, .q4_1: 3, .q8_0: 7, .q5_0: 8, .q5_1: 9, .q2_K: 10, .q3_K: 12, .q4_K: 15, .q5_K: 17,
    .q6_K: 18, .iq2_XXS: 19, .iq2_XS: 20, .iq3_XXS: 23, .iq1_S: 24, .iq4_NL: 25, .iq3_S: 26, .iq2_S: 28, .iq4_XS: 30,
    .iq1_M: 31, .bf16: 32, .tq1_0: 36, .tq2_0: 37, .mxfp4: 38, .nvfp4: 39, .q1_0: 40, .q2_0: 41,
  ]

  /// The number of a format; 0 (all F32) for one that has none.
  static func number(of format: StorageFormat) -> UInt32 { fileTypes[format] ?? 0 }

  /// Says that a number was guessed (`LLAMA_FTYPE_GUESSED`).
  private static let guessed: UInt32 = 1024

  /// The number of a GGUF that is copied: its own, or else that of the format most of its tensors have, as a guess.
  static func number(ofCopied checkpoint: Checkpoint) -> UInt32 {
    if let stated = checkpoint.metadata["general.file_type"]?.integer, let number = UInt32(exactly: stated) {
      return number
    }
    var counts: [StorageFormat: Int] = [:]
    for format in checkpoint.tensors.compactMap(\.format) { counts[format, default: 0] += 1 }
    let most = counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }
    return number(of: most?.key ?? .f32) | guessed
  }
}
