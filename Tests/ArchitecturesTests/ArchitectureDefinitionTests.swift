import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

@Suite("An architecture definition")
struct ArchitectureDefinitionTests {
  @Test("has every file of the folder bundled")
  func bundled() throws {
    let folder = Fixtures.packagePath("Sources", "Architectures", "Definitions")
    let files = try FileSystem.list(folder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    let definitions = try ArchitectureLibrary.bundled().definitions
    #expect(Set(definitions.map(\.name) + definitions.flatMap(\.baseNames)) == Set(files))
  }

  @Test("is found by what it says when it is read", arguments: try ArchitectureLibrary.bundled().identities.map(\.name))
  func identity(name: String) throws {
    let library = try ArchitectureLibrary.bundled()
    let known = try #require(library.identities.first { $0.name == name })
    let read = try #require(library.definition(named: name)).identity
    #expect(known.baseNames == read.baseNames && known.classes == read.classes)
    #expect(known.modelTypes == read.modelTypes && known.ggufArchitecture == read.ggufArchitecture)
    #expect(!read.isAbstract && read.name == name)
    #expect((known.ggufArchitecture != nil) == (library.definition(named: name)?.scheme("gguf") != nil))
  }

  /// The files of the folder, by name without ending.
  private static func files() throws -> [String: JSON] {
    let folder = Fixtures.packagePath("Sources", "Architectures", "Definitions")
    var files: [String: JSON] = [:]
    for file in try FileSystem.list(folder) where file.hasSuffix(".json") {
      files[String(file.dropLast(5))] = try JSON(parsing: LocalFile("\(folder)/\(file)").wholeContent(limit: 1 << 20))
    }
    return files
  }

  @Test("has parts that agree, which is not checked when a bundled one is read")
  func validity() throws {
    let files = try Self.files()
    #expect(files.count > 70)
    for (name, json) in files where json["abstract"]?.bool != true {
      #expect(throws: Never.self, "\(name)") { _ = try ArchitectureDefinition(json: json, bases: files) }
    }
  }

  @Test("has every tokenizer class of the folder bundled")
  func bundledTokenizers() throws {
    var classes: Set<String> = [], modelTypes: Set<String> = []
    for definition in try Self.files().values {
      classes.formUnion((definition["tokenizer_classes"]?.object ?? [:]).keys.map(\.text))
      modelTypes.formUnion((definition["tokenizers"]?.object ?? [:]).keys.map(\.text))
    }
    let bundled = try ArchitectureLibrary.bundled().tokenizerClasses
    #expect(classes.count > 3 && Set(bundled.classes.keys) == classes)
    #expect(modelTypes.count > 3 && Set(bundled.registered.keys) == modelTypes)
  }

  @Test("inherits the members that it does not give")
  func inheritance() throws {
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
      "definition, extends: extends \"nothing\", which is not a bundled definition"
    ),
    (
      #"{"name":"x","summary":"","extends":"yi","removes":["nothing"]}"#,
      "definition, removes: \"nothing\" is not in the base definition, so it cannot be removed"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"{layer}.{layer}"}}]}"#,
      "definition, tensors.r.names.a: \"{layer}.{layer}\" is not a name pattern (a whole name with at most one {layer} and one"
        + " {instance} between dots)"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"b":"w"}}]}"#,
      "definition, tensors.r.names: naming scheme \"b\" is not declared under \"schemes\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"},"transforms":{"a":"flip(x)"}}]}"#,
      "definition, tensors.r.transforms.a: \"flip(x)\" is not a transform (known: rotary(HEADS),"
        + " separate_pairs(HEADS,ROTATED), tiled(GROUPS,HEADS), tiled_columns(GROUPS,HEADS), plus_one, negative_exp,"
        + " transpose, transpose(BLOCKS))"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"},"transforms":{"a":"rotary(h)"}}]}"#,
      "definition, tensors.r.transforms: hyperparameter \"h\" is not declared under \"hyperparameters\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r","names":{"a":"w"}},{"role":"s","names":{"a":"w"}}]}"#,
      "definition, schemes.a: \"r\" and \"s\" match the same tensor"
    ),
    (
      #"{"name":"x","summary":"","detectable_transforms":["transpose"]}"#,
      "definition, detectable_transforms: \"transpose\" is not a transform that can be detected from values (known: rotary, plus_one)"
    ),
    (
      #"{"name":"x","summary":"","dropped":[{"name":"w","reason":"","copy_of":"r"}]}"#,
      "definition, dropped.w.copy_of: role \"r\" is not declared under \"tensors\""
    ),
    (
      #"{"name":"x","summary":"","hyperparameters":[{"name":"p","type":"u32","default":1,"inferred_from":{"tensor":"r","present":"a"}}]}"#,
      "definition, hyperparameters.p.inferred_from.present: expected a u32, found a string"
    ),
    (
      #"{"name":"x","summary":"","hyperparameters":[{"name":"p","type":"u32","default":1,"inferred_from":{"tensor":"r","present":1}}]}"#,
      "definition, hyperparameters.p.inferred_from: key \"absent\" is missing"
    ),
    (
      #"{"name":"x","summary":"","hyperparameters":[{"name":"p","type":"u32","default":1,"inferred_from":{"tensor":"r","present":1,"absent":0,"after_layer":"1"}}]}"#,
      "definition, hyperparameters.p.inferred_from.after_layer: expected a layer, found a string"
    ),
    (
      #"{"name":"x","summary":"","tensors":[{"role":"r","shpae":[]}]}"#,
      "definition, tensors.r: unknown key \"shpae\" (did you mean \"shape\"?)"
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"fused":[{"roles":["r"],"names":{"a":"w"}}]}"#,
      "definition, fused.r.roles: role \"r\" is not declared under \"tensors\""
    ),
    (
      #"{"name":"x","summary":"","schemes":{"a":{}},"tensors":[{"role":"r"}],"fused":[{"roles":["r"],"fusion_orders":{"a":"piled"}}]}"#,
      "definition, fused.r.fusion_orders.a: \"piled\" is not a fusion order (known: concatenated, grouped(GROUPS),"
        + " stacked)"
    ),
    (
      #"{"name":"x","summary":"","tensors":[{"role":"r","shape":["a**b"]}]}"#,
      "definition, tensors.r.shape: \"a**b\" is not a formula (hyperparameters and numbers with + - * / // int( ) and"
        + " parentheses)"
    ),
    (
      #"{"name":"x","summary":"","hyperparameters":[{"name":"p","type":"u8"}]}"#,
      "definition, hyperparameters.p.type: expected u32, f32, bool, string or a list of them such as [bool] or {string}, found"
        + " \"u8\""
    ),
    (
      #"{"name":"x","summary":"","forward_pass":{"norm":"batch"}}"#,
      "definition, forward_pass.norm: expected one of rms, layer, found \"batch\""
    ),
    (
      #"{"name":"x","summary":"","forward_pass":{"norm_weight_offset":true}}"#,
      "definition, forward_pass.norm_weight_offset: expected an integer, found a boolean"
    ),
    (
      #"{"name":"x","summary":"","forward_pass":{"state_space":true}}"#,
      "definition, forward_pass: unknown key \"state_space\""
    ),
  ]

  static let misspelled: [(json: String, message: String)] = [
    (#"{"nmae":"x","summary":""}"#, "definition: unknown key \"nmae\" (did you mean \"name\"?)"),
    (
      #"{"name":"x","summary":"","extends":"lama"}"#,
      "definition, extends: extends \"lama\", which is not a bundled definition (did you mean \"llama\"?)"
    ),
    (
      #"{"name":"x","summary":"","vocabulary":{"sorces":[]}}"#,
      "definition, vocabulary: unknown key \"sorces\" (did you mean \"sources\"?)"
    ),
    (
      #"{"name":"x","summary":"","vocabulary":{"special_tokens":{"eott":1}}}"#,
      "definition, vocabulary.special_tokens: unknown key \"eott\" (did you mean \"eot\"?)"
    ),
    (
      #"{"name":"x","summary":"","extends":"llama","vocabulary":{"space_prefx":"never"}}"#,
      "definition, vocabulary: unknown key \"space_prefx\" (did you mean \"space_prefix\"?)"
    ),
    (
      #"{"name":"x","summary":"","tokenizer_classes":{"XTokenizer":{"sentinel":true}}}"#,
      "definition, tokenizer_classes.XTokenizer: unknown key \"sentinel\" (did you mean \"sentinels\"?)"
    ),
    (
      #"{"name":"x","summary":"","tokenizers":{"x":"LamaTokenizer"}}"#,
      "definition, tokenizers.x: tokenizer class \"LamaTokenizer\" is not declared under \"tokenizer_classes\" (did you mean"
        + " \"LlamaTokenizer\"?)"
    ),
    (
      #"{"name":"x","summary":"","extends":"llama","tensors":[{"role":"output","tide_to":null}]}"#,
      "definition, tensors.output: \"tide_to\" is not in the base definition, so it cannot be removed"
    ),
    (
      #"{"name":"x","summary":"","extends":"llama","tensors":[{"role":"output","tied_to":"token_embeding"}]}"#,
      "definition, tensors.output.tied_to: role \"token_embeding\" is not declared under \"tensors\" (did you mean"
        + " \"token_embedding\"?)"
    ),
    (
      #"{"name":"x","summary":"","extends":"llama","schemes":{"hf":{"clas":"A"}}}"#,
      "definition, schemes.hf: unknown key \"clas\" (did you mean \"class\"?)"
    ),
  ]

  @Test("refuses", arguments: refused + misspelled)
  func refusal(json: String, message: String) throws {
    let folder = TemporaryFolder()
    let path = try folder.write(Array(json.utf8), to: "d.json")
    #expect { try ArchitectureLibrary.bundled(withMapping: path) } throws: { "\($0)" == "\(path): \(message)" }
  }
}

