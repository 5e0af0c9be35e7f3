import Architectures
import Bytes
import Testing

@Suite("The hyperparameters of a router")
struct RouterHyperparameterTests {
  private func experts(_ members: String) throws -> Hyperparameters.Experts {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: "deepseek-v3"))
    let json = try JSON(parsing: Array(#"{"model_type":"deepseek_v3"\#(members)}"#.utf8))
    return try #require(try Hyperparameters(definition.hyperparameters(of: Configuration(json))).experts)
  }

  @Test("are those of DeepSeek-V3's class where config.json has none")
  func defaults() throws {
    let experts = try experts("")
    #expect(experts.routerFunction == .sigmoid && experts.normalizesWeights && experts.weightScale == 2.5)
    #expect(experts.groupCount == 8 && experts.usedGroupCount == 4 && experts.groupMeritCount == 2)
    #expect(try self.experts(#","scoring_func":"softmax""#).routerFunction == .softmax)
  }

  @Test(
    "are refused by name if no router can have them",
    arguments: [
      (
        #","scoring_func":9"#,
        "router function 9 is unknown (known: 1 softmax, 2 sigmoid, 3 softmax of the chosen, 4 sqrt-softplus)"
      ),
      (#","scoring_func":"tanh""#, #"key "scoring_func" has "tanh", expected "softmax" or "sigmoid""#),
      (#","n_group":7"#, "expert_count 256 is not a multiple of expert_group_count 7"),
      (#","topk_group":9"#, "expert_used_group_count is 9, expected at most the expert_group_count 8"),
      (#","num_experts_per_tok":300"#, "expert_used_count is 300, expected at most the expert_count 256"),
      (
        #","n_group":128,"topk_group":2,"num_experts_per_tok":5"#,
        "expert_used_count is 5, expected at most the experts of the used groups 4"
      ),
    ])
  func refused(members: String, message: String) throws {
    let error = #expect(throws: HyperparameterError.self) { try experts(members) }
    #expect(error?.description == message)
  }
}
