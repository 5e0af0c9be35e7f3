import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Folders that several libraries quantized, in GGUFs with exactly their values.
@Suite("Models that are re-expressed exactly")
struct ExactConversionTests {
  static let models: [(path: [String], formats: Set<StorageFormat>)] = [
    (["compressed-tensors", "w4a16-group-32"], [.q4_0]), (["compressed-tensors", "w4a16-asymmetric"], [.q4_1]),
    (["compressed-tensors", "w8a8-int"], [.q8_0]), (["compressed-tensors", "mixed"], [.q4_0, .q8_0]),
    (["mlx", "llama"], [.q4_1]), (["mlx", "qwen3-moe"], [.q4_1]), (["mlx", "qwen3-mxfp4"], [.mxfp4]),
    (["mlc", "llama"], [.q5_0]), (["packed", "llama-gptq"], [.q4_0, .q5_0, .q8_0]), (["packed", "yi-awq"], [.q5_0]),
    (["packed", "llama-auto-round"], [.q4_0, .q5_0]), (["packed", "llama-gptq-act-order"], []),
  ]

  private let folder = TemporaryFolder()

  /// The decoded values of every tensor of a GGUF.
  private func values(of path: String) throws -> [TensorName: [Float]] {
    let checkpoint = try Checkpoint.open(path)
    return try Dictionary(
      uniqueKeysWithValues: checkpoint.tensors.map { tensor in
        var buffers = RowBuffers()
        try checkpoint.readValues(0..<tensor.shape.elementCount, of: tensor, into: &buffers)
        return (tensor.name, Array(buffers.values.floats.prefix(tensor.shape.elementCount)))
      })
  }

  @Test("have the values of the F32 conversion, and blocks where codes and scales fit", arguments: models.indices)
  func kept(index: Int) throws {
    let (path, formats) = Self.models[index], source = Fixtures.path(path.joined(separator: "/"))
    let outcomes = try convert(source, to: folder.file("kept.gguf")) { $0.type = .kept }
    try convert(source, to: folder.file("f32.gguf")) { $0.type = .format(.f32) }
    let repacked = outcomes.filter(\.tensor.isRepacked)
    let found = Set(repacked.map(\.tensor.format))
    #expect(formats.isEmpty ? found.isEmpty : !found.isEmpty && found.isSubset(of: formats), "\(found)")
    #expect(outcomes.allSatisfy { $0.report?.changedCount ?? 0 == 0 })
    let isSame = try values(of: folder.file("kept.gguf")) == values(of: folder.file("f32.gguf"))
    #expect(isSame)
  }

  @Test("keep what is exact under a recipe, which applies to the rest")
  func recipe() throws {
    let source = Fixtures.path("compressed-tensors/w4a16-group-32")
    let recipe = try #require(Recipe.find("Q8_0")?.recipe)
    let kept = try convert(source, to: folder.file("kept.gguf")) {
      $0.type = .recipe(recipe)
      $0.exactTensors = .keep
    }
    #expect(kept.filter(\.tensor.isRepacked).allSatisfy { $0.tensor.format == .q4_0 })
    #expect(kept.contains { $0.tensor.format == .q8_0 && !$0.tensor.isRepacked })
    let plain = try convert(source, to: folder.file("plain.gguf")) { $0.type = .recipe(recipe) }
    #expect(!plain.contains { $0.tensor.format == .q4_0 })
  }

  @Test("follow --tensor-type before they keep their values")
  func overridden() throws {
    let outcomes = try convert(
      Fixtures.path("compressed-tensors/w4a16-group-32"), to: folder.file("model.gguf")
    ) {
      $0.type = .kept
      $0.typeOverrides = [.init(pattern: "attn_q", format: .q8_0)]
    }
    let formats = Dictionary(grouping: outcomes.filter { !$0.tensor.composedOf.isEmpty }, by: \.tensor.format)
    #expect(formats[.q8_0]?.map(\.tensor.name) == ["blk.0.attn_q.weight"])
    // Codes of 4 bits are codes of 8 too.
    #expect(formats[.q8_0]?.allSatisfy { !$0.tensor.isRepacked || $0.report == nil } == true)
  }

  @Test("say why others become F32")
  func obstacles() throws {
    let model = try Model.open(Fixtures.path("packed/llama-gptq-act-order"), library: .bundled())
    var request = ConversionRequest(destination: folder.file("model.gguf"))
    request.type = .kept
    let messages = try Planner.plan(model, request).messages.map(\.message)
    #expect(messages.contains { $0.contains("become F32 to keep every value") && $0.contains("(act-order)") })
  }
}
