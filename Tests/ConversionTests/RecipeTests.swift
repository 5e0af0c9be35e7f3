import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Recipes against llama-quantize: what it chooses for every tensor, and its whole files.
@Suite("A recipe") struct RecipeTests {
  private let folder = TemporaryFolder()

  static let names = Recipe.all.map(\.name)
  /// The recipes that do without an importance matrix for the model of `files.json`.
  static let unweighted = ((try? Fixtures.json("recipes", "files.json")["files"]?.object) ?? [:]).compactMap {
    $0.value.string == nil ? nil : "\($0.key)"
  }.sorted()

  @Test("chooses the formats of llama-quantize", arguments: SeededGGUF.recipeShapeNames)
  func formats(shapeName: String) throws {
    let items = (try Fixtures.json("recipes", "formats.json").array ?? []).filter {
      $0["shape"]?["name"]?.string == shapeName
    }
    #expect(Set(items.compactMap { $0["recipe"]?.string }) == Set(Self.names))
    let shape = try #require(items.first?["shape"])
    let source = folder.file("model.gguf")
    try SeededGGUF(recipeShape: shape).write(to: source, zeros: true)
    let model = try Model.open(source, library: try .bundled())
    for item in items where item["formats"] != .null {
      let recipe = try #require(Recipe.named(item["recipe"]?.string ?? ""))
      let plan = try plan(model) {
        $0.type = .recipe(recipe)
        $0.missingImatrix = .warn
      }
      for tensor in plan.tensors {
        let name = tensor.name.text.replacing(/^blk\.\d+/, with: "blk.*")
        let expected = item["formats"]?[name]
        let format = expected?.string ?? expected?.array?[tensor.purpose.layer ?? 0].string
        #expect(tensor.format.name == format, "\(recipe.name) \(tensor.name.text): \(tensor.rule)")
      }
    }
  }

  @Test("gives the file of llama-quantize", arguments: unweighted)
  func wholeFile(name: String) throws {
    try expectFile(name, of: try Fixtures.json("recipes", "files.json"))
  }

