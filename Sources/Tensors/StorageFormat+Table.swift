// The table of storage formats.
//
// ggml ids and block layouts: ggml.h (`enum ggml_type`) and ggml-common.h (`block_*`) of llama.cpp 0c1e57098.
// safetensors names: `Dtype` of safetensors 0.8.0; a safetensors file may contain a format with such a name.

extension StorageFormat {
  /// The kind of values that a format encodes.
  public enum Kind: Sendable {
    /// One IEEE-like number per element.
    case float
    /// One integer per element.
    case integer
    /// Two 32-bit numbers per element.
    case complex
    /// Values that share scales within a block.
    case quantized
  }

  /// One line of the table.
  public struct Facts: Sendable {
    public let kind: Kind
    /// Consecutive elements of a row that are stored together.
    public let elementsPerBlock: Int
    /// The bytes of a block.
    public let bytesPerBlock: Int
    /// The id in `enum ggml_type`; nil if GGUF cannot contain it.
    public let ggmlType: UInt32?
    /// Whether safetensors has a dtype of this name.
    public let isSafeTensorsType: Bool
    /// Whether some values are not exact in float32.
    public let isWiderThanFloat32: Bool
  }

  public var facts: Facts {
    switch self {
    case .f64: .scalar(.float, bytes: 8, ggml: 28, isWiderThanFloat32: true)
    case .f32: .scalar(.float, bytes: 4, ggml: 0)
    case .f16: .scalar(.float, bytes: 2, ggml: 1)
    case .bf16: .scalar(.float, bytes: 2, ggml: 30)
    case .f8_e4m3, .f8_e5m2, .f8_e8m0, .f8_e4m3fnuz, .f8_e5m2fnuz: .scalar(.float, bytes: 1)
    case .f6_e2m3, .f6_e3m2: .packed(.float, elements: 4, bytes: 3)
    case .f4: .packed(.float, elements: 2, bytes: 1)
    case .c64: .scalar(.complex, bytes: 8)
    case .bool, .u8: .scalar(.integer, bytes: 1)
    case .i8: .scalar(.integer, bytes: 1, ggml: 24)
    case .i16: .scalar(.integer, bytes: 2, ggml: 25)
    case .i32: .scalar(.integer, bytes: 4, ggml: 26, isWiderThanFloat32: true)
    case .i64: .scalar(.integer, bytes: 8, ggml: 27, isWiderThanFloat32: true)
    case .u16: .scalar(.integer, bytes: 2)
    case .u32: .scalar(.integer, bytes: 4, isWiderThanFloat32: true)
    case .u64: .scalar(.integer, bytes: 8, isWiderThanFloat32: true)

    case .q4_0: .block(32, bytes: 18, ggml: 2)
    case .q4_1: .block(32, bytes: 20, ggml: 3)
    case .q5_0: .block(32, bytes: 22, ggml: 6)
    case .q5_1: .block(32, bytes: 24, ggml: 7)
    case .q8_0: .block(32, bytes: 34, ggml: 8)
    case .q8_1: .block(32, bytes: 36, ggml: 9)
    case .q2_K: .block(256, bytes: 84, ggml: 10)
    case .q3_K: .block(256, bytes: 110, ggml: 11)
    case .q4_K: .block(256, bytes: 144, ggml: 12)
    case .q5_K: .block(256, bytes: 176, ggml: 13)
    case .q6_K: .block(256, bytes: 210, ggml: 14)
    case .q8_K: .block(256, bytes: 292, ggml: 15)
    case .iq2_XXS: .block(256, bytes: 66, ggml: 16)
    case .iq2_XS: .block(256, bytes: 74, ggml: 17)
    case .iq3_XXS: .block(256, bytes: 98, ggml: 18)
    case .iq1_S: .block(256, bytes: 50, ggml: 19)
    case .iq4_NL: .block(32, bytes: 18, ggml: 20)
    case .iq3_S: .block(256, bytes: 110, ggml: 21)
    case .iq2_S: .block(256, bytes: 82, ggml: 22)
    case .iq4_XS: .block(256, bytes: 136, ggml: 23)
    case .iq1_M: .block(256, bytes: 56, ggml: 29)
    case .tq1_0: .block(256, bytes: 54, ggml: 34)
    case .tq2_0: .block(256, bytes: 66, ggml: 35)
    case .mxfp4: .block(32, bytes: 17, ggml: 39)
    case .nvfp4: .block(64, bytes: 36, ggml: 40)
    case .q1_0: .block(128, bytes: 18, ggml: 41)
    case .q2_0: .block(64, bytes: 18, ggml: 42)
    }
  }

  /// Consecutive elements of a row that are stored together; 1 for element types of whole bytes.
  public var elementsPerBlock: Int { facts.elementsPerBlock }
  /// The bytes of `elementsPerBlock` elements.
  public var bytesPerBlock: Int { facts.bytesPerBlock }
  /// Whether values share scales within a block.
  public var isQuantized: Bool { facts.kind == .quantized }
  /// Whether some values are not exact in float32.
  public var isWiderThanFloat32: Bool { facts.isWiderThanFloat32 }
  /// Bits per element on average.
  public var bitsPerElement: Double { Double(bytesPerBlock * 8) / Double(elementsPerBlock) }

  /// The bytes of `elementCount` elements; nil if they do not fill whole blocks or the product overflows.
  public func byteCount(elementCount: Int) -> Int? {
    guard elementCount >= 0, elementCount % elementsPerBlock == 0 else { return nil }
    let (bytes, overflow) = (elementCount / elementsPerBlock).multipliedReportingOverflow(by: bytesPerBlock)
    return overflow ? nil : bytes
  }

  /// The format with this id in `enum ggml_type`.
  public init?(ggmlType: UInt32) {
    guard let format = Self.formatsByGGMLType[ggmlType] else { return nil }
    self = format
  }

  /// The format with this dtype name in safetensors.
  public init?(safeTensorsType name: String) {
    guard let format = Self(rawValue: name), format.facts.isSafeTensorsType else { return nil }
    self = format
  }

  private static let formatsByGGMLType = [UInt32: StorageFormat](
    uniqueKeysWithValues: allCases.compactMap { format in format.facts.ggmlType.map { ($0, format) } })
}

extension StorageFormat.Facts {
  fileprivate static func scalar(
    _ kind: StorageFormat.Kind, bytes: Int, ggml: UInt32? = nil, isWiderThanFloat32: Bool = false
  ) -> Self {
    Self(
      kind: kind, elementsPerBlock: 1, bytesPerBlock: bytes, ggmlType: ggml, isSafeTensorsType: true,
      isWiderThanFloat32: isWiderThanFloat32)
  }

  fileprivate static func packed(_ kind: StorageFormat.Kind, elements: Int, bytes: Int) -> Self {
    Self(
      kind: kind, elementsPerBlock: elements, bytesPerBlock: bytes, ggmlType: nil, isSafeTensorsType: true,
      isWiderThanFloat32: false)
  }

  fileprivate static func block(_ elements: Int, bytes: Int, ggml: UInt32) -> Self {
    Self(
      kind: .quantized, elementsPerBlock: elements, bytesPerBlock: bytes, ggmlType: ggml, isSafeTensorsType: false,
      isWiderThanFloat32: false)
  }
}
