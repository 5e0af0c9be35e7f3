import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

@Suite struct DefinitionTests {
  @Test func everyFileOfTheFolderIsBundled() throws {
    let folder = Fixtures.packagePath("Sources", "Architectures", "Definitions")
    let files = try FileSystem.list(folder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    let definitions = try ArchitectureLibrary.bundled().definitions
    #expect(Set(definitions.map(\.name) + definitions.flatMap(\.baseNames)) == Set(files))
  }

  @Test func aDefinitionInheritsWhatItDoesNotSay() throws {
    let yi = try #require(try ArchitectureLibrary.bundled().definition(named: "yi"))
    #expect(yi.ggufArchitecture == "llama")
    #expect(yi.tensors.count == 19)
    #expect(yi.classes == ["YiForCausalLM"])
  }

  static let refused: [(json: String, message: String)] = [
    (#"[]"#, "definition: expected an object, found an array"),
    (#"{"name":"x"}"#, "definition: key \"summary\" is missing"),
    (#"{"name":"x","summary":"","color":1}"#, "definition: unknown key \"color\""),
    (
      #"{"name":"x","summary":"","extends":"nothing"}"#,
      "definition, extends: extends \"nothing\", which is no bundled definition"
    ),
    (
      #"{"name":"x","summary":"","extends":"yi","removes":["nothing"]}"#,
      "definition, removes: \"nothing\" is no parameter, role or dropped tensor of the base"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"{layer}.{layer}"}}]}"#,
      "definition, tensors[0].names.a: \"{layer}.{layer}\" is not a name pattern (a whole name with at most one {layer} and one"
        + " {instance} between dots)"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"b":"w"}}]}"#,
      "definition, tensors[0].names: naming scheme \"b\" is not declared under \"schemes\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"},"transforms":{"a":"flip(x)"}}]}"#,
      "definition, tensors[0].transforms.a: \"flip(x)\" is not a transform (known: rotary(HEADS), plus_one,"
        + " transpose, transpose(BLOCKS))"
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
      #"{"name":"x","summary":"","told_by_values":["transpose"]}"#,
      "definition, told_by_values: \"transpose\" is not a transform that values tell (known: rotary, plus_one)"
    ),
    (
      #"{"name":"x","summary":"","dropped":[{"name":"w","reason":"","copy_of":"r"}]}"#,
      "definition, dropped[0].copy_of: role \"r\" is not declared under \"tensors\""
    ),
    (
      #"{"name":"x","summary":"","parameters":[{"name":"p","type":"u32","default":1,"shown_by":{"tensor":"r","present":"a"}}]}"#,
      "definition, parameters[0].shown_by.present: expected a u32, found a string"
    ),
    (
      #"{"name":"x","summary":"","parameters":[{"name":"p","type":"u32","default":1,"shown_by":{"tensor":"r","present":1}}]}"#,
      "definition, parameters[0].shown_by: key \"absent\" is missing"
    ),
    (
      #"{"name":"x","summary":"","parameters":[{"name":"p","type":"u32","default":1,"shown_by":{"tensor":"r","present":1,"absent":0,"behind_layer":"1"}}]}"#,
      "definition, parameters[0].shown_by.behind_layer: expected a layer, found a string"
    ),
    (
      #"{"name":"x","summary":"","tensors":[{"role":"r","shpae":[]}]}"#,
      "definition, tensors[0]: unknown key \"shpae\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"packed":[{"roles":["r"],"names":{"a":"w"}}]}"#,
      "definition, packed[0].roles: role \"r\" is not declared under \"tensors\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r"}],"packed":[{"roles":["r"],"arrangements":{"a":"piled"}}]}"#,
      "definition, packed[0].arrangements.a: \"piled\" is not an arrangement (known: concatenated, grouped(GROUPS),"
        + " stacked)"
    ),
    (
      #"{"name":"x","summary":"","tensors":[{"role":"r","shape":["a**b"]}]}"#,
      "definition, tensors[0].shape: \"a**b\" is not a formula (parameters and numbers with + - * / // int( ) and"
        + " parentheses)"
    ),
    (
      #"{"name":"x","summary":"","parameters":[{"name":"p","type":"u8"}]}"#,
      "definition, parameters[0].type: expected u32, f32, bool, string or a list of them such as [bool] or {string}, found"
        + " \"u8\""
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
    #expect { try ArchitectureLibrary.bundled(withMapping: path) } throws: { "\($0)" == "\(path): \(message)" }
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

  @Test func whatIsLeftOutMayEndInAnything() throws {
    let open = try #require(NamePattern("vision_tower.{rest}", mayEndInRest: true))
    #expect(open.match("vision_tower.encoder.layers.0.weight") != nil)
    #expect(open.match("vision_tower.") == nil)
    #expect(open.match("vision_towers.weight") == nil)
    #expect(open.match("model.vision_tower.weight") == nil)
    #expect(NamePattern("vision_tower.{rest}") == nil)
    for text in ["{rest}", "a.{rest}.b", "a.{rest}{rest}", "a{rest}"] {
      #expect(NamePattern(text, mayEndInRest: true) == nil, "\(text)")
    }
  }
}
