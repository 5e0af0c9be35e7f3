import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

@Suite struct DefinitionTests {
  @Test func everyFileOfTheFolderIsBundled() throws {
    let folder = Fixtures.packagePath("Sources", "Architectures", "Definitions")
    let files = try FileSystem.list(folder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    #expect(Set(try DefinitionLibrary.bundled().definitions.map(\.name)) == Set(files))
  }

  @Test func aDefinitionInheritsOneLevel() throws {
    let yi = try #require(try DefinitionLibrary.bundled().definition(named: "yi"))
    #expect(yi.ggufArchitecture == "llama")
    #expect(yi.tensors.count == 19)
    #expect(yi.classes == ["YiForCausalLM"])
  }

  static let refused: [(json: String, message: String)] = [
    (#"[]"#, "definition: expected an object, found an array"),
    (#"{"name":"x"}"#, "definition: key \"summary\" is missing"),
    (#"{"name":"x","summary":"","colour":1}"#, "definition: unknown key \"colour\""),
    (
      #"{"name":"x","summary":"","extends":"nothing"}"#,
      "definition, extends: extends \"nothing\", which is no bundled definition"
    ),
    (
      #"{"name":"x","summary":"","extends":"yi"}"#,
      "definition, extends: extends \"yi\", which itself extends another definition"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"{layer}.{layer}"}}]}"#,
      "definition, tensors[0].names.a: \"{layer}.{layer}\" is not a name pattern (a whole name with at most one {layer})"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"b":"w"}}]}"#,
      "definition, tensors[0].names: naming scheme \"b\" is not declared under \"schemes\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"},"transforms":{"a":"flip(x)"}}]}"#,
      "definition, tensors[0].transforms.a: \"flip(x)\" is not a transform (known: rotary(PARAMETER))"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"},"transforms":{"a":"rotary(h)"}}]}"#,
      "definition, tensors[0].transforms: parameter \"h\" is not declared under \"parameters\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"}},{"role":"s","names":{"a":"w"}}]}"#,
      "definition, schemes.a: \"r\" and \"s\" match the same tensor"
    ),
    (
      #"{"name":"x","summary":"","tensors":[{"role":"r","shpae":[]}]}"#,
      "definition, tensors[0]: unknown key \"shpae\""
    ),
    (
      #"{"name":"x","summary":"","parameters":[{"name":"p","type":"u8"}]}"#,
      "definition, parameters[0].type: expected u32, f32 or bool, found \"u8\""
    ),
    (
      #"{"name":"x","summary":"","forward_pass":{"norm":"batch"}}"#,
      "definition, forward_pass.norm: expected one of rms, layer, found \"batch\""
    ),
    (
      #"{"name":"x","summary":"","forward_pass":{"adds_one_to_norms":1}}"#,
      "definition, forward_pass.adds_one_to_norms: expected a boolean, found a number"
    ),
    (
      #"{"name":"x","summary":"","forward_pass":{"state_space":true}}"#,
      "definition, forward_pass: unknown key \"state_space\""
    ),
  ]

  @Test("refuses", arguments: refused)
  func refusal(json: String, message: String) throws {
    let folder = TemporaryFolder()
    let path = try folder.write(Array(json.utf8), to: "d.json")
    #expect { try DefinitionLibrary.bundled(withMapping: path) } throws: { "\($0)" == "\(path): \(message)" }
  }
}

@Suite struct NamePatternTests {
  static let cases: [(pattern: String, name: TensorName, layer: Int?)] = [
    ("blk.{layer}.attn_q.weight", "blk.12.attn_q.weight", 12),
    ("blk.{layer}.attn_q.weight", "blk.0.attn_q.weight", 0),
    ("blk.{layer}.attn_q.weight", "blk.00.attn_q.weight", nil),
    ("blk.{layer}.attn_q.weight", "blk.-1.attn_q.weight", nil),
    ("blk.{layer}.attn_q.weight", "blk..attn_q.weight", nil),
    ("blk.{layer}.attn_q.weight", "xblk.1.attn_q.weight", nil),
    ("blk.{layer}.attn_q.weight", "blk.1.attn_q.weightx", nil),
    ("blk.{layer}.attn_q.weight", "blk.9999999.attn_q.weight", nil),
  ]

  @Test("matches whole names only", arguments: cases)
  func match(pattern: String, name: TensorName, layer: Int?) throws {
    #expect(try #require(NamePattern(pattern)).match(name)?.layer == layer)
  }
}

@Suite struct TransformTests {
  @Test("is undone by its inverse", arguments: [(8, 2, 16), (6, 3, 4), (64, 8, 2), (5, 5, 6)])
  func inverse(headCount: Int, keyValueHeadCount: Int, headDimension: Int) throws {
    for count in [headCount, keyValueHeadCount] {
      let transform = Transform.rotaryPermutation(headCount: count)
      let rows = count * headDimension
      try transform.requireFit(rowCount: rows)
      let stored = (0..<rows).map { transform.canonicalRow(ofStored: $0, rowCount: rows) }
      #expect(Set(stored) == Set(0..<rows))
      for row in 0..<rows { #expect(transform.storedRow(ofCanonical: stored[row], rowCount: rows) == row) }
    }
  }

  @Test func rotaryPairsBecomeNeighbours() {
    // One head of 6 rows: halves 0 1 2 and 3 4 5 are interleaved.
    let transform = Transform.rotaryPermutation(headCount: 1)
    #expect((0..<6).map { transform.canonicalRow(ofStored: $0, rowCount: 6) } == [0, 3, 1, 4, 2, 5])
  }

  @Test("refuses heads that rows do not fill", arguments: [(10, 2), (0, 2), (8, 0), (8, -1), (8, .max), (8, 16)])
  func misfits(rowCount: Int, headCount: Int) {
    #expect(throws: Transform.Misfit.rowsDoNotSplitIntoHeads(rowCount: rowCount, headCount: headCount)) {
      try Transform.rotaryPermutation(headCount: headCount).requireFit(rowCount: rowCount)
    }
  }
}
