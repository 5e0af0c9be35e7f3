import Bytes
import Quantization
import Testing
import Verification

@Suite("A budget")
struct BudgetTests {
  @Test("reads limits in order")
  func parsing() throws {
    let budget = try Budget(parsing: "nmse=1e-3,cosine=0.99,max_abs=2", metrics: Budget.Metric.ofTensors)
    #expect(budget.limits.map(\.description) == ["nmse=0.001", "cosine=0.99", "max_abs=2.0"])
    #expect(budget.limits.map { $0.allows(1) } == [false, true, true])
    #expect(budget.limits.map { $0.allows(.nan) } == [false, false, false])
  }

  @Test(
    "says what is wrong",
    arguments: [
      ("nmse", "budget: \"nmse\" is not of the form metric=number"),
      ("", "budget: \"\" is not of the form metric=number"),
      (
        "kl=1", "budget: metric \"kl\" is unknown here, expected auto or limits of nmse, max_abs, rmse, cosine"
      ),
      ("nmse=-1", "budget: nmse is \"-1\", expected a number of at least 0"),
      ("nmse=nan", "budget: nmse is \"nan\", expected a number of at least 0"),
      ("nmse=1,nmse=2", "budget: nmse is given twice"),
    ])
  func errors(text: String, message: String) {
    let error = #expect(throws: BudgetError.self) {
      try Budget(parsing: text, metrics: Budget.Metric.ofTensors)
    }
    #expect(error?.description == message)
    #expect(error?.category == .usage)
  }

  @Test("finds a tensor beyond it")
  func exceeded() throws {
    let budget = try Budget(parsing: "nmse=2.8e-5,cosine=0.999", metrics: Budget.Metric.ofTensors)
    let diff = try CheckpointDiffTests.compare(
      CheckpointDiffTests.gqa, CheckpointDiffTests.gqaQ8, .budget(budget),
      filter: { $0.contains("layers.1.self_attn.q_proj") || $0.contains("layers.1.mlp.down") })
    #expect(
      diff.findings.filter { $0.severity == .error }.map(\.description) == [
        "layer 1 attention query: nmse is 2.89e-05, expected at most 2.80e-05"
      ])
  }
}
