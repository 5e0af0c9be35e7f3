import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Several outputs of one source, made together: judged by the files of llama-quantize and of the reference converter, and for
/// other sources by runs of their own.
@Suite("A batch of conversions")
struct ConversionBatchTests {
  private let folder = TemporaryFolder()

  /// The requests to write one file for each type, which is named after its index.
  private func requests(
    _ types: [ConversionRequest.TypeChoice], _ edit: (inout ConversionRequest) -> Void = { _ in }
  ) -> [ConversionRequest] {
    types.enumerated().map { index, type in
      var request = ConversionRequest(destination: folder.file("\(index).gguf"))
      request.type = type
      edit(&request)
      return request
    }
  }

  private func digest(_ name: String) throws -> String { try FileDigest.sha256(LocalFile(folder.file(name))) }

  @Test("gives the files of llama-quantize for every recipe, on any number of threads", arguments: [1, 2, 5])
  func recipes(threads: Int) throws {
    let expected = try Fixtures.json("recipes", "files.json"), source = folder.file("model.gguf")
    try SeededGGUF(recipeShape: try #require(expected["shape"])).write(to: source)
    let recipes = try RecipeTests.unweighted.map { try #require(Recipe.named($0)) }
    let plans = try Planner.plan(
      .open(source, library: .bundled()), requests(recipes.map { .recipe($0) }) { $0.missingImatrix = .fail })
    for result in Executor.run(plans, threads: threads) { _ = try result.get() }
    for (index, recipe) in recipes.enumerated() {
      #expect(try digest("\(index).gguf") == expected["files"]?[recipe.name]?.string, "\(recipe.name)")
    }
  }

  @Test(
    "gives the reference converter's files", arguments: ["llama-gqa", "llama-sharded", "llama3-tied", "yi", "aquila"])
  func converted(name: String) throws {
    let formats: [StorageFormat] = [.q8_0, .f16, .f32, .bf16]
    let plans = try Planner.plan(
      .open(Fixtures.checkpoint(name, in: folder), library: .bundled()), requests(formats.map { .format($0) }))
    for result in Executor.run(plans, threads: 2) { _ = try result.get() }
    for (index, format) in formats.enumerated() {
      #expect(try digest("\(index).gguf") == ExpectedGGUFs(name).digest(format.name.lowercased()), "\(format)")
    }
  }

  /// A source, and how it is opened.
  static let sources = [
    "packed/yi-awq", "packed/llama-gptq-act-order", "mlx/qwen3-mxfp4", "mlx/granite-moe", "meta",
    "expected/llama-gqa/llama-gqa-q8_0.gguf",
  ]

  @Test("gives what runs of their own give, errors included", arguments: sources)
  func otherSources(name: String) throws {
    let types: [ConversionRequest.TypeChoice] = try [
      .kept, .recipe(#require(Recipe.named("Q5_1"))), .format(.f32), .recipe(#require(Recipe.named("Q4_0"))),
      .format(.f16), .recipe(#require(Recipe.named("COPY"))),
    ]
    let isGGUF = name.hasSuffix(".gguf"), folder = folder
    let model = try Model.open(Fixtures.checkpoint(name, in: folder), library: .bundled())
    let wanted = requests(isGGUF ? types : types.dropLast()) {
      $0.requantization = .allow
    }
    let results = Executor.run(try Planner.plan(model, wanted), threads: 2)
    for (index, request) in wanted.enumerated() {
      var alone = request
      alone.destination = folder.file("alone.gguf")
      alone.overwrite = .replace
      let outcomes = try Executor.run(Planner.plan(model, alone), threads: 1)
      #expect(try digest("\(index).gguf") == digest("alone.gguf"), "\(request.type)")
      #expect(ErrorSummary(try results[index].get()).json == ErrorSummary(outcomes).json, "\(request.type)")
    }
  }

  @Test("weights the experts of a mixture as runs of their own do")
  func importance() throws {
    let model = try Model.open(try ArchitectureFixture.named("mixtral").stage(in: folder), library: .bundled())
    let matrix = try ImportanceMatrix.open(Fixtures.path("imatrix", "measured", "mixtral.gguf.imatrix"))
    let wanted = requests(
      try ["Q4_0", "Q8_0", "Q5_1", "Q4_1"].map { .recipe(try #require(Recipe.named($0))) }
    ) { $0.importance = matrix }
    let plans = try Planner.plan(model, wanted)
    #expect(plans[0].tensors.contains { $0.importance != nil })
    for result in Executor.run(plans, threads: 3) { _ = try result.get() }
    for (index, request) in wanted.enumerated() {
      var alone = request
      alone.destination = folder.file("alone.gguf")
      alone.overwrite = .replace
      _ = try Executor.run(Planner.plan(model, alone), threads: 2)
      #expect(try digest("\(index).gguf") == digest("alone.gguf"), "\(request.type)")
    }
  }

  @Test("writes the others if one exceeds its budget")
  func budget() throws {
    let model = try Model.open(Fixtures.path("llama-gqa"), library: .bundled())
    let plans = try Planner.plan(model, requests([.format(.f16), .format(.q4_0), .format(.q8_0)]))
    var jobs = plans.map { ConversionJob($0) }
    jobs[1].budget = .budget(try Budget(parsing: "nmse=1e-9", metrics: Budget.Metric.ofTensors))
    for index in jobs.indices { jobs[index].receiptPath = folder.file("\(index).json") }
    let results = try ConversionBatch(jobs).run(check: { job, output in
      #expect(FileSystem.kind(of: output) == .regular)
      return job.plan.formatName
    })
    #expect(folder.names == ["0.gguf", "0.json", "2.gguf", "2.json"])
    #expect(try results[0].get().check == "F16")
    #expect(throws: BudgetExceeded.self) { try results[1].get() }
    #expect(try digest("0.gguf") == ExpectedGGUFs("llama-gqa").digest("f16"))
    #expect(try digest("2.gguf") == ExpectedGGUFs("llama-gqa").digest("q8_0"))
    let receipt = try JSON(LocalFile(folder.file("2.json")), limit: 1 << 20)
    #expect(receipt["outputs"]?.array?.first?["sha256"]?.string == (try digest("2.gguf")))
    #expect(receipt["inputs"]?.array?.contains { $0["name"] == .string("model.safetensors") } == true)
  }

  @Test("writes the others if a value of one cannot be stored")
  func overflow() throws {
    let source = folder.file("model.gguf")
    let values: [Float] = [1, 2, 70_000] + [Float](repeating: 0.5, count: 61)
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString("acme"))
    let layout = try GGUF.Layout(
      tensors: [OutputTensor(name: "blk.0.attn_q.weight", format: .f32, shape: [2, 32])], metadata: metadata)
    try folder.write(layout.header + Codec.encode(.f32, values), to: "model.gguf")
    let model = try Model.openByName(source, library: .bundled())
    let plans = try Planner.plan(
      model, requests(try ["F16", "BF16"].map { .recipe(try #require(Recipe.named($0))) }))
    let results = Executor.run(plans, threads: 2)
    #expect(throws: ProblemList.self) { try results[0].get() }
    #expect(try results[1].get().count == 1)
    #expect(folder.names == ["1.gguf", "model.gguf"])
  }

  @Test(
    "writes nothing if two outputs have one name, or one cannot be created", arguments: ["0.gguf", "nowhere/1.gguf"])
  func names(name: String) throws {
    let model = try Model.open(Fixtures.path("llama-gqa"), library: .bundled())
    var wanted = requests([.format(.f16), .format(.bf16)])
    wanted[1].destination = folder.file(name)
    let jobs = try Planner.plan(model, wanted).map { ConversionJob($0) }
    #expect(throws: FileError.self) {
      try ConversionBatch(jobs).run(check: nil as ((ConversionJob, String) -> Int)?)
    }
    #expect(folder.names.isEmpty)
  }

  @Test("reports the problems of all types, each once")
  func problems() throws {
    let source = folder.file("model.gguf"), expected = try Fixtures.json("recipes", "files.json")
    try SeededGGUF(recipeShape: try #require(expected["shape"])).write(to: source, zeros: true)
    let model = try Model.open(source, library: .bundled())
    let recipes = try ["Q8_0", "IQ1_S", "IQ2_XS"].map {
      ConversionRequest.TypeChoice.recipe(try #require(Recipe.named($0)))
    }
    #expect {
      try Planner.plan(model, requests(recipes))
    } throws: { error in
      let problems = (error as? ProblemList)?.constituents.map(\.description) ?? []
      return problems.contains { $0.contains("becomes IQ1_S, which needs an importance matrix") }
        && problems.contains { $0.contains("becomes IQ2_XS, which needs an importance matrix") }
        && Set(problems).count == problems.count
    }
  }
}
