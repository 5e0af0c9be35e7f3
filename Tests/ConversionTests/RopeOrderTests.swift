import Architectures
import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

/// Queries and keys whose rows stand in halves or interleaved: told by the lengths of rows, and never interleaved twice.
@Suite("Rows of queries and keys")
struct RopeOrderTests {
  let folder = TemporaryFolder()
  private static let width = 64, headRowCount = 32, layerCount = 4, headCount = 4, keyValueHeadCount = 2

  private static let configuration = #"""
    {"architectures":["LlamaForCausalLM"],"hidden_size":64,"intermediate_size":32,"num_hidden_layers":4,
    "num_attention_heads":4,"num_key_value_heads":2,"head_dim":32,"vocab_size":8}
    """#

  /// Rows of heads as training leaves them: the two rows of a pair alike, slow pairs longer.
  private static func trainedRows(_ heads: Int, _ random: inout SeededGenerator) -> [Float] {
    var values: [Float] = []
    for _ in 0..<heads {
      let half = headRowCount / 2
      let scatter = random.normals(headRowCount)
      for row in 0..<headRowCount {
        let length = (1 + 2 * Float(row % half) / Float(half)) * (1 + 0.1 * scatter[row])
        values += random.normals(width).map { $0 * length }
      }
    }
    return values
  }

  /// The rows of each head from halves to interleaved: row j of half s goes to 2j + s.
  private static func interleaved(_ values: [Float]) -> [Float] {
    var result = values
    for row in 0..<values.count / width {
      let (head, inside) = row.quotientAndRemainder(dividingBy: headRowCount)
      let target = head * headRowCount + 2 * (inside % (headRowCount / 2)) + inside / (headRowCount / 2)
      result.replaceSubrange(target * width..<(target + 1) * width, with: values[row * width..<(row + 1) * width])
    }
    return result
  }

  private enum Rows { case halfSplit, interleaved, random }

  private func model(_ rows: Rows, _ name: String) throws -> String {
    var random = SeededGenerator(seed: 7)
    var tensors: [WrittenModel.Tensor] = []
    func add(_ name: String, _ dimensions: [Int], _ values: [Float]? = nil) {
      let count = dimensions.reduce(1, *)
      tensors.append(.init(name: name, dimensions: dimensions, values: values ?? random.normals(count)))
    }
    let width = Self.width, layers = Self.layerCount
    add("model.embed_tokens.weight", [8, width])
    add("model.norm.weight", [width])
    add("lm_head.weight", [8, width])
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)."
      for norm in ["input_layernorm", "post_attention_layernorm"] { add(prefix + norm + ".weight", [width]) }
      for (letter, heads) in [("q", Self.headCount), ("k", Self.keyValueHeadCount)] {
        let natural = Self.trainedRows(heads, &random)
        let values =
          switch rows {
          case .halfSplit: natural
          case .interleaved: Self.interleaved(natural)
          case .random: random.normals(natural.count)
          }
        add(prefix + "self_attn.\(letter)_proj.weight", [heads * Self.headRowCount, width], values)
      }
      add(prefix + "self_attn.v_proj.weight", [Self.keyValueHeadCount * Self.headRowCount, width])
      add(prefix + "self_attn.o_proj.weight", [width, Self.headCount * Self.headRowCount])
      for name in ["gate", "up"] { add(prefix + "mlp.\(name)_proj.weight", [32, width]) }
      add(prefix + "mlp.down_proj.weight", [width, 32])
    }
    return try WrittenModel(tensors, configuration: Self.configuration, in: folder, name: name).path
  }

  @discardableResult
  private func run(_ source: String, _ output: String, _ appliedTransforms: TransformDetection = .detectFromValues)
    throws
    -> ConversionPlan
  {
    let request = ConversionRequest(destination: folder.file(output))
    let plan = try Planner.plan(
      try Model.open(source, library: try .bundled(), appliedTransforms: appliedTransforms), request)
    _ = try Executor.run(plan, threads: 2)
    return plan
  }

  private func isAboutRows(_ remark: PlanMessage) -> Bool { remark.message.hasPrefix("rows of queries and keys") }

  @Test("are not interleaved twice")
  func alreadyInterleaved() throws {
    let natural = try run(model(.halfSplit, "hf"), "hf.gguf")
    let meta = try run(model(.interleaved, "meta"), "meta.gguf")
    #expect(try tensorBytes(folder.file("meta.gguf")) == tensorBytes(folder.file("hf.gguf")))
    #expect(!natural.messages.contains(where: isAboutRows))
    let remark = try #require(meta.messages.first(where: isAboutRows))
    #expect(remark.severity == .warning)
    #expect(
      remark.message.hasPrefix(
        "rows of queries and keys are interleaved, but the naming scheme \"hf\" declares that they are half-split: "))
    #expect(remark.message.hasSuffix("; they are read so (pass --has-transform rotary=no if that is wrong)"))
    let evidence = try #require(meta.json["applied_transforms"]?.array?.first?["evidence"])
    #expect(evidence["heads"]?.integer == 24)
    // A folder of the same names has what its names declare.
    try run(folder.file("meta"), "back")
    #expect(try tensorBytes(folder.file("back")) == tensorBytes(folder.file("hf")))
  }

  @Test("of a GGUF are found to be half-split")
  func halfSplitGGUF() throws {
    let source = try model(.halfSplit, "hf")
    // Taken for interleaved, rows go into the GGUF as they are: in halves.
    try run(source, "wrong.gguf", TransformDetection(.namesOnly, explicit: [.rotary: true]))
    let back = try run(folder.file("wrong.gguf"), "back")
    #expect(back.messages.contains { $0.severity == .warning && isAboutRows($0) })
    #expect(try tensorBytes(folder.file("back")) == tensorBytes(source))
    try run(source, "right.gguf")
    #expect(!(try run(folder.file("right.gguf"), "again").messages.contains(where: isAboutRows)))
  }

  @Test("follow --has-transform over the values")
  func explicit() throws {
    let source = try model(.interleaved, "meta")
    try run(source, "twice.gguf", TransformDetection(.detectFromValues, explicit: [.rotary: false]))
    try run(source, "declared.gguf", .namesOnly)
    try run(source, "told.gguf")
    #expect(try tensorBytes(folder.file("twice.gguf")) == tensorBytes(folder.file("declared.gguf")))
    #expect(try tensorBytes(folder.file("twice.gguf")) != tensorBytes(folder.file("told.gguf")))
  }

  @Test("of an adapter have the order of its model")
  func adapter() throws {
    // Rows of heads of 8 go from halves to interleaved in the model, and in what its adapter adds to them.
    func interleave(_ tensors: inout [WrittenModel.Tensor]) {
      for index in tensors.indices {
        let name = tensors[index].name
        guard name.contains("q_proj") || name.contains("k_proj"), !name.contains("lora_A") else { continue }
        let natural = tensors[index].values, width = tensors[index].dimensions[1]
        for row in 0..<tensors[index].dimensions[0] {
          let target = row / 8 * 8 + 2 * (row % 4) + row % 8 / 4
          tensors[index].values.replaceSubrange(
            target * width..<(target + 1) * width, with: natural[row * width..<(row + 1) * width])
        }
      }
    }
    let base = Fixtures.path("llama-gqa"), adapter = Fixtures.path("adapters", "llama")
    let turned = try WrittenModel(copying: base, in: folder, name: "base") { interleave(&$0) }.path
    let turnedAdapter = try WrittenModel(
      copying: adapter, weights: "adapter_model.safetensors", in: folder, name: "adapter"
    ) { interleave(&$0) }.path
    for (source, added, output, appliedTransforms) in [
      (base, adapter, "plain.gguf", TransformDetection.namesOnly),
      (turned, turnedAdapter, "turned.gguf", TransformDetection(.detectFromValues, explicit: [.rotary: true])),
    ] {
      let model = try Model.open(
        source, library: try .bundled(), adapters: [added], appliedTransforms: appliedTransforms)
      var request = ConversionRequest(destination: folder.file(output))
      request.type = .format(.f32)
      _ = try Executor.run(try Planner.plan(model, request), threads: 2)
    }
    #expect(try tensorBytes(folder.file("turned.gguf")) == tensorBytes(folder.file("plain.gguf")))
  }

  @Test("decide nothing if they are random")
  func randomRows() throws {
    let plan = try run(model(.random, "random"), "random.gguf")
    #expect(!plan.messages.contains(where: isAboutRows))
    #expect(plan.json["applied_transforms"]?.array?.first?["decided_by"]?.string == "names")
  }

  @Test(
    "are as declared in every fixture with random weights", arguments: ArchitectureFixture.ready(.conversion))
  func fixtures(fixture: ArchitectureFixture) throws {
    let model = try Model.open(fixture.stage(in: folder), library: try .bundled(), appliedTransforms: .detectFromValues)
    #expect(model.appliedTransforms.findings.allSatisfy { !$0.isSurprising })
  }
}