  @Test("writes a matrix of one row as a vector, as llama-quantize does", arguments: ["Q8_0", "Q4_K_M", "COPY"])
  func oneRow(name: String) throws {
    try expectFile(name, of: try #require(try Fixtures.json("recipes", "files.json")["oneRow"]))
  }

  /// Makes the model of `expected` and holds the file that a recipe makes of it to llama-quantize's.
  private func expectFile(_ name: String, of expected: JSON) throws {
    let source = folder.file("model.gguf"), output = folder.file("out.gguf")
    try SeededGGUF(recipeShape: try #require(expected["shape"])).write(to: source)
    #expect(try FileDigest.sha256(LocalFile(source)) == expected["input"]?.string)
    let recipe = try #require(Recipe.named(name))
    try convert(source, to: output) { $0.type = .recipe(recipe) }
    #expect(try FileDigest.sha256(LocalFile(output)) == expected["files"]?[name]?.string)
  }

  @Test("gives files that are read again where a matrix of one row became a vector")
  func oneRowAgain() throws {
    let fixture = try ArchitectureFixture.named("qwen2-moe")
    let wide = folder.file("wide.gguf"), output = folder.file("out.gguf"), back = folder.file("back")
    try convert(try fixture.stage(in: folder), to: wide) { $0.type = .format(.bf16) }
    let recipe = try #require(Recipe.named("Q8_0"))
    try convert(wide, to: output) { $0.type = .recipe(recipe) }
    #expect(try Checkpoint.open(output).tensor("blk.0.ffn_gate_inp_shexp.weight")?.shape == [32])
    #expect(try Model.open(output, library: .bundled()).problems.isEmpty)
    try convert(output, to: back) { $0.target = .folder }
    #expect(try Checkpoint.open(back).tensor("model.layers.0.mlp.shared_expert_gate.weight")?.shape == [1, 32])
  }

  @Test("gives the same file from a folder as from its GGUF")
  func oneStep() throws {
    let wide = folder.file("wide.gguf"), two = folder.file("two.gguf"), one = folder.file("one.gguf")
    try convert(Fixtures.path("llama3-tied"), to: wide) { $0.type = .format(.f32) }
    let recipe = try #require(Recipe.named("Q5_K_M"))
    try convert(wide, to: two) { $0.type = .recipe(recipe) }
    try convert(Fixtures.path("llama3-tied"), to: one) { $0.type = .recipe(recipe) }
    #expect(try FileDigest.sha256(LocalFile(one)) == FileDigest.sha256(LocalFile(two)))
  }

  @Test("names the rule that decides, and lets options come before it")
  func rules() throws {
    let model = try openModel()
    let recipe = try #require(Recipe.named("Q4_K_M"))
    func rule(_ name: TensorName, _ edit: (inout ConversionRequest) -> Void = { _ in }) throws -> String {
      let plan = try plan(model) {
        $0.type = .recipe(recipe)
        edit(&$0)
      }
      let tensor = try #require(plan.tensors.first { $0.name == name })
      return "\(tensor.format): \(tensor.rule)"
    }
    #expect(try rule("blk.0.attn_q.weight") == "Q4_K: Q4_K_M: default")
    #expect(
      try rule("blk.1.attn_v.weight")
        == "Q6_K: Q4_K_M: attention value in the outer eighths and every third layer")
    #expect(try rule("output.weight") == "Q6_K: Q4_K_M: output")
    #expect(try rule("blk.0.attn_norm.weight") == "F32: not a weight matrix: kept")
    #expect(
      try rule("blk.0.ffn_down.weight")
        == "Q5_0: fallback: rows do not fill blocks of Q4_K (Q4_K_M: default)")
    #expect(try rule("output.weight") { $0.recipeOptions.matrices = .uniform } == "Q4_K: Q4_K_M: --pure")
    #expect(
      try rule("output.weight") { $0.recipeOptions.output = .keep } == "F32: --leave-output-tensor: kept")
    #expect(
      try rule("output.weight") { $0.recipeOptions.outputFormat = .q8_0 } == "Q8_0: --output-tensor-type")
    #expect(
      try rule("token_embd.weight") { $0.recipeOptions.embeddingFormat = .q5_1 } == "Q5_1: --token-embedding-type")
    #expect(
      try rule("blk.0.attn_q.weight") { $0.typeOverrides = [.init(pattern: "attn_q", format: .f16)] }
        == "F16: --tensor-type attn_q")
  }

  @Test("says how much falls back, or fails because of it")
  func fallbacks() throws {
    let model = try openModel()
    let recipe = try #require(Recipe.named("Q6_K"))
    let message =
      "2 tensors from \"blk.0.ffn_down.weight\" on (7.4 % of the parameters) become Q8_0: their rows of 64 elements do"
      + " not fill blocks of Q6_K (256 elements)"
    #expect(try plan(model) { $0.type = .recipe(recipe) }.messages.contains(.warning(message)))
    #expect {
      _ = try plan(model) {
        $0.type = .recipe(recipe)
        $0.fallback = .refuse
      }
    } throws: {
      "\($0)" == "\(model.checkpoint.path): \(message) (leave out --no-fallback to accept that)"
    }
  }

  @Test(
    "refuses what it cannot do",
    arguments: [
      ("Q4_K_M", "out", "Q4_K_M is a recipe for GGUF files (choose an output that ends with .gguf)"),
      ("COPY", "out.gguf", "COPY keeps the tensors of a GGUF, which the input is not (convert makes one)"),
    ])
  func refusals(name: String, output: String, message: String) throws {
    let recipe = try #require(Recipe.named(name))
    let source = Fixtures.path("yi")
    #expect {
      try convert(source, to: folder.file(output)) { $0.type = .recipe(recipe) }
    } throws: {
      "\($0)" == "\(source): \(message)"
    }
  }

  @Test("goes by its name, an alias or a number")
  func lookup() {
    func found(_ text: String) -> [String]? { Recipe.find(text).map { [$0.recipe.name, $0.spelling] } }
    #expect(found("q4_k_m") == ["Q4_K_M", "Q4_K_M"])
    #expect(found("Q4_K") == ["Q4_K_M", "Q4_K"])
    #expect(found("15") == ["Q4_K_M", "Q4_K"])
    #expect(found("0") == ["F32", "F32"])
    #expect(found("copy") == ["COPY", "COPY"])
    #expect(found("4") == nil)
    #expect(found("iq1_s") == ["IQ1_S", "IQ1_S"])
  }

  private func openModel() throws -> Model {
    let source = folder.file("model.gguf")
    try SeededGGUF(recipeShape: try #require(Fixtures.json("recipes", "files.json")["shape"])).write(
      to: source, zeros: true)
    return try Model.open(source, library: try .bundled())
  }

  private func plan(_ model: Model, _ edit: (inout ConversionRequest) -> Void) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("planned.gguf"))
    edit(&request)
    return try Planner.plan(model, request)
  }
}
