import Architectures
import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Where a GGUF differs from that of llama.cpp's converter on purpose.
@Suite("Departures from llama.cpp's converter")
struct DepartureTests {
  let folder = TemporaryFolder()

  /// An architecture whose loader in llama.cpp demands an output matrix.
  struct DemandedHead: Sendable, CustomStringConvertible {
    let name: String
    let head: String, embedding: String
    /// The converter's F32 GGUF of the folder with the embedding's values in the head.
    let sha256: String
    var description: String { name }

    static let all: [DemandedHead] = {
      let members = (try? Fixtures.json("expected", "heads.json"))?.object ?? [:]
      return members.map { name, facts in
        func text(_ key: String) -> String { facts[key]?.string ?? "" }
        return DemandedHead(
          name: name.text, head: text("head"), embedding: text("embedding"), sha256: text("sha256"))
      }
    }()
  }

  private func plan(_ source: String, _ edit: (inout ConversionRequest) -> Void = { _ in }) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("out.gguf"))
    request.type = .format(.f32)
    request.overwrite = .replace
    edit(&request)
    return try Planner.plan(try Model.open(source, library: try .bundled()), request)
  }

  /// The fixture as a folder with other tensors, whose config.json ties the embeddings or not.
  private func model(
    _ name: String, ties: Bool?, _ change: (inout [WrittenModel.Tensor]) -> Void
  ) throws -> String {
    let fixture = try ArchitectureFixture.named(name)
    let written = try WrittenModel(
      copying: fixture.stage(in: folder), in: folder, name: "models/" + fixture.expectedName, change)
    var members =
      try JSON(
        parsing: LocalFile(Path.join(written.path, "config.json")).wholeContent(limit: 1 << 20)
      ).object ?? [:]
    if let ties { members["tie_word_embeddings"] = .bool(ties) }
    try folder.write(
      JSON.object(members).encoded(.indented), to: "models/\(fixture.expectedName)/config.json")
    return written.path
  }

  init() throws { try FileSystem.createFolder(folder.file("models")) }

  @Test("copied_head gives the converter's file of the folder that has the copy", arguments: DemandedHead.all)
  func copiedHead(_ head: DemandedHead) throws {
    let source = try model(head.name, ties: true) { $0.removeAll { $0.name == head.head } }
    let plan = try plan(source)
    #expect(plan.departures.map(\.departure) == [.copiedHead])
    #expect(
      plan.departures.map(\.message) == [
        "\"output.weight\" is a copy of \"token_embd.weight\", to which the model ties it: llama.cpp does not load "
          + "\(plan.source.definition.name) without it"
      ])
    try Executor.run(plan, threads: 2)
    #expect(try FileDigest.sha256(LocalFile(plan.destination)) == head.sha256)
    // The folder made of it ties its head again.
    try convert(plan.destination, to: folder.file("back"))
    let back = try Model.open(folder.file("back"), library: .bundled())
    #expect(back.hyperparameters.flag("ties_embeddings") && back.tensor(TensorSlot(.output)) == nil)
    #expect(back.problems.isEmpty)
    let bare = try self.plan(source) { $0.departures = .omit }
    #expect(bare.departures.isEmpty)
    #expect(!bare.tensors.contains { $0.name == "output.weight" })
    #expect(
      bare.messages.contains(
        .warning("copied_head is off: the file does not load: the architecture demands output.weight")))
  }

  @Test("copied_head lets a recipe see the head", arguments: ["olmo2", "qwen2-moe"])
  func recipe(name: String) throws {
    let source = try model(name, ties: true) { $0.removeAll { $0.name == "lm_head.weight" } }
    let recipe = try #require(Recipe.named("Q4_K_M"))
    let plan = try plan(source) { $0.type = .recipe(recipe) }
    #expect(plan.tensors.contains { $0.name == "output.weight" && $0.sourceName == "model.embed_tokens.weight" })
  }

  @Test(
    "dropped_equal_head gives the converter's file of the folder without the head",
    arguments: ["cohere2", "command-r"])
  func droppedEqualHead(name: String) throws {
    let source = try model(name, ties: nil) { tensors in
      guard var head = tensors.first(where: { $0.name == "model.embed_tokens.weight" }) else { return }
      head.name = "lm_head.weight"
      tensors.append(head)
    }
    let plan = try plan(source)
    #expect(plan.departures.map(\.departure) == [.droppedEqualHead])
    #expect(plan.dropped.map(\.name) == ["lm_head.weight"])
    try Executor.run(plan, threads: 2)
    let expected = try ArchitectureFixture.named(name).ggufs().digest("f32")
    #expect(try FileDigest.sha256(LocalFile(plan.destination)) == expected)
    #expect(try self.plan(source) { $0.departures = .omit }.tensors.contains { $0.name == "output.weight" })
  }

  @Test("another head is refused where llama.cpp has no place for it", arguments: ["cohere2", "command-r", "gemma2"])
  func otherHead(name: String) throws {
    let source = try model(name, ties: nil) { tensors in
      guard var head = tensors.first(where: { $0.name == "model.embed_tokens.weight" }) else { return }
      head.name = "lm_head.weight"
      head.values[0] += 1
      tensors.append(head)
    }
    #expect { try plan(source) } throws: {
      "\($0)".contains(
        "\"lm_head.weight\": differs from \"model.embed_tokens.weight\", which llama.cpp uses in its place")
    }
    #expect(try plan(source) { $0.departures = .omit }.departures.isEmpty)
    // A folder can have any head.
    #expect(throws: Never.self) {
      try plan(source) {
        $0.destination = folder.file("copy")
        $0.type = .automatic
      }
    }
  }

  @Test("both heads are kept where llama.cpp accepts either", arguments: ["llama3-tied"])
  func optionalHead(name: String) throws {
    let written = try WrittenModel(copying: Fixtures.path(name), in: folder, name: "models/" + name) { tensors in
      guard var head = tensors.first(where: { $0.name == "model.embed_tokens.weight" }) else { return }
      head.name = "lm_head.weight"
      tensors.append(head)
    }
    let plan = try plan(written.path)
    #expect(plan.departures.isEmpty)
    #expect(plan.tensors.contains { $0.name == "output.weight" })
  }

  /// A BERT whose classifier the converter writes without the pooler.
  @Test(
    "kept_pooler and stated_labels give a whole head, without them the converter's file",
    arguments: [("bert-reranker", [Departure.keptPooler]), ("bert-pair", [.keptPooler, .statedLabels])])
  func classifierHead(name: String, departures: [Departure]) throws {
    let fixture = try ArchitectureFixture.named(name)
    let source = try fixture.stage(in: folder)
    #expect(try plan(source).departures.map(\.departure) == departures)
    let bare = try plan(source) { $0.departures = .omit }
    #expect(bare.departures.isEmpty)
    #expect(bare.messages.filter { $0.message.contains(" is off: ") }.count == departures.count)
    try Executor.run(bare, threads: 2)
    let expected = try fixture.expected("ggufs.json")["unmended"]?["sha256"]?.string
    #expect(try FileDigest.sha256(LocalFile(bare.destination)) == expected)
  }

  @Test("are listed in the documentation")
  func table() throws {
    let documented = try GeneratedTable("departures", titles: Departure.titles, rows: Departure.table)
    #expect(documented.found == documented.expected)
  }

  @Test("have the architectures that they concern listed in the documentation")
  func outputs() throws {
    let definitions = try ArchitectureLibrary.bundled().definitions.filter { $0.ggufArchitecture != nil }
    let rows = ArchitectureDefinition.GGUFOutput.allCases.map { demand in
      [
        "`\(demand.rawValue)`", demand.words,
        definitions.filter { $0.ggufOutput == demand && ($0.rule(.output) != nil || demand == .absent) }
          .map(\.name).joined(separator: ", "),
      ]
    }
    let documented = try GeneratedTable(
      "outputs", titles: ["`gguf_output`", "llama.cpp", "architectures"], rows: rows)
    #expect(documented.found == documented.expected)
  }
}

extension ArchitectureDefinition.GGUFOutput {
  fileprivate var words: String {
    switch self {
    case .required: "does not load a file without `output.weight`"
    case .optional: "uses the embedding if `output.weight` is absent"
    case .absent: "uses the embedding, and does not load a file with `output.weight`"
    }
  }
}
