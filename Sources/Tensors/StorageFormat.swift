/// An encoding of values as bytes: an *element type* (scalars) or a *block format* (quantized).
///
/// The raw value is the format's name as users know it. `StorageFormat+Table.swift` is the one table of facts;
/// nothing else in the project states a block size.
public enum StorageFormat: String, Sendable, CaseIterable, CustomStringConvertible {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case f8_e4m3 = "F8_E4M3"
  case f8_e5m2 = "F8_E5M2"
  case f8_e8m0 = "F8_E8M0"
  case f8_e4m3fnuz = "F8_E4M3FNUZ"
  case f8_e5m2fnuz = "F8_E5M2FNUZ"
  case f6_e2m3 = "F6_E2M3"
  case f6_e3m2 = "F6_E3M2"
  case f4 = "F4"
  case c64 = "C64"
  case bool = "BOOL"
  case i8 = "I8"
  case i16 = "I16"
  case i32 = "I32"
  case i64 = "I64"
  case u8 = "U8"
  case u16 = "U16"
  case u32 = "U32"
  case u64 = "U64"

  case q4_0 = "Q4_0"
  case q4_1 = "Q4_1"
  case q5_0 = "Q5_0"
  case q5_1 = "Q5_1"
  case q8_0 = "Q8_0"
  case q8_1 = "Q8_1"
  case q2_K = "Q2_K"
  case q3_K = "Q3_K"
  case q4_K = "Q4_K"
  case q5_K = "Q5_K"
  case q6_K = "Q6_K"
  case q8_K = "Q8_K"
  case iq1_S = "IQ1_S"
  case iq1_M = "IQ1_M"
  case iq2_XXS = "IQ2_XXS"
  case iq2_XS = "IQ2_XS"
  case iq2_S = "IQ2_S"
  case iq3_XXS = "IQ3_XXS"
  case iq3_S = "IQ3_S"
  case iq4_NL = "IQ4_NL"
  case iq4_XS = "IQ4_XS"
  case tq1_0 = "TQ1_0"
  case tq2_0 = "TQ2_0"
  case mxfp4 = "MXFP4"
  case nvfp4 = "NVFP4"
  case q1_0 = "Q1_0"
  case q2_0 = "Q2_0"

  /// The format with this name, upper or lower case.
  public init?(named name: String) {
    self.init(rawValue: name.uppercased())
  }

  /// The name as users know it.
  public var name: String { rawValue }

  public var description: String { rawValue }
}

/// A storage format as a file declares it: a known one, or an id or name that can only be shown.
public enum DeclaredFormat: Hashable, Sendable, CustomStringConvertible {
  case known(StorageFormat)
  /// As the file writes it: `ggml type 99`.
  case unknown(String)

  /// The format, if known.
  public var format: StorageFormat? { if case .known(let format) = self { format } else { nil } }

  public var description: String {
    switch self {
    case .known(let format): format.name
    case .unknown(let words): words
    }
  }
}
