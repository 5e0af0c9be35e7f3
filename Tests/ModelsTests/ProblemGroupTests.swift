import Architectures
import Bytes
import Formats
import Models
import TestSupport
import Tensors
import Testing

/// What does not fit a model is said once for each cause.
@Suite("Problems of a model")
struct ProblemGroupTests {
  private let folder = TemporaryFolder()

  /// The problems of llama-gqa with members of config.json replaced.
  private func problems(_ changes: [String: Int]) throws -> [any IngotError] {
    for file in ["config.json", "model.safetensors"] {
      try folder.write(try LocalFile(Fixtures.path("llama-gqa", file)).wholeContent(limit: 1 << 20), to: file)
    }
    var members = try #require(
      try JSON(parsing: LocalFile(folder.file("config.json")).wholeContent(limit: 1 << 20)).object)
    for (key, value) in changes { members[ExactString(key)] = .integer(value) }
    try folder.write(JSON.object(members).encoded(.indented), to: "config.json")
    return try Model.open(folder.path, library: .bundled()).problems
  }

  @Test("name a wrong number of heads once")
  func heads() throws {
    let found = try problems(["num_key_value_heads": 4])
    #expect(
      found.map(\.description) == [
        "key_value_head_count*head_dimension is 32 (num_key_value_heads = 4), but 16 in 6 tensors; first: tensor"
          + " \"model.layers.0.self_attn.k_proj.weight\": has shape 16 × 64, expected 32 × 64"
          + " (key_value_head_count*head_dimension × embedding_length)"
      ])
    #expect(found[0].constituents.count == 6)
    #expect(found[0].constituents.allSatisfy { $0 is TensorProblem })
  }

  @Test("name a wrong width once")
  func width() throws {
    let found = try problems(["hidden_size": 128])
    #expect(found.count == 1)
    #expect(found[0].description.hasPrefix("embedding_length is 128 (hidden_size = 128), but 64 in "))
  }

  @Test("name a wrong number of layers once", arguments: [2, 5])
  func layers(count: Int) throws {
    let found = try problems(["num_hidden_layers": count])
    #expect(found.count == 1)
    let words = "the model has \(count) layers (num_hidden_layers = \(count)), but"
    #expect(found[0].description.hasPrefix(words), "\(found[0])")
    #expect(found[0].description.contains(count == 2 ? "9 tensors belong to layers up to 2" : "tensors of 3"))
  }

  @Test("are listed one by one if asked")
  func listed() throws {
    let list = ProblemList(try problems(["num_key_value_heads": 4, "intermediate_size": 7]))
    #expect(list.lines(listsAll: false).count == 2)
    #expect(list.lines(listsAll: true).count == 15)
  }

  @Test("are cut to five lines and a count")
  func cut() {
    let many = (0..<8).map { TensorProblem(TensorName("t\($0)"), .isComplex) }
    let lines = ProblemList(many).lines(listsAll: false)
    #expect(lines.count == 6)
    #expect(lines.last == "… and 3 more problems (--verbose lists them)")
  }
}
