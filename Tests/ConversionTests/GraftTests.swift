import Architectures
import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Tensors of one file of a model that are put into another.
@Suite("A graft")
struct GraftTests {
  private let folder = TemporaryFolder()

  private func converted(
    _ source: String, to name: String, _ layers: PredictionLayers = .keep, _ type: StorageFormat = .f32
  ) throws -> String {
    let output = folder.file(name)
    var conversion = RequestedConversion(
      source, library: try .bundled(), request: ConversionRequest(destination: output))
    conversion.request.type = .format(type)
    conversion.request.modelName = "Model"
    conversion.predictionLayers = layers
    try Executor.run(try conversion.plan(), threads: 2)
    return output
  }

  /// Plans a graft, and carries it out.
  @discardableResult
  private func grafted(
    _ source: String, _ patterns: String..., into file: String, to name: String?,
    type: ConversionRequest.TypeChoice = .automatic
  ) throws -> ConversionPlan {
    var request = ConversionRequest(destination: name.map { folder.file($0) } ?? file)
    request.sourceFile = name == nil ? .replace : .keep
    request.overwrite = name == nil ? .replace : .refuse
    var conversion = RequestedConversion(file, library: try .bundled(), request: request)
    var graft = Graft(source, patterns: patterns.map { Glob($0) })
    graft.type = type
    conversion.graft = graft
    let plan = try conversion.plan()
    try Executor.run(plan, threads: 2)
    return plan
  }

  private func bytes(_ path: String) throws -> [UInt8] { try LocalFile(path).wholeContent(limit: 1 << 24) }

  private func layerCount(_ path: String) throws -> Int {
    try #require(try Model.open(path, library: .bundled()).hyperparameters.integer("layer_count"))
  }

  @Test(
    "of MTP layers gives the file of a conversion that had them at once",
    arguments: [
      "qwen3-5", "qwen3-5-moe", "qwen3-5-nested", "qwen3-next", "glm4-moe", "glm-ocr", "hy-v3",
      "exaone-moe", "glm4-moe-lite",
    ], [StorageFormat.f32, .q8_0])
  func equalsConversion(name: String, type: StorageFormat) throws {
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    let whole = try converted(source, to: "whole.gguf", .keep, type)
    let without = try converted(source, to: "without.gguf", .omit, type)
    #expect(try bytes(whole) != bytes(without))
    let layers = "blk.\(try layerCount(without)).*"
    let plan = try grafted(source, layers, into: without, to: "folder.gguf", type: .format(type))
    #expect(try bytes(folder.file("folder.gguf")) == bytes(whole))
    #expect(plan.graft?.replacing.isEmpty == true)
    let copied = try grafted(whole, layers, into: without, to: "file.gguf")
    #expect(try bytes(folder.file("file.gguf")) == bytes(whole))
    #expect(copied.tensors.allSatisfy { $0.isCopy })
  }

  @Test("takes names as the source has them", arguments: ["qwen3-5", "exaone-moe"])
  func sourceNames(name: String) throws {
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    let whole = try converted(source, to: "whole.gguf"), without = try converted(source, to: "without.gguf", .omit)
    try grafted(source, "mtp.*", into: without, to: "out.gguf", type: .format(.f32))
    #expect(try bytes(folder.file("out.gguf")) == bytes(whole))
  }

  @Test("of a GGUF renames and transforms tensors for a folder", arguments: ["qwen3-5", "glm4-moe"])
  func intoFolder(name: String) throws {
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    let whole = try converted(source, to: "whole.gguf"), without = try converted(source, to: "without", .omit)
    let first = try layerCount(without)
    try grafted(whole, "blk.\(first).*", into: without, to: "out")
    let reference = try tensorBytes(try converted(source, to: "reference"))
    #expect(try tensorBytes(folder.file("out")) == reference)
    let model = try Model.open(folder.file("out"), library: .bundled())
    #expect(model.problems.isEmpty && model.hyperparameters.integer("prediction_layer_count") == 1)
  }

  @Test("replaces a tensor in its place, and no other")
  func replaces() throws {
    let source = try ArchitectureFixture.named("llama").stage(in: folder)
    let exact = try converted(source, to: "exact.gguf"), coarse = try converted(source, to: "coarse.gguf", .keep, .q4_0)
    let before = try tensorBytes(coarse)
    let plan = try grafted(exact, "output.weight", into: coarse, to: nil)
    #expect(plan.graft?.added.isEmpty == true && plan.graft?.replacing.map(\.name) == ["output.weight"])
    let after = try tensorBytes(coarse), values = try tensorBytes(exact)
    #expect(after["output.weight"] == values["output.weight"])
    for (name, bytes) in before where name != "output.weight" { #expect(after[name] == bytes) }
    let order = try Model.open(exact, library: .bundled()).checkpoint.tensors.map(\.name)
    #expect(try Model.open(coarse, library: .bundled()).checkpoint.tensors.map(\.name) == order)
  }

  @Test("encodes tensors, of which one may be made of several")
  func encodes() throws {
    let source = try ArchitectureFixture.named("qwen3-5-moe").stage(in: folder)
    let file = try converted(source, to: "file.gguf")
    let plan = try grafted(
      source, "blk.0.ffn_down_exps.weight", into: file, to: "out.gguf", type: .format(.q8_0))
    #expect(plan.graft?.replacing.count == 1)
    let expected = try tensorBytes(try converted(source, to: "q8.gguf", .keep, .q8_0))
    #expect(
      try tensorBytes(folder.file("out.gguf"))["blk.0.ffn_down_exps.weight"] == expected["blk.0.ffn_down_exps.weight"])
  }

  @Test("takes the place that names have in a file that is sorted by layers")
  func sortsByLayer() throws {
    let source = try ArchitectureFixture.named("glm4-moe").stage(in: folder)
    let whole = try converted(source, to: "whole.gguf"), without = try converted(source, to: "without.gguf", .omit)
    func quantized(_ path: String, to name: String) throws -> String {
      var request = ConversionRequest(destination: folder.file(name))
      request.type = .recipe(try #require(Recipe.find("Q8_0")?.recipe))
      try Executor.run(
        try RequestedConversion(path, library: .bundled(), request: request).plan(), threads: 2)
      return folder.file(name)
    }
    let all = try quantized(whole, to: "all.gguf"), some = try quantized(without, to: "some.gguf")
    try grafted(all, "blk.2.*", into: some, to: "out.gguf")
    #expect(try bytes(folder.file("out.gguf")) == bytes(all))
  }

  @Test(
    "is refused with the cause",
    arguments: [
      ("glm4-moe", "*.eh_proj.weight", #"tensor "blk.2.attn_norm.weight": is missing"#),
      ("glm4-moe", "model.layers.9.*", #"--tensors "model.layers.9.*" matches no tensor"#),
      ("glm4-moe", "model.layers.0.mlp.experts.0.up_proj.weight", #"--tensors "model"#),
      ("qwen3-5", "blk.4.*", "is of architecture qwen35, but the file that gets its tensors is of glm4moe"),
    ])
  func refused(name: String, pattern: String, message: String) throws {
    let file = try converted(
      try ArchitectureFixture.named("glm4-moe").stage(in: folder), to: "without.gguf", .omit)
    let source = try name == "glm4-moe" ? folder.file(name) : ArchitectureFixture.named(name).stage(in: folder)
    #expect {
      try grafted(source, pattern, into: file, to: "out.gguf")
    } throws: { "\($0)".contains(message) }
    #expect((try? LocalFile(folder.file("out.gguf"))) == nil)
  }
}
