import Architectures
import Bytes
import TestSupport
import Testing

/// Configurations that state something twice, with what `AutoConfig` of transformers 5.24 computes
/// (`fixtures/generate/make_configurations.py`).
@Suite("Contradictions in a configuration")
struct ConfigurationConflictTests {
  let library: ArchitectureLibrary

  init() throws { library = try ArchitectureLibrary.bundled() }

  private func read(_ entry: JSON) throws -> (ArchitectureDefinition, Configuration, HyperparameterSet) {
    let definition = try #require(library.definition(named: entry["definition"]?.string ?? ""))
    let configuration = Configuration(entry["config"] ?? .null)
    return (definition, configuration, try hyperparameters(configuration, definition))
  }

  /// The hyperparameters, with sizes where neither the configuration nor the definition has them.
  private func hyperparameters(
    _ configuration: Configuration, _ definition: ArchitectureDefinition
  ) throws -> HyperparameterSet {
    var members = configuration.json.object ?? [:]
    for (name, value) in ["layer_count": 4, "embedding_length": 96, "head_count": 4, "feed_forward_length": 192] {
      guard let rule = definition.hyperparameter(name), let key = rule.writtenKey,
        !rule.configKeys.contains(where: { configuration.member($0) != nil })
      else { continue }
      members[ExactString(key)] = .integer(value)
    }
    return try definition.hyperparameters(of: Configuration(.object(members)))
  }

  /// The paths of the values of an object.
  private func paths(_ object: JSON.Object, _ prefix: String = "") -> [String] {
    object.flatMap { key, value in
      value.object.map { paths($0, prefix + key.text + ".") } ?? [prefix + key.text]
    }
  }

  @Test("reads every hyperparameter with several paths as transformers does")
  func everyHyperparameter() throws {
    let entries = try #require(try Fixtures.json("configurations", "conflicts.json").array)
    #expect(entries.count > 1000)
    var failures: [String] = []
    for entry in entries {
      let (definition, configuration, set) = try read(entry)
      let name = entry["hyperparameter"]?.string ?? ""
      let rule = try #require(definition.hyperparameter(name))
      let value = set.values[name]
      let isEqual = value?.number == entry["value"]?.real && value?.number != nil
      // llama.cpp's converter takes the context of Command R from the tokenizer's limit.
      let isIndependent =
        rule.independentKeys.contains { configuration.member($0) != nil } && rule.name == "context_length"
      if !isEqual, !(isIndependent && definition.name == "command-r") {
        failures.append("\(entry.text(.compact)): \(value?.description ?? "nothing")")
      }
      let planted = paths(configuration.json.object ?? [:]).filter(rule.configKeys.contains)
      let comparable = planted.filter { !rule.independentKeys.contains($0) && !$0.hasPrefix("rope_parameters.") }
      if comparable.count > 1, definition.conflicts(in: configuration, set).isEmpty {
        failures.append("\(entry.text(.compact)): no remark")
      }
    }
    #expect(failures.isEmpty, "\(failures.prefix(20).joined(separator: "\n"))\n\(failures.count) in all")
  }

  @Test("combines old and new RoPE members as transformers does")
  func ropeMembers() throws {
    let entries = try #require(try Fixtures.json("configurations", "rope.json").array)
    #expect(entries.count > 300)
    var failures: [String] = []
    for entry in entries {
      let (definition, configuration, set) = try read(entry)
      let rope = try #require(entry["rope"])
      // The class of GPT-NeoX ignores a base under this name; here it counts where no other is stated.
      if definition.name == "gpt-neox", configuration.json["rope_theta"]?.real == set.real("rotary_base") { continue }
      if set.real("rotary_base") != rope["rope_theta"]?.real || !set.rotaryScaling.isDescribed(by: rope) {
        failures.append("\(entry.text(.compact)): \(set.real("rotary_base") ?? 0) \(set.rotaryScaling)")
      }
      if definition.ropeForm == .byLayerType, let local = entry["local_base"]?.real,
        set.real("rotary_local_base") != local
      {
        failures.append("\(entry.text(.compact)): local \(set.real("rotary_local_base") ?? 0)")
      }
    }
    #expect(failures.isEmpty, "\(failures.prefix(20).joined(separator: "\n"))\n\(failures.count) in all")
  }

