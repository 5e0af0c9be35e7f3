import Encodings
import TestSupport
import Tensors
import Testing

/// Matrices that GPTQModel packed and dequantized.
@Suite("GPTQ matrices")
struct GPTQDecodingTests {
  static let cases =
    [2, 3, 4, 8].flatMap { ["symmetric_\($0)", "asymmetric_\($0)", "asymmetric_v2_\($0)", "bare_\($0)"] }
    + [
      "cut_group", "cut_group_8", "one_group", "act_order", "act_order_3", "act_order_one_group", "static_groups",
      "stored_as_v2", "stored_as_v2_8", "stored_as_v2_3", "stored_as_v1",
    ]

  @Test("decode to GPTQModel's values", arguments: cases)
  func values(name: String) throws {
    let fixture = try PackedFixture("gptq", name)
    #expect(fixture.encoded.problems.isEmpty)
    #expect(try fixture.composition().shape == [32, 96])
    for rows in [0..<32, 31..<32, 5..<6, 7..<22, 16..<24] {
      #expect(try fixture.decoded(rows) == fixture.expected(rows), "rows \(rows)")
    }
  }

  @Test("alone in a file of PyTorch decode to the same values", arguments: [2, 3, 4, 8])
  func bareFile(bitCount: Int) throws {
    let name = "bare_\(bitCount)"
    let alone = try PackedFixture("gptq", name, in: Fixtures.path("pytorch", "bare-gptq.pt"))
    #expect(alone.encoded.problems.isEmpty)
    #expect(try alone.composition().description == "GPTQ, \(bitCount) bits, groups of 32")
    #expect(try alone.decoded(0..<32) == PackedFixture("gptq", name).expected(0..<32))
  }

  @Test("take the place of their codes, and leave biases")
  func sources() throws {
    let fixture = try PackedFixture("gptq", "symmetric_4")
    #expect(
      try fixture.composition().sources.map(\.name.text) == [
        "symmetric_4.qweight", "symmetric_4.qzeros", "symmetric_4.scales", "symmetric_4.g_idx",
      ])
    #expect(fixture.checkpoint.tensors.map(\.name.text) == ["symmetric_4.weight"])
    let bare = try PackedFixture("gptq", "bare_4")
    #expect(bare.checkpoint.tensors.map(\.name.text) == ["bare_4.bias", "bare_4.weight"])
    #expect(bare.encoded.form?.words == #"quantized by GPTQ (tensor "bare_4.qweight")"#)
  }

  @Test(
    "describe themselves as compositions",
    arguments: [
      ("symmetric_4", "GPTQ, 4 bits, groups of 32"), ("asymmetric_3", "GPTQ, 3 bits, groups of 32"),
      ("cut_group_8", "GPTQ, 8 bits, groups of 80"), ("one_group", "GPTQ, 4 bits, one group"),
      ("act_order", "GPTQ, 4 bits, groups of 32, act-order"), ("act_order_one_group", "GPTQ, 8 bits, one group"),
      ("static_groups", "GPTQ, 4 bits, groups of 32"), ("bare_2", "GPTQ, 2 bits, groups of 32"),
    ])
  func descriptions(name: String, words: String) throws {
    #expect(try PackedFixture("gptq", name).composition().description == words)
  }

  @Test("have no blocks of another format if columns of a group are apart")
  func obstacle() throws {
    #expect(
      try PackedFixture("gptq", "act_order").composition().repackingObstacle
        == "groups have columns that are not consecutive (act-order)")
    for name in ["symmetric_4", "static_groups", "act_order_one_group"] {
      #expect(try PackedFixture("gptq", name).composition().repackingObstacle == nil)
    }
  }

  @Test(
    "are said to store zero points otherwise than their configuration says",
    arguments: [
      ("stored_as_v2", "gptq", "gptq_v2"), ("stored_as_v2_8", "gptq", "gptq_v2"), ("stored_as_v2_3", "gptq", "gptq_v2"),
      ("stored_as_v1", "gptq_v2", "gptq"),
    ])
  func mislabelled(name: String, stated: String, found: String) throws {
    #expect(
      try PackedFixture("gptq", name).checkpoint.remarks == [
        #"zero points are stored otherwise than checkpoint_format "\#(stated)" in config.json says: those of tensor"#
          + #" "\#(name).qzeros" are symmetric as "\#(found)" has them, so all are read as "\#(found)""#
      ])
  }

  @Test("have no remark if they are stored as stated", arguments: ["symmetric_4", "asymmetric_v2_4", "bare_3"])
  func labelled(name: String) throws {
    #expect(try PackedFixture("gptq", name).checkpoint.remarks.isEmpty)
  }
}
