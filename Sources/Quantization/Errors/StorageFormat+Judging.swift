import Tensors

extension StorageFormat {
  /// Whether every value that `other` can store is also a value of this format.
  ///
  /// Every block format of ggml decodes to float32 values, so F32 represents them all. No block format represents
  /// another.
  public func holdsEveryValue(of other: StorageFormat) -> Bool {
    if self == other { return true }
    // Small floats and integers, by the significant bits and exponents they need.
    let tiny: Set<StorageFormat> = [.f8_e4m3, .f8_e4m3fnuz, .f6_e2m3, .f6_e3m2, .f4, .bool, .u8, .i8]
    switch self {
    case .f16: return tiny.contains(other) || other == .f8_e5m2 || other == .f8_e5m2fnuz
    case .bf16: return tiny.contains(other) || other == .f8_e5m2 || other == .f8_e5m2fnuz || other == .f8_e8m0
    case .f32: return !other.isWiderThanFloat32 && other != .c64
    case .f64: return ![.i64, .u64, .c64].contains(other)
    default: return false
    }
  }

  /// The maximum normalized mean square error of a correct quantization of model weights to this format.
  ///
  /// A step `s` between stored values adds an error of `s²/12` on average. For normally distributed weights of
  /// deviation 1 the extremes of a block of 32 are near ±2.1, so eight bits (s = 2.1/127) add 2.3e-5, five bits 1.4e-3,
  /// four bits 5.7e-3; real tensors have longer tails. The limits here are about four times these figures. Narrow
  /// floats have a relative error of at most half a unit in the last place; their limits are about four times its
  /// square.
  public var expectedErrorLimit: Double? {
    switch self {
    case .f64, .f32: 1e-12
    case .f16: 1e-6
    case .bf16: 1.6e-5
    case .f8_e4m3, .f8_e4m3fnuz: 4e-3
    case .f8_e5m2, .f8_e5m2fnuz: 1.6e-2
    case .q8_0, .q8_1, .q8_K: 1e-4
    case .q6_K: 2e-3
    case .q5_0, .q5_1, .q5_K: 6e-3
    case .q4_0, .q4_1, .q4_K, .iq4_NL, .iq4_XS: 2.5e-2
    case .mxfp4, .nvfp4, .f4: 5e-2
    case .q3_K, .iq3_S, .iq3_XXS: 0.1
    case .q2_K, .iq2_XXS, .iq2_XS, .iq2_S: 0.3
    case .iq1_S, .iq1_M, .tq1_0, .tq2_0, .q1_0, .q2_0: 0.8
    default: nil
    }
  }

  /// Returns the limits for values of `original`; nil if no value may change, or no limit is known.
  public func expectedErrors(encoding original: StorageFormat) -> Budget? {
    guard !holdsEveryValue(of: original) else { return nil }
    return expectedErrorLimit.map { Budget([Budget.Limit(.nmse, $0)]) }
  }
}
