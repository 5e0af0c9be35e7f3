import Architectures
import Bytes
import Models
import TestSupport
import Testing

/// Layers that predict further tokens, after those of the forward pass.
@Suite("Further layers")
struct FurtherLayerTests {
  private let folder = TemporaryFolder()

  /// A fixture with some texts of config.json, or names of tensors, replaced by others of the same length.
  private func model(
    _ name: String, configuration: [String: String] = [:], names: [String: String] = [:]
  ) throws -> Model {
    let path = try ArchitectureFixture.named(name).stage(in: folder)
    for (file, replacements) in [("config.json", configuration), ("model.safetensors", names)] {
      var bytes = try LocalFile(Path.join(path, file)).wholeContent(limit: 1 << 22)
      for (text, other) in replacements {
        let sought = Array(text.utf8)
        let start = try #require((0..<bytes.count - sought.count).first { bytes[$0...].starts(with: sought) })
        bytes.replaceSubrange(start..<start + sought.count, with: Array(other.utf8))
      }
      try AtomicFile.write(bytes, to: Path.join(path, file), overwrite: .replace)
    }
    return try Model.open(path, library: .bundled())
  }

  private func reasons(_ model: Model) -> [TensorProblem.Reason] {
    model.problems.flatMap(\.constituents).compactMap { ($0 as? TensorProblem)?.reason }
  }

  @Test("are kept without being those of the forward pass", arguments: ["glm4-moe", "glm4-moe-lite", "hy-v3"])
  func kept(name: String) throws {
    let model = try model(name)
    #expect(model.problems.isEmpty && model.dropped.isEmpty)
    #expect(model.hyperparameters.integer("layer_count") == 2)
    #expect(model.definition.ggufLayerCount(model.hyperparameters) == 3)
    #expect(model.slots.contains(TensorSlot(.router, layer: 2)))
    #expect(try ModelWeights(model).hyperparameters.layerCount == 2)
  }

  @Test("are left out with a reason where llama.cpp's converter leaves them out")
  func dropped() throws {
    let model = try model("deepseek-v3")
    #expect(model.problems.isEmpty && model.dropped.count == 44)
    #expect(model.dropped.allSatisfy { $0.reason.hasPrefix("predicts further tokens") })
    #expect(model.definition.ggufLayerCount(model.hyperparameters) == 2)
  }

  @Test("are counted by their tensors if no key counts them")
  func counted() throws {
    let model = try model("glm4-moe", configuration: ["num_nextn_predict_layers": "num_nextn_predict_other"])
    #expect(model.problems.isEmpty)
    #expect(model.hyperparameters.integer("prediction_layer_count") == 1)
  }

  @Test("are all there or none")
  func fewerThanStated() throws {
    let model = try model(
      "glm4-moe", configuration: [#""num_nextn_predict_layers": 1"#: #""num_nextn_predict_layers": 7"#])
    let reasons = reasons(model)
    #expect(reasons.contains(.missing(role: .attentionNorm)))
    #expect(model.problems.flatMap(\.constituents).contains { "\($0)".contains("model.layers.3.") })
  }

  @Test("are refused where config.json has none of them")
  func beyondEnd() throws {
    let model = try model(
      "glm4-moe", configuration: [#""num_nextn_predict_layers": 1"#: #""num_nextn_predict_layers": 0"#])
    #expect(reasons(model).contains(.layerBeyondEnd(layer: 2, layerCount: 2)))
  }

  @Test("must be whole")
  func incomplete() throws {
    let model = try model("glm4-moe", names: ["model.layers.2.input_layernorm": "model.layers.2.input_layernorn"])
    #expect(reasons(model).contains(.missing(role: .attentionNorm)))
  }
}
