import Architectures
import Bytes
import Models
import TestSupport
import Testing

/// What is said of config.json and params.json when a model is opened.
@Suite("Remarks on configurations")
struct ConfigurationRemarkTests {
  /// A model of files in memory: those of a fixture, changed or added.
  private func model(_ fixture: String, _ files: [String: String]) throws -> Model {
    var contents: [String: [UInt8]] = [:]
    for name in try FileSystem.list(Fixtures.path(fixture)) {
      contents[name] = try LocalFile(Fixtures.path(fixture, name)).wholeContent(limit: 1 << 24)
    }
    for (name, text) in files { contents[name] = Array(text.utf8) }
    return try Model.open(
      InputLocation(folder: MemoryTree(path: "/nowhere", contents)), library: .bundled())
  }

  /// config.json of `llama-gqa` with other members.
  private func config(_ changes: KeyValuePairs<String, JSON?>) throws -> String {
    var members = try #require(try Fixtures.json("llama-gqa", "config.json").object)
    for (key, value) in changes { members[ExactString(key)] = value }
    return JSON.object(members).text(.compact)
  }

  @Test("are none for a plain folder")
  func none() throws {
    #expect(try model("llama-gqa", [:]).warnings.isEmpty)
  }

  @Test("warn of contradictions and unread members")
  func warnings() throws {
    let text = try config([
      "rope_parameters": .members(["rope_theta": .real(5e5)]), "rope_theta": .real(1e4), "use_qk_norm": .bool(true),
    ])
    let read = try model("llama-gqa", ["config.json": "\u{FEFF}" + text])
    #expect(read.hyperparameters.real("rotary_base") == 5e5)
    #expect(read.origin(of: "rotary_base") == .member("rope_parameters.rope_theta"))
    #expect(
      read.warnings == [
        "config.json: begins with a byte-order mark, which was skipped",
        "config.json: \"rope_parameters.rope_theta\" is 500000.0, but \"rope_theta\" is 10000.0:"
          + " \"rope_parameters.rope_theta\" counts, as in transformers",
        "config.json: \"use_qk_norm\" is true: not taken into account, though the computation may depend on it",
      ])
  }

  @Test("say that a context is assumed")
  func assumedContext() throws {
    let silent = try config(["max_position_embeddings": nil])
    let words = "config.json states no context length: 2,048 is assumed, the default of transformers"
    let alone = try model("llama-gqa", ["config.json": silent, "tokenizer_config.json": "{}"])
    #expect(alone.warnings.isEmpty && alone.remarks.contains(words))
    let other = #"{"model_max_length":4096}"#
    let stated = try model("llama-gqa", ["config.json": silent, "tokenizer_config.json": other])
    #expect(stated.warnings == [words + ", but tokenizer_config.json states \"model_max_length\" 4,096"])
    // What a tokenizer without a limit states.
    let huge = #"{"model_max_length":1000000000000000019884624838656}"#
    #expect(try model("llama-gqa", ["config.json": silent, "tokenizer_config.json": huge]).warnings.isEmpty)
  }

  @Test("say that a context is assumed for params.json")
  func assumedContextOfMeta() throws {
    let words = "params.json states no context length: 2,048 is assumed"
    #expect(try model("meta", [:]).warnings == [words])
    let stated = try model("meta", ["tokenizer_config.json": #"{"model_max_length":8192}"#])
    #expect(stated.warnings == [words + ", but tokenizer_config.json states \"model_max_length\" 8,192"])
    var members = try #require(try Fixtures.json("meta", "params.json").object)
    members["max_seq_len"] = .integer(512)
    let own = try model("meta", ["params.json": JSON.object(members).text()])
    #expect(own.warnings.isEmpty && own.hyperparameters.integer("context_length") == 512)
  }

  @Test("are none where params.json states its scaling")
  func scalingOfMeta() throws {
    var members = try #require(try Fixtures.json("meta", "params.json").object)
    members["use_scaled_rope"] = .bool(true)
    members["rope_scaling_factor"] = .integer(8)
    members["max_seq_len"] = .integer(512)
    let read = try model("meta", ["params.json": JSON.object(members).text()])
    #expect(read.warnings.isEmpty)
    #expect(
      read.hyperparameters.rotaryScaling
        == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192))
  }

  @Test("says that no architecture is named", arguments: [#"{"dim":8}"#, #"{"architectures":[],"model_type":""}"#])
  func noArchitecture(text: String) throws {
    #expect { try model("meta", ["config.json": text]) } throws: {
      "\($0)"
        == "/nowhere: config.json names no architecture: it has neither \"architectures\" with an entry nor \"model_type\""
        + " (pass --arch-as NAME if it is one of those that ingot architectures lists)"
    }
  }
}
