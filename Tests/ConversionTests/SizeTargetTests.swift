import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Formats chosen for a size.
@Suite("A size target")
struct SizeTargetTests {
  private let folder = TemporaryFolder()

  private func source() throws -> Model {
    let path = folder.file("model.gguf")
    if FileSystem.kind(of: path) == nil {
      let shape = """
        {"layers": 1, "embedding": 256, "feedForward": 32, "heads": 1, "keyValueHeads": 1, "headDimension": 32,
         "vocabulary": 8, "isTied": false}
        """
      try SeededGGUF(recipeShape: try JSON(parsing: Array(shape.utf8))).write(to: path)
    }
    return try Model.open(path, library: try .bundled())
  }

  private func plan(
    _ target: SizeTarget, threads: Int = 2, _ edit: (inout ConversionRequest) -> Void = { _ in }
  ) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    request.target = .gguf
    request.overwrite = .replace
    edit(&request)
    request.type = .size(target)
    return try Planner.plan(try source(), request, threads: threads)
  }

  @Test(
    "loses less than the recipe of the same size", arguments: ["Q3_K_M", "Q4_K_M"])
  func better(recipe name: String) throws {
    var request = ConversionRequest(destination: folder.file("recipe.gguf"))
    request.type = .recipe(try #require(Recipe.named(name)))
    let fixed = try Planner.plan(try source(), request)
    let chosen = try plan(.fileBytes(fixed.byteCount))
    let report = try #require(chosen.sizeTarget)
    #expect(chosen.byteCount <= fixed.byteCount)
    #expect(report.byteCount == chosen.byteCount)
    let errors = ErrorSummary(try Executor.run(chosen, threads: 2))
    #expect(errors.summedNMSE < ErrorSummary(try Executor.run(fixed, threads: 2)).summedNMSE)
    // All rows were measured, so what was predicted comes true.
    #expect(abs(errors.summedNMSE / report.summedError - 1) < 1e-6)
    #expect(report.lowerBound <= report.weightedError)
    #expect(try LocalFile(chosen.destination).byteCount == chosen.byteCount)
  }

  @Test("chooses the same on any number of threads")
  func threads() throws {
    let formats = try [1, 3].map { try plan(.bitsPerWeight(4.6), threads: $0).tensors.map(\.format) }
    #expect(formats[0] == formats[1])
    #expect(Set(formats[0]).count > 2)
  }

  @Test("counts only tensors in bits per weight")
  func bitsPerWeight() throws {
    let plan = try plan(.bitsPerWeight(5))
    let parameterCount = plan.tensors.reduce(0) { $0 + $1.shape.elementCount }
    let bits = Double(plan.tensors.reduce(0) { $0 + $1.byteCount } * 8) / Double(parameterCount)
    #expect(bits <= 5 && bits > 4.95)
  }

  @Test("follows options first")
  func options() throws {
    let plan = try plan(.bitsPerWeight(5)) {
      $0.recipeOptions.outputFormat = .q8_0
      $0.recipeOptions.embeddingFormat = .q4_0
      $0.typeOverrides = [.init(pattern: "attn_v", format: .f16)]
    }
    for tensor in plan.tensors {
      switch tensor.name {
      case "output.weight": #expect(tensor.format == .q8_0)
      case "token_embd.weight": #expect(tensor.format == .q4_0)
      case _ where tensor.name.text.contains("attn_v"): #expect(tensor.format == .f16)
      case _ where tensor.shape.rank == 1: #expect(tensor.format == .f32)
      default: #expect(tensor.rule.hasPrefix("size target: predicted NMSE "))
      }
    }
    #expect(plan.sizeTarget?.matrices.contains { $0.name.text.contains("attn_v") } == false)
  }

  @Test("chooses formats whose blocks the rows fill")
  func wholeBlocks() throws {
    let plan = try plan(.bitsPerWeight(3.5))
    for tensor in plan.tensors { #expect(tensor.shape.rowElementCount % tensor.format.elementsPerBlock == 0) }
    #expect(!plan.messages.contains { $0.message.contains("do not fill") })
  }

  @Test("keeps all formats if there is room")
  func muchRoom() throws {
    let plan = try plan(.bitsPerWeight(32))
    #expect(plan.tensors.allSatisfy { $0.format == .f32 })
    #expect(plan.sizeTarget?.summedError == 0)
  }

  @Test("states the smallest possible size")
  func tooSmall() throws {
    let path = try source().checkpoint.path
    var smallest = 0
    #expect {
      _ = try plan(.fileBytes(10_000))
    } throws: { error in
      let text = "\(error)"
      smallest = Int(text.filter(\.isNumber).dropFirst(path.filter(\.isNumber).count + 5)) ?? 0
      return (error as? any IngotError)?.category == .usage
        && text.hasPrefix("\(path): target 10,000 bytes is too small: the smallest possible is ")
    }
    #expect(try plan(.fileBytes(smallest)).byteCount == smallest)
    #expect(throws: LocatedError.self) { try plan(.fileBytes(smallest - 1)) }
  }

  @Test("records the other choices in the receipt")
  func receipt() throws {
    let plan = try plan(.bitsPerWeight(4.6))
    let outcomes = try Executor.run(plan, threads: 2)
    let json = try Receipt(plan: plan, errors: ErrorSummary(outcomes), options: [], version: "1.2.3").json()
    let target = try #require(json["size_target"])
    #expect(target["target"]?["bits_per_weight"]?.real == 4.6)
    let tensors = try #require(target["tensors"]?.array)
    #expect(tensors.count == plan.sizeTarget?.matrices.count)
    for tensor in tensors {
      let chosen = tensor["candidates"]?.array?.first { $0["format"] == tensor["format"] }
      #expect(chosen?["nmse"] == tensor["predicted_nmse"])
    }
  }

  @Test("refuses to quantize twice unless allowed")
  func requantizing() throws {
    let quantized = folder.file("quantized.gguf")
    _ = try source()
    try convert(folder.file("model.gguf"), to: quantized) { $0.type = .recipe(.named("Q8_0") ?? .all[0]) }
    let model = try Model.open(quantized, library: try .bundled())
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    request.target = .gguf
    request.type = .size(.bitsPerWeight(5))
    #expect { _ = try Planner.plan(model, request) } throws: {
      "\($0)".hasSuffix("adds error (pass --allow-requantize)")
    }
    request.requantization = .allow
    #expect(try Planner.plan(model, request).byteCount > 0)
  }
}
