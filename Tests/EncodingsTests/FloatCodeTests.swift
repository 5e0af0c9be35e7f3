import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

/// Checkpoints of FP8 and FP4 codes, against the libraries that own the forms.
@Suite("FP8 and FP4 checkpoints")
struct FloatCodeTests {
  @Test("decode to the numbers of their libraries", arguments: FloatCodeFixture.names)
  func values(name: String) throws {
    try compare(FloatCodeFixture(name))
  }

  private func compare(_ fixture: FloatCodeFixture) throws {
    #expect(fixture.encoded.problems.isEmpty, "\(fixture.encoded.problems)")
    #expect(fixture.encoded.form?.form.isRead == true)
    let composed = fixture.checkpoint.tensors.filter { $0.composition != nil }.map(\.name.text)
    #expect(Set(fixture.names).isSuperset(of: composed) && !composed.isEmpty)
    for name in composed {
      let composition = try fixture.composition(name), shape = composition.shape
      let expected = try fixture.expectedValues(name)
      #expect(expected.count == shape.elementCount)
      let last = shape.rowCount
      for rows in [0..<last, last - 1..<last, last / 3..<last / 2 + 1] {
        let found = try fixture.values(composition, rows)
        let part = expected[rows.lowerBound * shape.rowElementCount..<rows.upperBound * shape.rowElementCount]
        #expect(zip(found, part).allSatisfy { $0 == $1 }, "\(name), rows \(rows)")
      }
    }
  }

  @Test(
    "have the blocks that llama.cpp's converter writes", arguments: ["modelopt-nvfp4", "modelopt-mx", "deepseek-v4"])
  func blocks(name: String) throws {
    let fixture = try FloatCodeFixture(name)
    var count = 0
    for name in fixture.names {
      guard let expected = try fixture.expectedBlocks(name) else { continue }
      let composition = try fixture.composition(name)
      try compareBlocks(fixture, composition, composition.candidateFormats[0], expected)
      let factors = try composition.blocks(in: composition.candidateFormats[0])?.factors(from: fixture)
      #expect(try factors == fixture.expectedFactor(name))
      count += 1
    }
    #expect(count > 0)
  }

  private func compareBlocks(
    _ fixture: FloatCodeFixture, _ composition: any TensorComposition, _ format: StorageFormat, _ expected: [UInt8]
  ) throws {
    let source = try #require(composition.blocks(in: format))
    #expect(try source.isExact(from: fixture))
    let rowByteCount = expected.count / composition.shape.rowCount
    for rows in [0..<composition.shape.rowCount, 1..<3] {
      var bytes = [UInt8](repeating: 0xEE, count: rows.count * rowByteCount)
      var destination = bytes.mutableSpan
      try source.read(rows: rows, from: fixture, into: &destination)
      #expect(bytes == Array(expected[rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount]))
    }
  }

  @Test("of gpt-oss have the names and layout of the model in BF16, and the stored blocks")
  func experts() throws {
    let fixture = try FloatCodeFixture("gpt-oss")
    let name = "model.layers.0.mlp.experts.gate_up_proj"
    let composition = try fixture.composition(name)
    #expect(composition.shape == [3, 64, 24])
    #expect(composition.description == "MXFP4, transposed")
    #expect(composition.blocks(in: .mxfp4) == nil)
    let matrices = try #require(composition.transposed)
    #expect(matrices.shape == [3, 24, 64])
    let expected = try #require(try fixture.expectedBlocks(name))
    try compareBlocks(fixture, matrices, .mxfp4, expected)
    #expect(fixture.checkpoint.tensor(TensorName(name + "_bias"))?.composition == nil)
    #expect(fixture.checkpoint.tensor(TensorName(name + "_scales")) == nil)
  }

  @Test("of llama.cpp, NVFP4 with scales, decode to the numbers that they were made from")
  func scaledBlocks() throws {
    let fixture = try FloatCodeFixture.gguf()
    try compare(fixture)
    let experts = try fixture.composition("blk.0.ffn_up_exps.weight")
    #expect(experts.description == "NVFP4 with a scale for each matrix")
    let source = try #require(experts.blocks(in: .nvfp4))
    #expect(source.factorCount == 3)
    let stored = try #require(fixture.checkpoint.stored.first { $0.name.text == "blk.0.ffn_up_exps.weight" })
    try compareBlocks(fixture, experts, .nvfp4, fixture.bytes(of: stored, from: 0, count: stored.byteCount))
    #expect(fixture.checkpoint.tensor("blk.0.attn_k.weight")?.composition == nil)
    #expect(
      fixture.checkpoint.unused.map(\.tensor.name.text).sorted() == [
        "blk.0.attn_q.input_scale", "blk.0.ffn_up_exps.input_scale",
      ])
  }

  static let described = [
    ("modelopt-nvfp4", "q.weight", "NVFP4"), ("modelopt-nvfp4", "v.weight", "FP8 E4M3, one scale"),
    ("modelopt-fp8", "rows.weight", "FP8 E4M3, a scale for each row"),
    ("modelopt-fp8", "blocks.weight", "FP8 E4M3, 128 × 128 blocks"),
    ("fbgemm", "experts.down_proj", "FP8 E4M3, a scale for each column"),
    ("fbgemm", "stack.proj", "FP8 E4M3, a scale for each matrix"),
    ("fbgemm", "e5m2.weight", "FP8 E5M2, a scale for each row"),
    ("modelopt-mx", "bytes.weight", "MXFP8 E4M3"), ("mxfp8", "q.weight", "MXFP8 E4M3"),
    ("deepseek-v4", "layers.0.ffn.experts.0.w1.weight", "MXFP4"),
  ]

  @Test("describe themselves", arguments: described)
  func description(_ fixture: String, _ name: String, _ words: String) throws {
    #expect(try FloatCodeFixture(fixture).composition(name).description == words)
  }

  @Test(
    "leave out the scales of inputs and caches, with the reason",
    arguments: [
      ("modelopt-fp8", ["one.input_scale", "one.k_scale", "one.v_scale"]),
      ("mistral", ["layers.0.attention.wq.qscale_act"]),
      ("fbgemm", ["column.input_scale_ub"]), ("quark", ["fp8.input_scale", "fp8.output_scale"]),
    ])
  func unused(name: String, tensors: [String]) throws {
    let unused = try FloatCodeFixture(name).checkpoint.unused
    #expect(unused.map(\.tensor.name.text).sorted() == tensors)
    #expect(unused.allSatisfy { $0.reason.hasSuffix("are not quantized here") })
  }
}