  static let remarks: [(name: String, json: String, remarks: [String])] = [
    (
      "llama", #"{"rope_theta":10000.0,"rope_parameters":{"rope_type":"default","rope_theta":500000.0}}"#,
      [
        #""rope_parameters.rope_theta" is 500000.0, but "rope_theta" is 10000.0: "rope_parameters.rope_theta""#
      ]
    ),
    (
      "llama",
      #"{"rope_scaling":{"type":"linear","factor":2.0},"rope_parameters":{"rope_type":"default","rope_theta":5e5}}"#,
      [
        #""rope_scaling" is {"type":"linear","factor":2.0}, but "rope_parameters" is"#
          + #" {"rope_type":"default","rope_theta":5e5}: "rope_scaling""#
      ]
    ),
    // Equal sets in old and new words.
    (
      "llama",
      #"{"rope_theta":5e5,"rope_scaling":{"type":"linear","factor":2},"rope_parameters":{"rope_type":"linear","factor":2.0,"rope_theta":500000}}"#,
      []
    ),
    ("llama", #"{"rope_theta":10000,"rope_parameters":{"rope_type":"default","rope_theta":10000.0}}"#, []),
    ("llama", #"{"rope_scaling":{"type":"su","rope_type":"longrope","short_factor":[1],"long_factor":[2]}}"#, []),
    (
      "llama", #"{"rope_scaling":{"type":"dynamic","rope_type":"linear","factor":2.0}}"#,
      [#""rope_scaling.rope_type" is "linear", but "rope_scaling.type" is "dynamic": "rope_scaling.rope_type""#]
    ),
    ("gpt2", #"{"n_embd":32,"hidden_size":64}"#, [#""hidden_size" is 64, but "n_embd" is 32: "hidden_size""#]),
    (
      "llama", #"{"num_hidden_layers":2,"n_layer":3,"n_layers":4}"#,
      [#""num_hidden_layers" is 2, but "n_layers" is 4 and "n_layer" is 3: "num_hidden_layers""#]
    ),
    // Limits of generation and of the tokenizer are no hyperparameters.
    ("llama", #"{"max_position_embeddings":64,"max_length":20,"model_max_length":99,"max_sequence_length":32}"#, []),
    ("command-r", #"{"max_position_embeddings":8192,"model_max_length":131072}"#, []),
    (
      "gemma3",
      #"{"rope_scaling":{"rope_type":"linear","factor":8.0},"rope_parameters":{"full_attention":{"rope_type":"default","rope_theta":1e6}}}"#,
      [
        #""rope_scaling.rope_type" is "linear", but "rope_parameters.full_attention.rope_type" is "default":"#
          + #" "rope_scaling.rope_type""#
      ]
    ),
  ]

  @Test("names both keys and both values", arguments: remarks)
  func remark(name: String, json: String, remarks: [String]) throws {
    let definition = try #require(library.definition(named: name))
    let configuration = Configuration(try JSON(parsing: Array(json.utf8)))
    let found = definition.conflicts(in: configuration, try hyperparameters(configuration, definition))
    #expect(found == remarks.map { "config.json: \($0) counts, as in transformers" })
  }
}

extension RotaryScaling {
  /// Whether it is what these members of `rope_parameters` describe.
  fileprivate func isDescribed(by rope: JSON) -> Bool {
    let factor = rope["factor"]?.real, original = rope["original_max_position_embeddings"]?.integer
    return switch (rope["rope_type"]?.string, self) {
    case ("default", .none): true
    case ("linear", .linear(let own)), ("dynamic", .dynamic(let own, _)): own == factor
    case ("yarn", .yarn(let yarn)): yarn.factor == factor && yarn.originalContextLength == original
    case ("llama3", .llama3(let own, _, _, let length)): own == factor && length == original
    default: false
    }
  }
}
