@testable import Inference
import Architectures
import Testing

/// Inverse frequencies against the bits that transformers 5.23 computes with PyTorch on a CPU
/// (`LlamaRotaryEmbedding(config).inv_freq` after a forward call of the given length).
@Suite("RoPE frequencies")
struct RotaryFrequenciesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let rotary: RotaryEmbedding
    let positionCount: Int
    var attentionFactor: Float = 1
    let bits: [UInt32]
    var testDescription: String { "\(rotary) of \(positionCount)" }
  }

  static let cases: [Case] = [
    Case(
      rotary: RotaryEmbedding(
        base: 10000, dimensionCount: 16,
        scaling: .none),
      positionCount: 24,
      bits: [
        0x3F80_0000, 0x3EA1_E89B, 0x3DCC_CCCD, 0x3D01_86E3, 0x3C23_D70A, 0x3B4F_3E38, 0x3A83_126F, 0x39A5_CB60,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 5_000_000, dimensionCount: 128,
        scaling: .none),
      positionCount: 24,
      bits: [
        0x3F80_0000, 0x3F49_2C28, 0x3F1E_165D, 0x3EF8_75A7, 0x3EC3_3F3A, 0x3E99_6E52, 0x3E71_2429, 0x3E3D_7EFC,
        0x3E14_E963, 0x3DEA_09DB, 0x3DB7_EA1A, 0x3D90_8687, 0x3D63_251B, 0x3D32_7F50, 0x3D0C_44BF, 0x3CDC_7456,
        0x3CAD_3D5E, 0x3C88_230F, 0x3C55_F605, 0x3C28_2311, 0x3C04_2088, 0x3BCF_A8A9, 0x3BA3_2F3E, 0x3B80_3C3D,
        0x3B49_8AD3, 0x3B1E_60C3, 0x3AF8_EA93, 0x3AC3_9B1C, 0x3A99_B686, 0x3A71_95A5, 0x3A3D_D829, 0x3A15_2F76,
        0x39EA_77FF, 0x39B8_40A8, 0x3990_CA8B, 0x3963_9000, 0x3932_D34F, 0x390C_86C1, 0x38DC_DC14, 0x38AD_8EE4,
        0x3888_6320, 0x3856_5AB5, 0x3828_7230, 0x3804_5EB6, 0x37D0_0A62, 0x37A3_7C09, 0x3780_7896, 0x3749_E9AB,
        0x371E_AB4B, 0x36F9_5FB6, 0x36C3_F72A, 0x3699_FEDC, 0x3672_0755, 0x363E_3180, 0x3615_75AB, 0x35EA_E655,
        0x35B8_975D, 0x3591_0EAE, 0x3563_FB18, 0x3533_2777, 0x350C_C8E3, 0x34DD_4405, 0x34AD_E091, 0x3488_A34F,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 10000, dimensionCount: 8,
        scaling: .linear(factor: 2.5)),
      positionCount: 24,
      bits: [
        0x3ECC_CCCD, 0x3D23_D70A, 0x3B83_126E, 0x39D1_B718,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 10000, dimensionCount: 16,
        scaling: .dynamic(factor: 3.0, originalContextLength: 12)),
      positionCount: 24,
      bits: [
        0x3F80_0000, 0x3E84_D1C2, 0x3D89_D1F7, 0x3C8F_0261, 0x3B94_64CE, 0x3A99_FB21, 0x399F_C74F, 0x38A5_CB60,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 10000, dimensionCount: 16,
        scaling: .dynamic(factor: 3.0, originalContextLength: 12)),
      positionCount: 9,
      bits: [
        0x3F80_0000, 0x3EA1_E89B, 0x3DCC_CCCD, 0x3D01_86E3, 0x3C23_D70A, 0x3B4F_3E38, 0x3A83_126F, 0x39A5_CB60,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 500_000, dimensionCount: 64,
        scaling: .dynamic(factor: 4.0, originalContextLength: 12)),
      positionCount: 100,
      bits: [
        0x3F80_0000, 0x3F18_2CCC, 0x3EB4_EA74, 0x3E57_15BB, 0x3DFF_B514, 0x3D98_0043, 0x3D34_B582, 0x3CD6_D6C9,
        0x3C7F_6A40, 0x3C17_D3C7, 0x3BB4_809F, 0x3B56_97EA, 0x3AFF_1F80, 0x3A97_A759, 0x3A34_4BCD, 0x39D6_591D,
        0x397E_D4D5, 0x3917_7AF6, 0x38B4_1709, 0x3856_1A61, 0x37FE_8A41, 0x3797_4EA2, 0x3733_E254, 0x36D5_DBB9,
        0x367E_3FC4, 0x3617_225A, 0x35B3_ADAF, 0x3555_9D22, 0x34FD_F55C, 0x3496_F61F, 0x3433_791A, 0x33D5_5E9F,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 500_000, dimensionCount: 128,
        scaling: .llama3(
          factor: 8.0, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)),
      positionCount: 24,
      bits: [
        0x3F80_0000, 0x3F50_8AC1, 0x3F29_E1C6, 0x3F0A_6384, 0x3EE1_77BC, 0x3EB7_AB7D, 0x3E95_9EE3, 0x3E73_C461,
        0x3E46_93B0, 0x3E21_C3A0, 0x3E03_C6A0, 0x3DD6_B19C, 0x3DAE_E4AD, 0x3D8E_7898, 0x3D68_1E67, 0x3D3D_1684,
        0x3D1A_08C8, 0x3CFA_F53F, 0x3CCC_6F49, 0x3CA6_8939, 0x3C87_A9C3, 0x3C5D_06EC, 0x3C34_0D6D, 0x3C12_AC7F,
        0x3BEE_F74F, 0x3BC2_AA76, 0x3B9E_9402, 0x3B81_2E35, 0x3B52_7720, 0x3B0D_FD06, 0x3AB3_D11D, 0x3A60_979E,
        0x3A09_95D2, 0x39A3_F108, 0x393B_2DD2, 0x38C8_6886, 0x38A3_418D, 0x3884_FDBF, 0x3858_AC81, 0x3830_8199,
        0x380F_C8F8, 0x37EA_426F, 0x37BE_D4F4, 0x379B_7475, 0x377D_45C3, 0x374E_51F5, 0x3728_126B, 0x3708_EA0F,
        0x36DF_10C4, 0x36B5_B687, 0x3694_06CB, 0x3671_2B80, 0x3644_7610, 0x3620_0A69, 0x3602_5F34, 0x35D4_6808,
        0x35AD_07A7, 0x358C_F400, 0x3565_A54D, 0x353B_12C7, 0x3518_64A7, 0x34F8_48C2, 0x34CA_41B0, 0x34A4_C2FF,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 500_000, dimensionCount: 16,
        scaling: .llama3(
          factor: 4.0, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64)),
      positionCount: 24,
      bits: [
        0x3F80_0000, 0x3DC4_1F61, 0x3C1A_08C8, 0x3AEE_F74F, 0x39B9_5D21, 0x388F_C8F8, 0x375F_10C4, 0x362D_07A7,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 10000, dimensionCount: 16,
        scaling: .yarn(.init(factor: 4.0, originalContextLength: 16))),
      positionCount: 24, attentionFactor: 1.138629436111989,
      bits: [
        0x3F80_0000, 0x3DA1_E89B, 0x3CCC_CCCD, 0x3C01_86E3, 0x3B23_D70A, 0x3A4F_3E38, 0x3983_126F, 0x38A5_CB60,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 1_000_000, dimensionCount: 128,
        scaling: .yarn(.init(factor: 4.0, originalContextLength: 32768))),
      positionCount: 24, attentionFactor: 1.138629436111989,
      bits: [
        0x3F80_0000, 0x3F4E_4BAD, 0x3F26_3DE0, 0x3F05_F6EF, 0x3ED7_E89B, 0x3EAD_FCFF, 0x3E8C_3504, 0x3E61_F835,
        0x3E36_1887, 0x3E12_BD91, 0x3DEC_7FD6, 0x3DBE_94C6, 0x3D99_940D, 0x3D77_8513, 0x3D47_763F, 0x3D20_BC1D,
        0x3D01_86E3, 0x3CD0_C1A8, 0x3CA8_398B, 0x3C87_9008, 0x3C5A_7BF2, 0x3C30_1052, 0x3C0D_E12D, 0x3BE4_AA46,
        0x3BB0_2377, 0x3B87_6388, 0x3B4F_A550, 0x3B1E_D248, 0x3AF2_41DF, 0x3AB8_2BC0, 0x3A8B_8207, 0x3A52_7DB8,
        0x3A1E_0EB2, 0x39EC_1968, 0x39AF_3D02, 0x3981_1C3E, 0x393C_93BE, 0x3908_3E38, 0x38C2_3E9A, 0x3888_1D0A,
        0x383A_7753, 0x3816_4324, 0x37F2_2CE2, 0x37C3_27B5, 0x379D_43A4, 0x377D_75D4, 0x374C_3FBE, 0x3724_97AB,
        0x3704_A2B2, 0x36D5_C441, 0x36AC_431D, 0x368A_D0ED, 0x365F_BA4F, 0x3634_4A0E, 0x3611_48E3, 0x35EA_2732,
        0x35BC_B0C1, 0x3598_0E02, 0x3575_1070, 0x3545_7BAB, 0x351F_23E4, 0x3500_3DEC, 0x34CE_AF79, 0x34A6_8E4C,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 10000, dimensionCount: 64,
        scaling: .yarn(.init(factor: 40.0, originalContextLength: 4096, mscale: 1.0, mscaleAllDimensions: 0.707))),
      positionCount: 24, attentionFactor: 1.0857263992561355,
      bits: [
        0x3F80_0000, 0x3F3F_F911, 0x3F0F_F59A, 0x3ED7_E89B, 0x3EA1_E89B, 0x3E72_D423, 0x3E36_1887, 0x3E08_8D77,
        0x3DCC_CCCD, 0x3D99_940D, 0x3D66_55C2, 0x3D1F_C5BA, 0x3CDC_321B, 0x3C96_8DC3, 0x3C4B_F283, 0x3C08_8D77,
        0x3BB4_3959, 0x3B69_7066, 0x3B13_6A16, 0x3AB3_A2CD, 0x3A4F_3E37, 0x39D9_9312, 0x393A_7753, 0x380B_D471,
        0x37D1_B717, 0x379D_43A3, 0x376B_DCF0, 0x3730_DF51, 0x3704_A2B3, 0x36C6_ECDD, 0x3695_2C42, 0x365F_BA4F,
      ]),
    Case(
      rotary: RotaryEmbedding(
        base: 150_000, dimensionCount: 64,
        scaling: .yarn(.init(factor: 32.0, originalContextLength: 4096, truncates: false))),
      positionCount: 24, attentionFactor: 1.3465735902799727,
      bits: [
        0x3F80_0000, 0x3F30_6535, 0x3EF3_16A2, 0x3EA7_7FAA, 0x3E66_D3FA, 0x3E1F_0CFD, 0x3DDB_2F9F, 0x3D97_0764,
        0x3D50_2194, 0x3D01_DDD5, 0x3C9E_646F, 0x3C3D_EC94, 0x3BDE_A840, 0x3B7C_FE14, 0x3B09_3803, 0x3A89_F778,
        0x39EF_543C, 0x3907_99B9, 0x3820_ADC6, 0x37DD_6DFC, 0x3798_9328, 0x3752_42FA, 0x3710_E12C, 0x36C7_A82B,
        0x3689_928C, 0x363D_9647, 0x3602_A245, 0x35B4_0668, 0x3578_1728, 0x352A_F200, 0x34EB_93EB, 0x34A2_52D3,
      ]),
  ]

  /// PyTorch's vectorized power is off by one unit in the last place now and then, where this one is exact.
  @Test("are within 1 ULP of transformers", arguments: cases)
  func accuracy(expected: Case) throws {
    let frequencies = try RotaryFrequencies(expected.rotary, positionCount: expected.positionCount)
    #expect(frequencies.attentionFactor == expected.attentionFactor)
    try #require(frequencies.inverse.count == expected.bits.count)
    let distances = zip(frequencies.inverse, expected.bits).map { abs(Int($0.bitPattern) - Int($1)) }
    #expect(distances.allSatisfy { $0 <= 1 })
    #expect(distances.count { $0 == 0 } >= distances.count * 9 / 10)
  }
}
