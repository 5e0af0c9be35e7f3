import Architectures
import Bytes
import Foundation
import Models
import Quantization
import TestSupport
import Testing
import Tokenization
import Verification

/// What differs beside the weights: configuration, special tokens, templates and metadata, in folders and GGUFs.
@Suite("Settings of a model") struct SettingsTests {
  private static let tied = Fixtures.path("llama3-tied")
  private static let tiedQ8 = Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf")

  private static func errors(_ reference: String, _ candidate: String) throws -> [String] {
    let diff = try CheckpointDiffTests.compare(reference, candidate, .byFormat)
    return diff.findings.filter { $0.severity == .error }.map(\.description)
  }

  /// A change of one file of a folder, and the first error that follows.
  static let folderFaults: [(file: String, text: String, other: String, error: String)] = [
    (
      "config.json", "\"eos_token_id\": [\n    501", "\"eos_token_id\": [\n    502",
      "config.json: eos_token_id: is 501 and 505 and 506 in the reference, 502 and 505 and 506 in the candidate"
    ),
    (
      "generation_config.json", "506", "507",
      "generation_config.json: eos_token_id: is 501 and 505 and 506 in the reference, 501 and 505 and 507 in the"
        + " candidate"
    ),
    (
      "config.json", "\"bos_token_id\": 500", "\"bos_token_id\": 400",
      "config.json: bos_token_id: is 500 in the reference, 400 in the candidate"
    ),
    (
      "generation_config.json", "\"do_sample\": true ", "\"do_sample\": false",
      "generation_config.json: do_sample: is true in the reference, false in the candidate"
    ),
    ("chat_template.jinja", "assistant", "Assistant", "tokenizer: the chat template differs from line "),
    ("config.json", "\"factor\": 4.0", "\"factor\": 8.0", "rotary_scaling.factor: is 4.0 in the reference, 8.0 in the"),
  ]

  @Test("differ in a folder", arguments: folderFaults.indices)
  func folders(index: Int) throws {
    let fault = Self.folderFaults[index]
    let edited = try EditedCheckpoint(Self.tied)
    if fault.text.hasPrefix("\"do_sample\"") {
      try edited.rewrite("generation_config.json") { $0.replacing("\"do_sample\": true", with: "\"do_sample\": false") }
    } else {
      try edited.replace(fault.text, by: fault.other, in: fault.file)
    }
    let errors = try Self.errors(Self.tied, edited.path)
    #expect(errors.contains { $0.hasPrefix(fault.error) }, "\(errors)")
    // Limits on values that a user gives leave other differences as warnings.
    let budget = try Budget(parsing: "nmse=1", metrics: Budget.Metric.ofTensors)
    let allowed = try CheckpointDiffTests.compare(Self.tied, edited.path, .budget(budget))
    #expect(allowed.findings.contains { $0.description.hasPrefix(fault.error) })
    #expect(allowed.passes == !fault.error.hasPrefix("rotary"), "\(allowed.findings)")
    let verification = try DiagnosedTensorsTests.verify(Self.tied, edited.path)
    #expect(!verification.passes || fault.file == "chat_template.jinja")
  }

  @Test("that config.json states twice are warnings, where both sides compute the same")
  func conflicts() throws {
    let edited = try EditedCheckpoint(Self.tied)
    try edited.rewrite("config.json") {
      $0.replacing("\"bos_token_id\": 500", with: "\"rope_theta\": 77.0, \"bos_token_id\": 500")
    }
    func isConflict(_ finding: Finding) -> Bool {
      finding.severity == .warning && finding.message.contains("rope_theta") && finding.message.contains("77")
    }
    let diff = try CheckpointDiffTests.compare(Self.tied, edited.path, .byFormat)
    #expect(diff.passes && diff.findings.count(where: isConflict) == 1, "\(diff.findings)")
    let verification = try DiagnosedTensorsTests.verify(Self.tied, edited.path)
    #expect(verification.passes && verification.findings.count(where: isConflict) == 1, "\(verification.findings)")
  }

  @Test("that a folder leaves out are faults if they were needed")
  func missing() throws {
    let edited = try EditedCheckpoint(Self.tied)
    for name in ["tokenizer.json", "chat_template.jinja"] { try edited.delete(name) }
    #expect(try Self.errors(Self.tied, edited.path) == ["tokenizer: is not compared: \(edited.path) has none"])
    // The other way round, nothing is lost.
    #expect(try Self.errors(edited.path, Self.tied) == [])
  }

