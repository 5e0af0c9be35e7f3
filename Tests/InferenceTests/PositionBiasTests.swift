import Architectures
@testable import Inference
import Testing

@Suite("A position bias")
struct PositionBiasTests {
  /// Figures of transformers' `_get_alibi_slopes`.
  @Test(
    "has the slopes of transformers",
    arguments: [
      (1, [0.003_906_25]), (4, [0.25, 0.0625, 0.015_625, 0.003_906_25]),
      (6, [0.25, 0.0625, 0.015_625, 0.003_906_25, 0.5, 0.125]),
      (8, [0.5, 0.25, 0.125, 0.0625, 0.031_25, 0.015_625, 0.007_812_5, 0.003_906_25]),
    ])
  func slopes(headCount: Int, expected: [Float]) {
    #expect(PositionBias.slopes(headCount: headCount) == expected)
  }

  /// Figures of transformers' `build_mpt_alibi_tensor` with `alibi_bias_max` 16.
  @Test(
    "has slopes that follow the limit",
    arguments: [
      (4, [0.0625, 0.003_906_25, 0.000_244_140_625, 0.000_015_258_789_062_5]),
      (3, [0.003_906_25, 0.000_015_258_789_062_5, 0.0625]),
    ])
  func limit(headCount: Int, expected: [Float]) {
    #expect(PositionBias.slopes(headCount: headCount, limit: 16) == expected)
  }

  @Test("grows with the position of the key")
  func growth() {
    let bias = PositionBias.alibi(slopes: [0.5, 0.25])
    let scores = bias.apply(to: SIMD16(repeating: 3), scale: SIMD16(repeating: 2), head: 1, query: 32, firstKey: 32)
    #expect(scores[0] == 14 && scores[3] == 14.75)
  }

  @Test("falls with the distance on both sides without a mask")
  func distance() {
    let bias = PositionBias.alibiOfDistance(slopes: [0.5, 0.25])
    let scores = bias.apply(to: SIMD16(repeating: 3), scale: SIMD16(repeating: 2), head: 1, query: 34, firstKey: 32)
    #expect(scores[0] == 5.5 && scores[2] == 6 && scores[4] == 5.5 && scores[15] == 2.75)
  }

  @Test("is rounded and scaled for Falcon")
  func falcon() {
    let bias = PositionBias.alibiBeforeScale(slopes: [1])
    let scores = bias.apply(to: SIMD16(repeating: 1), scale: SIMD16(repeating: 0.5), head: 0, query: 256, firstKey: 256)
    // bfloat16 has eight bits: 257 is halfway between 256 and 258 and goes to the even one.
    #expect(scores[0] == 128.5 && scores[1] == 128.5 && scores[2] == 129.5 && scores[3] == 130.5)
  }
}
