import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Formats chosen for a size by errors that an importance matrix weighs.
@Suite("A size target with an importance matrix") struct SizeTargetImportanceTests {
  private let folder = TemporaryFolder()

  /// A mixture of experts, whose matrices llama-imatrix measured.
  private func mixture() throws -> (model: Model, matrix: ImportanceMatrix) {
    let fixture = try ArchitectureFixture.named("mixtral")
    return (
      try Model.open(fixture.stage(in: folder), library: .bundled()),
      try .open(Fixtures.path("imatrix", "measured", "mixtral.gguf.imatrix"))
    )
  }

  private func plan(_ model: Model, _ matrix: ImportanceMatrix?, _ name: String = "out.gguf") throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file(name))
    request.target = .gguf
    request.importance = matrix
    request.type = .size(.bitsPerWeight(5))
    return try Planner.plan(model, request, threads: 2)
  }

  @Test("predicts the weighted error of what is stored, of each expert by its own columns")
  func predicted() throws {
    let (model, matrix) = try mixture()
    let plan = try plan(model, matrix)
    let report = try #require(plan.sizeTarget)
    #expect(report.usesImportance)
    _ = try Executor.run(plan, threads: 2)
    let stored = try Model.open(plan.destination, library: .bundled())
    #expect(report.matrices.contains { $0.name == "blk.1.ffn_down_exps.weight" })
    for item in report.matrices {
      let error = try weightedError(item.name, stored, model, matrix)
      #expect(abs(error - item.choice.error) <= 1e-6 * item.choice.error, "\(item.name) in \(item.choice.format)")
    }
  }

  @Test("makes the weighted error less than the choice without the matrix does")
  func minimized() throws {
    let model = try mixture().model
    // Of these only one column counts, which a coarse format keeps well.
    let names: [TensorName] = ["blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.1.attn_output.weight"]
    let columns: [Float] = [1] + Array(repeating: 1e-6, count: 31)
    let sums = ImportanceMatrixBuilder(
      names.map { .init(name: $0, sums: columns, counts: [1]) }, dataset: "a", chunkSize: 1)
    try sums.write(to: folder.file("a.gguf"), container: .gguf, overwrite: .refuse)
    let matrix = try ImportanceMatrix.open(folder.file("a.gguf"))
    let weighted = try plan(model, matrix), plain = try plan(model, nil, "plain.gguf")
    #expect(plain.sizeTarget?.usesImportance == false)
    #expect(weighted.tensors.map(\.format) != plain.tensors.map(\.format))
    let factors = try #require(weighted.sizeTarget).matrices.map { ($0.name, $0.factor) }
    let costs = try [weighted, plain].map { plan in
      _ = try Executor.run(plan, threads: 2)
      let stored = try Model.open(plan.destination, library: .bundled())
      return try factors.reduce(0.0) { $0 + $1.1 * (try weightedError($1.0, stored, model, matrix)) }
    }
    #expect(costs[0] < costs[1])
  }

  @Test("lets matrices with an entry have formats that need one")
  func needed() throws {
    let shape = """
      {"layers": 1, "embedding": 256, "feedForward": 32, "heads": 1, "keyValueHeads": 1, "headDimension": 32,
       "vocabulary": 8, "isTied": false}
      """
    try SeededGGUF(recipeShape: try JSON(parsing: Array(shape.utf8))).write(to: folder.file("model.gguf"))
    let name: TensorName = "blk.0.attn_k.weight"
    let sums = ImportanceMatrixBuilder(
      [.init(name: name, sums: (0..<256).map { Float($0 % 7) }, counts: [10])], dataset: "a", chunkSize: 5)
    try sums.write(to: folder.file("a.gguf"), container: .gguf, overwrite: .refuse)
    let plan = try plan(
      Model.open(folder.file("model.gguf"), library: .bundled()), .open(folder.file("a.gguf")))
    for item in try #require(plan.sizeTarget).matrices {
      #expect(item.candidates.contains { $0.format == .iq2_XXS } == (item.name == name), "\(item.name)")
    }
  }

  /// Σ i·(stored − value)² / Σ i·value² over all matrices that a tensor holds; i is 1 where it has no entry.
  private func weightedError(
    _ name: TensorName, _ stored: Model, _ source: Model, _ matrix: ImportanceMatrix
  ) throws -> Double {
    let tensor = try #require(stored.tensors.first { $0.descriptor.name == name })
    var error = 0.0, energy = 0.0
    for place in tensor.slots {
      let kept = try values(place, stored), values = try values(place, source)
      let width = tensor.layout.columnCount, start = (place.instance ?? 0) * width
      let weights = try matrix.entry(name).map { try matrix.importance(of: $0, start..<start + width) }
      for (index, (value, other)) in zip(values, kept).enumerated() {
        let weight = Double(weights?[index % width] ?? 1)
        error += weight * (Double(other) - Double(value)) * (Double(other) - Double(value))
        energy += weight * Double(value) * Double(value)
      }
    }
    return error == 0 ? 0 : error / energy
  }

  private func values(_ place: TensorSlot, _ model: Model) throws -> [Float] {
    let reader = try model.canonicalReader(place)
    var values: [Float] = []
    try reader.readValues(0..<reader.geometry.rowCount, into: &values)
    return values
  }
}
