import Encodings
import Tensors
import Testing

/// Matrices that GPTQModel packed for AWQ and dequantized.
@Suite("AWQ matrices")
struct AWQDecodingTests {
  static let cases = [
    "groups", "every_zero_point", "symmetric", "one_group", "brain_scales", "first_release", "bare",
  ]

  @Test("decode to GPTQModel's values", arguments: cases)
  func values(name: String) throws {
    let fixture = try PackedFixture("awq", name)
    #expect(fixture.encoded.problems.isEmpty && fixture.checkpoint.remarks.isEmpty)
    #expect(try fixture.composition().shape == [32, 96])
    for rows in [0..<32, 31..<32, 5..<6, 7..<22, 16..<24] {
      #expect(try fixture.decoded(rows) == fixture.expected(rows), "rows \(rows)")
    }
  }

  @Test("take the place of their codes")
  func sources() throws {
    let fixture = try PackedFixture("awq", "groups")
    #expect(
      try fixture.composition().sources.map(\.name.text) == ["groups.qweight", "groups.qzeros", "groups.scales"])
    #expect(fixture.checkpoint.tensors.map(\.name.text) == ["groups.weight"])
  }

  @Test(
    "describe themselves as compositions",
    arguments: [
      ("groups", "AWQ, 4 bits, groups of 32"), ("one_group", "AWQ, 4 bits, one group"),
      ("brain_scales", "AWQ, 4 bits, groups of 16"), ("bare", "AWQ, 4 bits, groups of 32"),
    ])
  func descriptions(name: String, words: String) throws {
    #expect(try PackedFixture("awq", name).composition().description == words)
  }
}
