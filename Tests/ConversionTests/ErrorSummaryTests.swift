import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// What is said of the errors of encoding, and what a budget does.
@Suite("An error summary")
struct ErrorSummaryTests {
  private let folder = TemporaryFolder()

  private func plan() throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    request.type = .format(.q4_0)
    return try Planner.plan(try Model.open(Fixtures.path("llama-gqa"), library: try .bundled()), request)
  }

  @Test("has groups that add up to the total")
  func groups() throws {
    let summary = ErrorSummary(try Executor.run(try plan(), threads: 2, detail: .histogram))
    #expect(summary.groups.map(\.to) == [.q4_0, .f32])
    #expect(summary.groups.reduce(0) { $0 + $1.tensorCount } == summary.outcomes.count)
    #expect(summary.groups[0].errors.changedCount == summary.total.changedCount)
    #expect(summary.total.histogram?.unchangedCount == summary.total.elementCount - summary.total.changedCount)
    let errors = summary.worst.compactMap { $0.report?.normalizedMeanSquareError }
    #expect(errors == errors.sorted(by: >))
    #expect(errors.count == 23)
    #expect(abs(summary.summedNMSE - errors.reduce(0, +)) < 1e-12)
    let json = summary.json
    #expect(json["by_format"]?.array?[0]["to"] == .string("Q4_0"))
    #expect(json["total"]?["histogram"]?["ranges"]?.array?.isEmpty == false)
    #expect(json["budget"] == .null)
  }

  @Test("names tensors of which most is lost")
  func lost() throws {
    let tensors = try plan().tensors
    func outcome(_ index: Int, _ value: Float) throws -> TensorOutcome {
      var report = EncodingReport()
      var bytes = [UInt8](repeating: 0, count: 64)
      var stored = bytes.mutableSpan
      try Codec.encode(.f16, [Float](repeating: value, count: 32).span, into: &stored, report: &report)
      return TensorOutcome(tensor: tensors[index], report: report)
    }
    // Below half the least value of F16, only zeros are left.
    let summary = ErrorSummary([try outcome(0, 1e-9), try outcome(1, 0.1)])
    #expect(summary.lost.map(\.tensor.name) == [tensors[0].name])
    #expect(
      summary.lossWarning == "1 tensor with an NMSE of 0.5 and more, so most of the values are lost: "
        + "\(tensors[0].name.text.quoted) as \(tensors[0].format.name) (1.00)")
    #expect(summary.json["lost"]?.array == [.string(tensors[0].name.text)])
    let many = ErrorSummary(try (0..<7).map { try outcome($0, 1e-9) })
    #expect(many.lossWarning?.hasPrefix("7 tensors with an NMSE of 0.5 and more") == true)
    #expect(many.lossWarning?.hasSuffix(" and 2 more") == true)
    #expect(ErrorSummary([try outcome(0, 0.1)]).lossWarning == nil)
  }

  @Test("prevents writing beyond a budget")
  func budget() throws {
    let plan = try plan()
    let tolerance = EncodingBudget.budget(try Budget(parsing: "nmse=0.0075", metrics: Budget.Metric.ofTensors))
    #expect {
      try Executor.run(
        plan, threads: 2,
        acceptance: { try ErrorSummary($0, budget: tolerance).requireAcceptable(for: "out.gguf") })
    } throws: { error in
      guard let error = error as? BudgetExceeded else { return false }
      #expect(error.category == .check)
      let count = error.summary.violations.count
      #expect(
        error.description.hasPrefix("out.gguf: is not written: \(count) tensors exceed the budget; worst: tensor \""))
      #expect(
        error.description.hasSuffix(" (give --budget a greater limit, or choose finer formats)"))
      #expect(error.description.contains(", expected at most 0.0075"))
      #expect(error.constituents.map { "\($0)" }.count == count)
      #expect(error.constituents.allSatisfy { "\($0)".hasPrefix("out.gguf: tensor \"") })
      let worst = error.summary.violations.map(\.measured).max() ?? 0
      #expect(error.description.contains(error.summary.violations.first { $0.measured == worst }?.description ?? "?"))
      #expect(error.summary.json["passes"] == .bool(false))
      return true
    }
    #expect(folder.names == [])
  }

  @Test("of every encoder is within the budget of its format")
  func defaultBudgets() throws {
    let outcomes = try Executor.run(try plan(), threads: 2)
    #expect(ErrorSummary(outcomes, budget: .byFormat).passes)
    let strict = EncodingBudget.budget(Budget([Budget.Limit(.cosine, 0.9999)]))
    #expect(ErrorSummary(outcomes, budget: strict).violations.count == 23)
  }
}
