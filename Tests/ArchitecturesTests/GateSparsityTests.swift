import Architectures
import Bytes
import TestSupport
import Testing

/// Sparse gates and residual streams, as Gemma 3n's class has them.
@Suite("Sparsities of layers")
struct GateSparsityTests {
  private func set(_ changes: JSON.Object = [:]) throws -> HyperparameterSet {
    var members = try #require(try Fixtures.json("architectures", "gemma3n-defaults", "config.json").object)
    for (key, value) in changes { members[key] = value }
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: "gemma3n"))
    return try definition.hyperparameters(of: Configuration(.object(members)))
  }

  @Test(
    "are by default those of the first ten of more than ten layers", arguments: [(6, 0), (10, 0), (11, 10), (35, 10)])
  func defaults(layerCount: Int, sparseCount: Int) throws {
    let set = try set(["num_hidden_layers": .integer(layerCount)])
    let expected = (0..<layerCount).map { HyperparameterValue.real($0 < sparseCount ? 0.95 : 0) }
    #expect(set.list("activation_sparsity") == expected)
    let cutoffs = try Hyperparameters(set).gateCutoffs
    // torch's quantile of 0.95 in float32.
    let wanted = (0..<layerCount).map { $0 < sparseCount ? 1.6448535919189453 : -.infinity }
    #expect(cutoffs == (sparseCount == 0 ? nil : wanted))
  }

  @Test("must be one for each layer")
  func count() throws {
    let error = #expect(throws: HyperparameterError.self) {
      try set(["activation_sparsity_pattern": .array([.real(0.5), .real(0)])])
    }
    #expect(error?.description.hasSuffix("has 2 entries, expected one for each of 6 layers") == true)
  }

  @Test("need an active stream among the streams")
  func activeStream() throws {
    #expect(throws: HyperparameterError.exceeds("altup_active_stream", 4, "last stream", 3)) {
      try Hyperparameters(set(["altup_active_idx": .integer(4)]))
    }
  }
}
