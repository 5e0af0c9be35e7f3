import Foundation
import TestSupport
import Testing

@Suite("Diff, check and hash")
struct CompareTests {
  @Test(
    "print",
    arguments: [
      Snapshot("help-diff", "diff", "--help"),
      Snapshot("help-check", "check", "--help"),
      Snapshot("help-hash", "hash", "--help"),
      Snapshot("diff-same", "diff", "fixtures/llama-gqa", "fixtures/llama-sharded"),
      Snapshot("diff-names", "diff", "fixtures/llama-gqa", "fixtures/meta/model.safetensors", "--all"),
      Snapshot("diff-quantized", "diff", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf"),
      Snapshot(
        "diff-budget", "diff", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--budget", "nmse=1e-4,cosine=0.999",
        "--filter", "*attention*"),
      Snapshot(
        "diff-json", "diff", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--json", "--budget", "auto",
        "--filter", "layer 0 *"),
      Snapshot("diff-others", "diff", "fixtures/yi", "fixtures/aquila"),
      Snapshot("error-budget", "diff", "fixtures/yi", "fixtures/yi", "--budget", "nmse"),
      Snapshot("check-yi", "check", "fixtures/yi"),
      Snapshot("check-json", "check", "fixtures/llama-bias", "--json"),
      Snapshot("check-unknown", "check", "fixtures/gguf/values.gguf"),
      Snapshot("hash-gguf", "hash", "fixtures/expected/yi/yi-q8_0.gguf"),
      Snapshot("hash-folder", "hash", "fixtures/llama-gqa", "--json"),
      Snapshot("hash-unknown", "hash", "fixtures/gguf/values.gguf"),
    ])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test("a renamed model has the digest of its source")
  func renaming() throws {
    let folder = TemporaryFolder()
    let converted = try Program.run(["convert", "fixtures/yi", "-o", folder.file("llama"), "--naming", "hf", "--quiet"])
    #expect(converted.status == 0)
    func digest(_ path: String) throws -> Substring? {
      try Program.run(["hash", path, "--no-tensors"]).output.split(separator: " ").first
    }
    #expect(try digest("fixtures/yi") == digest(folder.file("llama")))
  }

  @Test("convert --verify compares the output with the source")
  func verification() throws {
    let folder = TemporaryFolder()
    let run = try Program.run(["convert", "fixtures/yi", "-o", folder.file("a.gguf"), "--type", "Q5_1", "--verify"])
    #expect(run.status == 0)
    #expect(run.output.hasSuffix("elements: 23 different, 7 equal values\npassed\n"))
  }

  @Test("lists the hyperparameters of both sides with their keys, and those that a conversion changed")
  func numbers() throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      "$ingot convert \(Fixtures.path("llama3-tied")) -o a.gguf --verify; "
        + "$ingot meta set a.gguf llama.attention.layer_norm_rms_epsilon 1e-6 --quiet; "
        + "$ingot diff \(Fixtures.path("llama3-tied")) a.gguf --all", in: folder.path)
    let rows = run.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    let key = "llama.attention.layer_norm_rms_epsilon"
    #expect(rows.contains("norm_epsilon 1e-05 rms_norm_eps 1e-05 \(key) equal"))
    #expect(rows.contains("norm_epsilon 1e-05 rms_norm_eps 1e-06 \(key) different"))
    #expect(rows.contains("rotary_base 500000.0 rope_parameters.rope_theta 500000.0 llama.rope.freq_base equal"))
    #expect(rows.contains("ties_embeddings true tie_word_embeddings true (tensors) equal"))
    #expect(rows.contains(#"rotary_scaling.rope_type "llama3" "llama3" equal"#))
    #expect(run.status == 1)
  }

  @Test("a NaN fails a check")
  func notANumber() throws {
    let folder = TemporaryFolder()
    let original = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("llama-gqa/model.safetensors")))
    var bytes = Array(original)
    bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0xC0, 0x7F])
    let run = try Program.run(["check", try folder.write(bytes, to: "model.safetensors")])
    #expect(run.status == 1)
    #expect(run.output.contains("values.nan"))
    #expect(run.output.contains("has 1 NaN\n"))
    #expect(run.output.hasSuffix("failed\n"))
  }

  @Test(
    "a check finds what does not fit together",
    arguments: [
      ("config.json", "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", 0, "ties.differ"),
      ("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4", 1, "coverage"),
      ("config.json", "\"intermediate_size\": 160", "\"intermediate_size\": 161", 1, "coverage"),
      ("config.json", "\"bos_token_id\": 1", "\"bos_token_id\": 3", 0, "tokenizer.conflict"),
    ] as [(String, String, String, Int32, String)])
  func misfits(file: String, text: String, replacement: String, status: Int32, finding: String) throws {
    let folder = TemporaryFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: Fixtures.path("llama-gqa")) {
      try FileManager.default.copyItem(atPath: Fixtures.path("llama-gqa", name), toPath: folder.file(name))
    }
    let original = try String(contentsOfFile: folder.file(file), encoding: .utf8)
    try #require(original.contains(text))
    try original.replacingOccurrences(of: text, with: replacement)
      .write(toFile: folder.file(file), atomically: true, encoding: .utf8)
    let run = try Program.run(["check", folder.path])
    #expect(run.status == status)
    #expect(run.output.contains(finding))
  }
}
