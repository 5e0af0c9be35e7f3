import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// One tensor under two names, and tensors that the model ties to others.
@Suite("Another name of a tensor")
struct AliasTests {
  let folder = TemporaryFolder()

  /// A copy of the fixture with a second tensor of the values of one of its tensors, but for what is added to the first.
  private func copy(
    of fixture: String, _ name: String, as other: String, plus addend: Float = 0, configuration: (String, String)? = nil
  ) throws -> String {
    let written = try WrittenModel(copying: fixture, in: folder, name: "copy") { tensors in
      guard var second = tensors.first(where: { $0.name == name }) else { return }
      second.name = other
      second.values[0] += addend
      tensors.append(second)
    }
    if let (text, replacement) = configuration {
      let bytes = try LocalFile(written.path + "/config.json").wholeContent(limit: 1 << 20)
      let json = String(decoding: bytes, as: UTF8.self)
      try #require(json.contains(text))
      try folder.write(Array(json.replacing(text, with: replacement).utf8), to: "copy/config.json")
    }
    return written.path
  }

  private func plan(_ source: String) throws -> ConversionPlan {
    try Planner.plan(
      try Model.open(source, library: try .bundled()), ConversionRequest(destination: folder.file("out.gguf")))
  }

  @Test("with equal values is dropped")
  func equalValues() throws {
    let source = try copy(
      of: Fixtures.path("yi"), "model.layers.1.ln1.weight", as: "model.layers.1.input_layernorm.weight")
    let plan = try plan(source)
    #expect(
      plan.dropped.map { "\($0.name.text): \($0.reason)" } == [
        "model.layers.1.input_layernorm.weight: another name of \"model.layers.1.ln1.weight\", which has the same values"
      ])
    #expect(plan.tensors.count == (try self.plan(Fixtures.path("yi"))).tensors.count)
  }

  @Test("has its values compared only to gather evidence")
  func evidence() throws {
    let (name, other) = ("model.layers.1.ln1.weight", "model.layers.1.input_layernorm.weight")
    let tree = try MemoryTree(copying: copy(of: Fixtures.path("yi"), name, as: other))
    let opening = try ModelOpening(InputLocation(folder: tree), library: .bundled())
    #expect(try opening.model().dropped.map(\.reason) == ["another name of \"\(name)\" (values not compared)"])
    #expect(tree.tensorsRead(of: opening.checkpoint) == [])
    let model = try opening.model(opening.gatherEvidence())
    #expect(model.dropped.map(\.reason) == ["another name of \"\(name)\", which has the same values"])
    #expect(tree.tensorsRead(of: opening.checkpoint) == [name, other])
  }

  @Test("with other values is an error")
  func otherValues() throws {
    let source = try copy(
      of: Fixtures.path("yi"), "model.layers.1.ln1.weight", as: "model.layers.1.input_layernorm.weight", plus: 1)
    #expect { try plan(source) } throws: {
      "\($0)"
        == "\(source): tensor \"model.layers.1.input_layernorm.weight\": also fills the slot \"attention norm\" of "
        + "\"model.layers.1.ln1.weight\", with other values (remove one)"
    }
  }

  @Test("of the same naming scheme is compared, too")
  func sameScheme() throws {
    let fixture = try ArchitectureFixture.named("bert-bge")
    let staged = try fixture.stage(in: folder)
    let names = ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.gamma")
    let plan = try plan(copy(of: staged, names.0, as: names.1))
    #expect(plan.dropped.contains { $0.reason.hasSuffix("which has the same values") })
    #expect { try self.plan(copy(of: staged, names.0, as: names.1, plus: 1)) } throws: {
      "\($0)".contains("with other values (remove one)")
    }
  }

  @Test("of no naming scheme stays unknown")
  func unknownName() throws {
    let source = try copy(of: Fixtures.path("yi"), "model.layers.1.ln1.weight", as: "model.layers.1.ln3.weight")
    #expect { try plan(source) } throws: { "\($0)".contains("no tensor of the naming scheme \"yi\" has this name") }
  }

  @Test("a stored output that the model ties", arguments: [0, 1] as [Float])
  func tiedOutput(addend: Float) throws {
    let source = try copy(
      of: Fixtures.path("llama3-tied"), "model.embed_tokens.weight", as: "lm_head.weight", plus: addend)
    let messages = try plan(source).messages.filter { $0.message.hasPrefix("\"lm_head.weight\"") }
    #expect(
      messages == [
        addend == 0
          ? .note(
            "\"lm_head.weight\" is stored although it equals \"model.embed_tokens.weight\", to which the model ties it; both "
              + "are kept")
          : .warning(
            "\"lm_head.weight\" differs from \"model.embed_tokens.weight\", to which the model ties it; both are kept, so "
              + "programs may use either")
      ])
  }

  @Test("an output that llama.cpp's converter drops, which must equal the embedding", arguments: [0, 1] as [Float])
  func droppedOutput(addend: Float) throws {
    let fixture = try ArchitectureFixture.named("gemma")
    let source = try copy(
      of: fixture.stage(in: folder), "model.embed_tokens.weight", as: "lm_head.weight", plus: addend)
    let message =
      "tensor \"lm_head.weight\": differs from \"model.embed_tokens.weight\", which llama.cpp uses in its place for gemma "
      + "(remove it if the model ties it to the embedding; --reference-bytes converts it anyway)"
    if addend == 0 {
      let plan = try plan(source)
      #expect(plan.dropped.map(\.reason) == ["tied to the token embedding"])
      #expect(plan.departures.isEmpty)
    } else {
      #expect { try plan(source) } throws: { "\($0)".contains(message) }
    }
  }
}
