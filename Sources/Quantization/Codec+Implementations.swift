import Tensors

// The types that decode and encode each format: to add a format, write its file and name it here.

extension Codec {
  static func decoder(of format: StorageFormat) -> (any RowDecoder.Type)? {
    switch format {
    case .f8_e4m3: F8_E4M3.self
    case .f8_e5m2: F8_E5M2.self
    case .f8_e8m0: F8_E8M0.self
    case .f8_e4m3fnuz: F8_E4M3FNUZ.self
    case .f8_e5m2fnuz: F8_E5M2FNUZ.self
    case .f6_e2m3: F6_E2M3.self
    case .f6_e3m2: F6_E3M2.self
    case .f4: F4.self
    case .bool, .u8: Unsigned8.self
    case .i8: Signed8.self
    case .i16: Signed16.self
    case .i32: Signed32.self
    case .i64: Signed64.self
    case .u16: Unsigned16.self
    case .u32: Unsigned32.self
    case .u64: Unsigned64.self
    default: codec(of: format)
    }
  }

  /// The implementation of a format that can also be encoded.
  static func codec(of format: StorageFormat) -> (any RowCodec.Type)? {
    switch format {
    case .f64: Binary64.self
    case .f32: Binary32.self
    case .f16: Binary16.self
    case .bf16: BrainFloat16.self
    case .q4_0: Q4_0.self
    case .q4_1: Q4_1.self
    case .q5_0: Q5_0.self
    case .q5_1: Q5_1.self
    case .q8_0: Q8_0.self
    case .q2_K: Q2_K.self
    case .q3_K: Q3_K.self
    case .q4_K: Q4_K.self
    case .q5_K: Q5_K.self
    case .q6_K: Q6_K.self
    case .iq1_S: IQ1_S.self
    case .iq1_M: IQ1_M.self
    case .iq2_XXS: IQ2_XXS.self
    case .iq2_XS: IQ2_XS.self
    case .iq2_S: IQ2_S.self
    case .iq3_XXS: IQ3_XXS.self
    case .iq3_S: IQ3_S.self
    case .iq4_NL: IQ4_NL.self
    case .iq4_XS: IQ4_XS.self
    case .mxfp4: MXFP4.self
    case .nvfp4: NVFP4.self
    case .tq1_0: TQ1_0.self
    case .tq2_0: TQ2_0.self
    case .q1_0: Q1_0.self
    case .q2_0: Q2_0.self
    default: nil
    }
  }
}