  @Test("that change nothing are notes, in folders")
  func idle() throws {
    let edited = try EditedCheckpoint(Self.tied)
    try edited.rewrite("config.json") {
      $0.replacing("\"pad_token_id\": null", with: "\"pad_token_id\": null, \"novelty\": 3")
        .replacing("\"use_cache\": true", with: "\"use_cache\": false")
        .replacing("\"transformers_version\": \"", with: "\"transformers_version\": \"9")
    }
    let diff = try CheckpointDiffTests.compare(Self.tied, edited.path)
    #expect(diff.passes && !diff.findings.contains { $0.severity != .note }, "\(diff.findings)")
    #expect(
      diff.findings.map(\.description).contains { $0.hasPrefix("config.json: novelty: is in the candidate only") })
  }

  @Test("differ between GGUFs")
  func ggufs() throws {
    let faults: [(EditedCheckpoint) throws -> Void] = [
      { try $0.replaceNumber("tokenizer.ggml.eos_token_id", UInt32(506), by: UInt32(501)) },
      { try $0.replace("{{- bos_token", by: "{#- bos_token") },
      { try $0.replaceNumber("llama.rope.freq_base", Float(500_000), by: Float(10_000)) },
    ]
    for fault in faults {
      let edited = try EditedCheckpoint(Self.tiedQ8)
      try fault(edited)
      #expect(try !Self.errors(Self.tiedQ8, edited.path).isEmpty)
    }
  }

  @Test("of a correct conversion are the same", arguments: ["llama-gqa", "llama3-tied", "yi", "aquila"])
  func correct(name: String) throws {
    #expect(try Self.errors(Fixtures.path(name), Fixtures.path("expected", name, "\(name)-q8_0.gguf")) == [])
  }

  @Test("include how a token is found in text")
  func tokenTypes() throws {
    let edited = try EditedCheckpoint(Self.tiedQ8)
    try edited.editElements("tokenizer.ggml.token_type", [(300, TokenType.userDefined.rawValue)])
    #expect(
      try Self.errors(Self.tiedQ8, edited.path).first
        == "tokenizer: token 300 is a piece of text in the reference, an added token in the candidate")
    // Whether a piece is unused or normal changes nothing that is found.
    try edited.editElements("tokenizer.ggml.token_type", [(300, TokenType.unused.rawValue)])
    #expect(try Self.errors(Self.tiedQ8, edited.path) == [])
  }

  @Test("include scores of SentencePiece by their order alone")
  func scores() throws {
    let path = CheckpointDiffTests.gqaQ8
    let vocabulary = try #require(Model.open(path, library: .bundled()).vocabulary()?.vocabulary)
    let edited = try EditedCheckpoint(path)
    let normal = vocabulary.tokens.indices.filter { vocabulary.types[$0] == .normal }
    try edited.editElements("tokenizer.ggml.scores", normal.map { ($0, vocabulary.scores[$0] * 2) })
    let diff = try CheckpointDiffTests.compare(path, edited.path)
    #expect(diff.passes, "\(diff.findings)")
    #expect(diff.findings.contains { $0.message.hasSuffix(", and the order of all scores is the same") })
    try edited.editElements("tokenizer.ggml.scores", [(300, Float(1))])
    #expect(try !CheckpointDiffTests.compare(path, edited.path).passes)
  }

  @Test("in metadata that describe a file are notes; unknown ones are warnings")
  func metadata() throws {
    let edited = try EditedCheckpoint(Self.tiedQ8)
    try edited.replace("general.name", by: "general.nome")
    let diff = try CheckpointDiffTests.compare(Self.tiedQ8, edited.path)
    let severities = diff.findings.filter { $0.check == "diff.metadata" }.map { "\($0.severity) \($0.subject)" }
    #expect(severities.contains("note general.name") && severities.contains("warning general.nome"), "\(severities)")
    #expect(diff.passes)
  }
}

extension EditedCheckpoint {
  /// Changes the text of a file of the folder.
  fileprivate func rewrite(_ name: String, _ change: (String) -> String) throws {
    let file = path + "/" + name
    let text = String(decoding: try LocalFile(file).wholeContent(limit: 1 << 20), as: UTF8.self)
    let changed = change(text)
    guard changed != text else { throw NotFound(what: name) }
    try AtomicFile.write(Array(changed.utf8), to: file, overwrite: .replace)
  }

  /// Sets elements of an array of four-byte numbers in the metadata of a GGUF.
  fileprivate func editElements<Number>(_ key: String, _ elements: [(index: Int, value: Number)]) throws {
    var bytes = try LocalFile(path).wholeContent(limit: 1 << 26)
    let sought = Array(key.utf8)
    guard let start = (0..<bytes.count - sought.count).first(where: { bytes[$0...].starts(with: sought) })
    else { throw NotFound(what: key) }
    // The key is followed by the type of the value, that of its elements, and their number.
    let array = start + sought.count + 16
    for (index, value) in elements {
      let element = array + 4 * index
      bytes.replaceSubrange(element..<element + 4, with: withUnsafeBytes(of: value, Array.init))
    }
    try AtomicFile.write(bytes, to: path, overwrite: .replace)
  }

  fileprivate func delete(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
}
