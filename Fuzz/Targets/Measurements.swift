import Architectures
import Bytes
import Evaluation
import Inference
import Models
import TestSupport
import Verification

extension FuzzTarget {
  static let measurements: [FuzzTarget] = [
    FuzzTarget("measuring-plan", "a plan of a measurement, spelled as it would be saved", limit: 8192) { input in
      let plan = try MeasuringPlan(PlanDocument(JSON(parsing: input).encoded(.indented), at: "plan.json"))
      try Finding.require(plan.itemCounts.allSatisfy { $0 >= 0 } && plan.itemCounts.reduce(0, +) >= 0, "a count")
    },
    FuzzTarget("measured-importance", "a result: the sums do not depend on its place", limit: 16384) { input in
      let measured = try measuredModel(decoder)
      let measurement = try ImportanceMeasurement(
        ModelWeights(measured.model), on: measured.tokens.chunks, chunkSize: 3, dataset: "text")
      let entries = try measurement.matrix(joining: [input, []]).entries
      try Finding.require(try measurement.matrix(joining: [[], input]).entries == entries, "the sums are others")
    },
    FuzzTarget("measured-logits", "results of a decoder and of an encoder: a report is made", limit: 16384) { input in
      for result in [decoder, encoder] {
        let measured = try measuredModel(result)
        var options = ModelVerification.Options()
        options.logits.measured = MeasuredChunks([input])
        options.weights = .ignored
        guard
          let verification = try ifReadable({
            try ModelVerification.verify(measured.model, measured.model, tokens: measured.tokens, options: options)
          })
        else { continue }
        let report = verification.json.encoded(.compact)
        try Finding.require((try? JSON(parsing: report)) != nil, "the report is not JSON")
      }
    },
  ]

  /// A model of the fixtures, and the tokens 1 to 6 in two chunks.
  private typealias MeasuredModel = (model: Model, tokens: TokenChunks)

  private static let decoder = Result { try staged("llama") }
  private static let encoder = Result { try staged("bert-bge") }

  private static func staged(_ name: String) throws -> MeasuredModel {
    let path = try ArchitectureFixture.named(name).stage(in: stage)
    return (try Model.open(path, library: library.get()), TokenChunks(Array(1...6), length: 3))
  }

  private static let stage = TemporaryFolder()

  private static func measuredModel(_ result: Result<MeasuredModel, any Error>) throws -> MeasuredModel {
    do {
      return try result.get()
    } catch {
      throw Finding(fact: "the model cannot be opened: \(error)")
    }
  }

  /// What `body` returns; nil if a result is none.
  private static func ifReadable<Value>(_ body: () throws -> Value) throws -> Value? {
    do {
      return try body()
    } catch is UnreadableResult {
      return nil
    }
  }
}