/// How definitions extend each other.
@Suite("A definition that extends others")
struct ExtendingTests {
  /// `a` extends `b`, which extends `c`, ….
  private func definition(_ chain: String..., maximumDepth: Int = 2) throws -> ArchitectureDefinition {
    var bases: [String: JSON] = [:]
    for (name, base) in zip(chain, chain.dropFirst() + [""]) {
      var members: JSON.Object = ["name": .string(name), "summary": .string("")]
      if !base.isEmpty { members["extends"] = .string(base) }
      bases[name] = bases[name] ?? .object(members)
    }
    return try ArchitectureDefinition(json: #require(bases[chain[0]]), bases: bases, maximumDepth: maximumDepth)
  }

  @Test("extends at most two definitions")
  func depth() throws {
    #expect(try definition("a", "b", "c").baseNames == ["c", "b"])
    #expect { try definition("a", "b", "c", "d") } throws: {
      "\($0)" == "definition, extends: extends \"b\", which itself extends as many definitions as are allowed (2)"
    }
    #expect(try definition("a", "b", "c", "d", maximumDepth: 3).baseNames == ["d", "c", "b"])
  }

  @Test("refuses a cycle")
  func cycle() throws {
    #expect { try definition("a", "b", "a", maximumDepth: 9) } throws: {
      "\($0)" == "definition, extends: extends \"b\", which extends this definition"
    }
  }

  @Test("extends at most two definitions if it is bundled")
  func bundledDepth() throws {
    for definition in try ArchitectureLibrary.bundled().definitions { #expect(definition.baseNames.count <= 2) }
  }

  @Test("of a user may extend any bundled one")
  func userDefinition() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(Array(#"{"name":"x","summary":"","extends":"mixtral"}"#.utf8), to: "d.json")
    let own = try ArchitectureLibrary.bundled(withMapping: path).definition(named: "x")
    #expect(own?.baseNames == ["decoder", "llama", "mixtral"])
  }
}

@Suite("A name pattern")
struct NamePatternTests {
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

  @Test("may end in any text if its tensors are left out")
  func trailingWildcard() throws {
    let open = try #require(NamePattern("vision_tower.{rest}", wildcard: .trailing))
    #expect(open.match("vision_tower.encoder.layers.0.weight") != nil)
    #expect(open.match("vision_tower.") == nil)
    #expect(open.match("vision_towers.weight") == nil)
    #expect(open.match("model.vision_tower.weight") == nil)
    #expect(NamePattern("vision_tower.{rest}") == nil)
    for text in ["{rest}", "a.{rest}.b", "a.{rest}{rest}", "a{rest}"] {
      #expect(NamePattern(text, wildcard: .trailing) == nil, "\(text)")
    }
  }
}
