import Architectures
import Bytes
import Formats
import TestSupport
import Tensors
import Testing
import Verification

/// Defects of metadata and side files that `check` finds, and what an edit of metadata adds.
@Suite("The check of headers")
struct HeaderCheckTests {
  static let byteLevel = Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf")
  static let pieces = Fixtures.path("expected", "llama-gqa", "llama-gqa-q8_0.gguf")

  /// A key of a GGUF, its new value (nil removes it), and a finding.
  struct Defect: CustomTestStringConvertible, Sendable {
    let file: String
    let key: String
    let value: String?
    var type: String?
    let severity: Finding.Severity
    let subject: String
    let message: String
    var testDescription: String { "\(key) = \(value ?? "absent")" }

    init(
      _ file: String, _ key: String, _ value: String?, type: String? = nil, _ severity: Finding.Severity,
      at subject: String? = nil, _ message: String
    ) {
      (self.file, self.key, self.value, self.type, self.severity) = (file, key, value, type, severity)
      (self.subject, self.message) = (subject ?? key, message)
    }
  }

  static let defects: [Defect] = [
    Defect(
      byteLevel, "tokenizer.ggml.pre", "foo", .error, at: "", #"pre-tokenizer "foo": is unknown, also to llama.cpp"#),
    Defect(
      byteLevel, "tokenizer.ggml.pre", "llama-bqe", .error, at: "",
      #"pre-tokenizer "llama-bqe": is unknown, also to llama.cpp (did you mean "llama-bpe"?)"#),
    Defect(
      byteLevel, "tokenizer.ggml.pre", "superbpe", .warning, at: "",
      #"pre-tokenizer "superbpe": is known to llama.cpp, but not to ingot, so text cannot be encoded here"#),
    Defect(
      byteLevel, "tokenizer.ggml.merges", nil, .error, at: "",
      "PATH: metadata: has no merges for its 512 tokens, expected one or more (fetch the model's original file)"),
    Defect(
      byteLevel, "tokenizer.ggml.token_type", nil, .warning, "is missing, so special tokens count as text"),
    Defect(
      byteLevel, "tokenizer.ggml.token_type", "[1,1]", .error, at: "",
      #"PATH: metadata key "tokenizer.ggml.token_type": has 2 elements but the vocabulary has 512 tokens"#),
    Defect(
      pieces, "tokenizer.ggml.scores", nil, .warning, "is missing, so no piece comes before another"),
    Defect(
      pieces, "tokenizer.ggml.scores", "[1.5]", .error, at: "",
      #"PATH: metadata key "tokenizer.ggml.scores": has 1 element but the vocabulary has 512 tokens"#),
    Defect(
      pieces, "tokenizer.ggml.eos_token_id", "32000", .error, at: "",
      "eos token: id 32000 in tokenizer.ggml.eos_token_id is none of the 512 tokens of the vocabulary"),
    Defect(
      pieces, "tokenizer.ggml.bos_token_id", "512", .error, at: "",
      "bos token: id 512 in tokenizer.ggml.bos_token_id is none of the 512 tokens of the vocabulary"),
    Defect(
      pieces, "tokenizer.ggml.mask_token_id", "512", .warning, at: "",
      "mask token: id 512 in tokenizer.ggml.mask_token_id is none of the 512 tokens of the vocabulary"),
    Defect(
      pieces, "tokenizer.ggml.cls_token_id", "600", .error, at: "",
      "cls token: id 600 in tokenizer.ggml.cls_token_id is none of the 512 tokens of the vocabulary"),
    Defect(
      pieces, "tokenizer.ggml.model", "wordlevel", .error, at: "",
      #"PATH: metadata: a tokenizer of model "wordlevel" is not supported, expected "llama", "gemma4", "gpt2","#
        + #" "bert" or "t5""#),
    Defect(pieces, "llama.rope.freq_base", "0", .error, "rotary_base is 0.0, which is out of range"),
    Defect(pieces, "llama.rope.freq_base", "-1", .error, "rotary_base is -1.0, which is out of range"),
    Defect(pieces, "llama.rope.freq_base", "nan", .error, "rotary_base is nan, which is out of range"),
    Defect(pieces, "llama.rope.freq_base", "1", .warning, "rotary_base is 1.0, expected 10.0 or more"),
    Defect(
      pieces, "llama.rope.dimension_count", "6", .error, at: "rotary_dimension_count",
      "rotary_dimension_count is 6, but a head has 8 elements"),
    Defect(
      pieces, "llama.rope.dimension_count", "16", .error, at: "rotary_dimension_count",
      "rotary_dimension_count is 16, but a head has 8 elements"),
    Defect(
      pieces, "llama.attention.layer_norm_rms_epsilon", "0", .error, "norm_epsilon is 0.0, which is out of range"),
    Defect(
      pieces, "llama.attention.layer_norm_rms_epsilon", "0.5", .warning, "norm_epsilon is 0.5, expected at most 0.01"),
    Defect(pieces, "llama.context_length", "0", .error, "context_length is 0, expected at least 1"),
    Defect(pieces, "llama.context_length", nil, .error, "is missing, and llama.cpp loads no model without it"),
    Defect(
      pieces, "llama.attention.head_count_kv", "3", .error, at: "head_count",
      "head_count 8 is not a multiple of key_value_head_count 3"),
    Defect(
      pieces, "general.architecture", "qwen2", .error,
      #"is "qwen2", but the hyperparameters are those of "llama.""#),
    Defect(pieces, "general.file_type", "1", .warning, "is 1 (F16), but most of the matrices are Q8_0"),
    Defect(pieces, "general.file_type", "15", .warning, "is 15 (Q4_K_M), but most of the matrices are Q8_0"),
    Defect(pieces, "general.file_type", "999", .warning, "is 999, which is not a known file type"),
    Defect(
      pieces, "tokenizer.chat_template", "{% for a in b %}", .error, at: "",
      "chat template: line 1: {% for %} has no {% endfor %}"),
    Defect(
      pieces, "tokenizer.chat_template.tool_use", "{{ a", .error, at: "",
      #"chat template "tool_use": line 1: {{ is not closed"#),
    Defect(pieces, "llama.rope.freq_base", "10000", type: "u32", .error, "is of type u32, and llama.cpp reads f32"),
    Defect(
      pieces, "llama.context_length", "x", type: "string", .error, at: "architecture",
      #"PATH: key "llama.context_length" is "x", expected a whole number"#),
    Defect(
      pieces, "llama.attention.layer_norm_rms_epsilon", nil, .error,
      "is missing, and llama.cpp loads no model without it"),
    Defect(pieces, "llama.expert_used_count", "2", type: "u32", .error, "is 2, but the model has no experts"),
    Defect(pieces, "llama.rope.scaling.factor", "nan", type: "f32", .error, "is nan, expected a number above 0"),
    Defect(pieces, "llama.attention.value_length", "16", .error, "is 16 in PATH, but the other keys imply 8"),
    Defect(
      pieces, "general.architecture", nil, .error, at: "architecture",
      "PATH: has no general.architecture, so its tensors cannot be interpreted"),
    Defect(
      pieces, "tokenizer.ggml.model", nil, .error,
      #"is missing, and llama.cpp loads no model without it ("none" means no tokenizer)"#),
    Defect(byteLevel, "tokenizer.ggml.merges", "[]", .warning, "is empty, so every byte is a token"),
    Defect(
      byteLevel, "tokenizer.ggml.merges", #"["a"]"#, .error, #"merge 0, "a", does not make a token"#),
    Defect(
      byteLevel, "tokenizer.ggml.merges", #"["zz yy"]"#, .error, #"merge 0, "zz yy", does not make a token"#),
    Defect(
      byteLevel, "tokenizer.ggml.eos_token_id", nil, .warning, "is missing, and llama.cpp ends a text with token 11"),
    Defect(pieces, "tokenizer.chat_template", "5", type: "u32", .error, "is 5, expected a string"),
    Defect(
      pieces, "general.file_type", "x", type: "string", .error, "is of type string, and llama.cpp reads u32"),
    Defect(
      byteLevel, "tokenizer.ggml.add_eos_token", "true", .warning,
      "is true, but no key names the token, and llama.cpp adds token 11"),
  ]

  /// A copy of the defect's file, edited.
  private func planted(_ defect: Defect, in folder: TemporaryFolder) throws -> String {
    let path = folder.file("m.gguf")
    var editor = try MetadataEditor(defect.file)
    if defect.key == "tokenizer.ggml.add_eos_token" { _ = try? editor.remove("tokenizer.ggml.eos_token_id") }
    if let value = defect.value {
      _ = try editor.set(defect.key, to: value, type: defect.type)
    } else {
      _ = try editor.remove(defect.key)
    }
    try editor.save(to: path, overwrite: .replace)
    return path
  }

  @Test("finds", arguments: defects)
  func finds(defect: Defect) throws {
    let folder = TemporaryFolder()
    let path = try planted(defect, in: folder)
    let check = try CheckpointCheck.check(path, library: .bundled(), threads: 2)
    let subject = defect.subject.isEmpty ? path : defect.subject
    let message = defect.message.replacing("PATH", with: path)
    #expect(
      check.findings.contains {
        $0.severity == defect.severity && ($0.subject.description == subject || defect.subject == "head_count")
          && $0.message == message
      }, "\(check.findings.map { "\($0.severity) \($0)" })")
  }

  @Test("names the same problems before an edit", arguments: defects)
  func editing(defect: Defect) throws {
    var editor = try MetadataEditor(defect.file)
    let before = editor.metadata
    if let value = defect.value {
      _ = try editor.set(defect.key, to: value, type: defect.type)
    } else {
      _ = try editor.remove(defect.key)
    }
    // In this one the token has to go as well.
    guard defect.key != "tokenizer.ggml.add_eos_token" else { return }
    let library = try ArchitectureLibrary.bundled()
    let new = try MetadataEditCheck.newFindings(defect.file, from: before, to: editor.metadata, library: library)
    #expect(new.contains { $0.severity == defect.severity }, "\(new)")
    // An edit that mends something is none.
    let folder = TemporaryFolder()
    let mended = try MetadataEditCheck.newFindings(
      planted(defect, in: folder), from: editor.metadata, to: before, library: library)
    #expect(mended.isEmpty, "\(mended)")
  }

  @Test("finds no fault in the reference's files", arguments: [byteLevel, pieces])
  func noFalseAlarm(path: String) throws {
    let check = try CheckpointCheck.check(path, library: .bundled(), threads: 2)
    #expect(check.findings.isEmpty, "\(check.findings)")
  }

  @Test("finds two tokens of the same text")
  func duplicates() throws {
    let folder = TemporaryFolder()
    var editor = try MetadataEditor(Self.pieces)
    var tokens = try #require(editor.metadata["tokenizer.ggml.tokens"]?.strings).map {
      String(decoding: $0, as: UTF8.self)
    }
    tokens[300] = tokens[200]
    guard case .gguf(var gguf) = editor else { return }
    gguf.metadata["tokenizer.ggml.tokens"] = .array(.string(PackedStrings(tokens)))
    editor = .gguf(gguf)
    try editor.save(to: folder.file("m.gguf"), overwrite: .refuse)
    let check = try CheckpointCheck.check(folder.file("m.gguf"), library: .bundled(), threads: 2)
    #expect(
      check.findings.map(\.message).contains { $0.hasPrefix("tokens 200 and 300 are both ") }, "\(check.findings)")
  }

  @Test("finds a vocabulary that is shorter than the embedding of its GGUF")
  func size() throws {
    let folder = TemporaryFolder()
    var editor = try MetadataEditor(Self.pieces)
    guard case .gguf(var gguf) = editor else { return }
    let tokens = try #require(gguf.metadata["tokenizer.ggml.tokens"]?.strings).map {
      String(decoding: $0, as: UTF8.self)
    }
    gguf.metadata["tokenizer.ggml.tokens"] = .array(.string(PackedStrings(tokens.dropLast(2))))
    for key in ["tokenizer.ggml.scores", "tokenizer.ggml.token_type"] { gguf.metadata[key] = nil }
    editor = .gguf(gguf)
    try editor.save(to: folder.file("m.gguf"), overwrite: .refuse)
    let check = try CheckpointCheck.check(folder.file("m.gguf"), library: .bundled(), threads: 2)
    #expect(
      check.findings.contains {
        $0.severity == .error && $0.message == "the tokenizer has 510 tokens, the token embedding 512 rows"
      }, "\(check.findings)")
  }

  @Test(
    "finds faults of a folder",
    arguments: [
      ("config.json", #""rope_theta": 10000.0"#, #""rope_theta": 0.0"#, "rotary_base is 0.0, which is out of range"),
      ("config.json", #""max_position_embeddings": "#, #""max_position_embeddings": -"#, "max_position_embeddings"),
      (
        "config.json", #""eos_token_id": 2"#, #""eos_token_id": 2000"#,
        "eos token: id 2000 in config.json is none of the"
      ),
      (
        "config.json", #""eos_token_id": 2"#, #""eos_token_id": [2, 999]"#,
        "eos token: id 999 in config.json is none of"
      ),
      (
        "generation_config.json", #""eos_token_id": 2"#, #""eos_token_id": 777"#,
        "eos token: id 777 in generation_config"
      ),
      ("config.json", #""num_key_value_heads": 2"#, #""num_key_value_heads": 3"#, "is not a multiple of"),
    ])
  func folders(file: String, old: String, new: String, message: String) throws {
    let folder = TemporaryFolder()
    for name in try FileSystem.list(Fixtures.path("llama-gqa")) {
      var bytes = try InputLocation.openFile(Fixtures.path("llama-gqa", name)).wholeContent(limit: 1 << 26)
      if name == file {
        let text = String(decoding: bytes, as: UTF8.self)
        try #require(text.contains(old), "\(text)")
        bytes = Array(text.replacing(old, with: new).utf8)
      }
      try folder.write(bytes, to: name)
    }
    let check = try CheckpointCheck.check(folder.path, library: .bundled(), threads: 2)
    #expect(check.findings.contains { $0.severity == .error && $0.message.contains(message) }, "\(check.findings)")
  }
}
