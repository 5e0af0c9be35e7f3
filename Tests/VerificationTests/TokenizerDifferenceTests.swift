import Architectures
import Bytes
import Models
import TestSupport
import Testing
import Verification

/// Tokenizers that disagree fail a verification, even if the logits are equal.
@Suite("A tokenizer difference")
struct TokenizerDifferenceTests {
  private func findings(_ reference: String, _ candidate: String, text: String? = nil) throws -> [Finding] {
    let library = try ArchitectureLibrary.bundled()
    let (one, other) = (try Model.open(reference, library: library), try Model.open(candidate, library: library))
    return try text.map { try EvaluationTokens($0, reference: one, candidate: other).findings }
      ?? EvaluationTokens([1, 2], reference: one, candidate: other).findings
  }

  @Test(
    "the tokenizer of a correct conversion is the folder's",
    arguments: [
      ("llama-gqa", "llama-gqa-q8_0"), ("llama3-tied", "llama3-tied-q8_0"), ("yi", "yi-q8_0"),
      ("aquila", "aquila-q8_0"),
    ])
  func correct(name: String, file: String) throws {
    let found = try findings(Fixtures.path(name), Fixtures.path("expected", name, file + ".gguf"))
    #expect(found.filter { $0.severity == .error } == [])
  }

  @Test("is found for another BOS")
  func bos() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    try edited.replaceNumber("tokenizer.ggml.bos_token_id", UInt32(1), by: UInt32(2))
    #expect(
      try findings(CheckpointDiffTests.gqa, edited.path).map(\.message).first
        == "the bos token is 1 in the reference, 2 in the candidate")
    #expect(try findings(CheckpointDiffTests.gqa, edited.path).contains { $0.severity == .error })
  }

  @Test("is found for a BOS that one side adds")
  func addedBOS() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    try edited.replaceNumber("tokenizer.ggml.add_bos_token", true, by: false)
    let errors = try findings(CheckpointDiffTests.gqa, edited.path).filter { $0.severity == .error }
    #expect(errors.first?.message == "the bos token is added to a prompt by the reference, not by the candidate")
    // The probes show it without a prompt.
    #expect(errors.last?.message.hasPrefix("the tokenizers differ at token 0: 1 in the reference, ") == true)
    let text = try findings(CheckpointDiffTests.gqa, edited.path, text: "a").filter { $0.severity == .error }
    #expect(text.last?.subject.description == #"text "a""#)
  }

  @Test("is found for another EOS")
  func eos() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    try edited.replaceNumber("tokenizer.ggml.eos_token_id", UInt32(2), by: UInt32(3))
    let errors = try findings(CheckpointDiffTests.gqa, edited.path).filter { $0.severity == .error }
    #expect(errors.map(\.message) == ["the eos token is 2 in the reference, 3 in the candidate"])
  }

  @Test(
    "another name of the splitting rules is a fault where ids differ",
    arguments: [
      ("starcoder", Finding.Severity.error, #": "00" has 1 token in the reference, 2 in the candidate"#),
      ("falcon-h1", .note, "; their rules are the same"),
      ("something", .warning, #"; "something" is unknown, so its rules are not compared"#),
    ])
  func anotherPreTokenizer(name: String, severity: Finding.Severity, ending: String) throws {
    let edited = try EditedCheckpoint(Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf"))
    try edited.replace("llama-bpe", by: name)
    let found = try #require(
      try findings(Fixtures.path("llama3-tied"), edited.path).first { $0.message.contains("pre-tokenizer") })
    let names = #"the pre-tokenizer is "llama-bpe" in the reference, "\#(name)" in the candidate"#
    #expect(found.message.hasPrefix(names + ending), "\(found.message)")
    #expect(found.severity == severity)
  }

  @Test("does not report a flag that one side leaves out")
  func missingFlag() throws {
    // A LLaMA GGUF without the key adds BOS all the same.
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    try edited.replace("tokenizer.ggml.add_bos_token", by: "tokenizer.ggml.add_bos_tokem")
    #expect(try findings(CheckpointDiffTests.gqa, edited.path, text: "Hello").filter { $0.severity == .error } == [])
  }

  @Test("warns of a text that readers encode differently")
  func readerDifference() throws {
    let found = try findings(CheckpointDiffTests.gqa, CheckpointDiffTests.gqaQ8, text: " a")
    #expect(found.map(\.severity) == [.warning])
    #expect(found.first?.message.hasPrefix("transformers and llama.cpp encode it differently, at token ") == true)
  }

  @Test("is found for another merge")
  func merge() throws {
    let edited = try EditedCheckpoint(Fixtures.path("llama3-tied"))
    let merge = "\"merges\": [\n      [\n        \"h\","
    try edited.replace(merge, by: merge.replacing("h", with: "z"), in: "tokenizer.json")
    let errors = try findings(Fixtures.path("llama3-tied"), edited.path).filter { $0.severity == .error }
    #expect(errors.first?.message == #"merge 0 is "h e" in the reference, "z e" in the candidate"#, "\(errors)")
  }
}
