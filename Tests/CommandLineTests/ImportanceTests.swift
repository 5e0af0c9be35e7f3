import Bytes
import Foundation
import Models
import TestSupport
import Testing

/// Quantizing with and without importance matrices against llama-quantize, whole files, by the program itself.
@Suite("Quantizing by names") struct ImportanceTests {
  private let folder = TemporaryFolder()

  private static let expected = (try? Fixtures.json("imatrix", "expected.json")) ?? .null

  /// One run of llama-quantize.
  struct Case: CustomTestStringConvertible, Sendable {
    let model: String, recipe: String, flags: [String], digest: String
    var testDescription: String { ([model, recipe] + flags).joined(separator: " ") }
  }

  static let cases = (expected["files"]?.array ?? []).map { item in
    Case(
      model: item["model"]?.string ?? "", recipe: item["recipe"]?.string ?? "",
      flags: item["flags"]?.array?.compactMap(\.string) ?? [], digest: item["sha256"]?.string ?? "")
  }

  @Test("gives the file of llama-quantize", arguments: cases)
  func wholeFile(item: Case) throws {
    try prepare(item.model)
    let run = try Program.run(
      ["quantize"] + item.flags + ["\(item.model).gguf", "out.gguf", item.recipe, "2", "--quiet"], in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    #expect(try digest("out.gguf") == item.digest)
  }

  @Test(
    "shows an importance matrix",
    arguments: [
      Snapshot("help-imatrix-show", "imatrix", "show", "--help"),
      Snapshot("imatrix-show", "imatrix", "show", "fixtures/imatrix/shared.gguf.imatrix"),
      Snapshot("help-imatrix", "imatrix", "--help"),
      Snapshot("help-imatrix-measure", "imatrix", "measure", "--help"),
      Snapshot(
        "error-imatrix-short", "imatrix", "fixtures/yi", "--file", "fixtures/yi/config.json", "--context", "2048", "-o",
        "/nonexistent.gguf"),
    ])
  func show(snapshot: Snapshot) throws { try snapshot.check() }

  @Test("compares an importance matrix with a model")
  func compare() throws {
    try prepare("mixtral")
    let fitting = try Program.run(["imatrix", "show", "mixtral.gguf.imatrix", "mixtral.gguf"], in: folder.path)
    #expect(fitting.status == 0)
    #expect(fitting.output.contains("covers             14 of 14 matrices of its layers\n"), "\(fitting.output)")
    let other = try Program.run(["imatrix", "show", "dense.dat", "mixtral.gguf"], in: folder.path)
    #expect(other.status == 1)
    #expect(other.output.contains("\"blk.0.ffn_up_exps.weight\" has no entry, so its columns are weighted equally\n"))
    #expect(other.output.contains("(--json lists all)\n"), "\(other.output)")
  }

  @Test("measures an importance matrix for quantize, and replaces files only if allowed")
  func measure() throws {
    let output = folder.file("measured.dat")
    let arguments = [
      "imatrix", "fixtures/yi", "--file", "fixtures/aquila/README.md", "--context", "32", "--chunks", "2", "-o", output,
    ]
    let run = try Program.run(arguments)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("chunks             2\n"), "\(run.output)")
    #expect(run.output.contains("covers             21 of 21 matrices of its layers\n"))
    #expect(try Program.run(arguments).status == 3)
    let plan = try Program.run(
      ["convert", "fixtures/yi", "-o", folder.file("out.gguf"), "--type", "F32"])
    #expect(plan.status == 0, "\(plan.error)")
    let quantized = try Program.run(
      ["quantize", "--imatrix", output, folder.file("out.gguf"), folder.file("q.gguf"), "Q4_0", "--dry-run"])
    #expect(quantized.status == 0, "\(quantized.error)")
  }

  @Test("keeps the split of a set")
  func split() throws {
    try prepare("dense")
    let parts = try SeededGGUF(importanceModel: try #require(Self.expected["models"]?["dense"]))
      .write(inShardsOf: 20, to: folder, stem: "part")
    let run = try Program.run(
      [
        "quantize", "--keep-split", "--imatrix", "dense.dat", parts[0], "kept.gguf", "Q4_K_M", "2", "--verify",
        "--quiet",
      ],
      in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    let files = try #require(Self.expected["split"]?["files"]?.object)
    #expect(folder.names.filter { $0.hasPrefix("kept") } == files.keys.map(\.text).sorted())
    for (name, sha256) in files { #expect(try digest(name.text) == sha256.string) }
  }

  @Test(
    "refuses",
    arguments: [
      (
        ["--imatrix", "dense.dat", "--exclude-weights", "nothing"], 64, "--exclude-weights \"nothing\" matches no entry"
      ),
      (["--include-weights", "a"], 64, "choose from an importance matrix (pass --imatrix)"),
      (["--imatrix", "types.txt"], 2, "types.txt: "),
      (["--prune-layers", "9"], 64, "--prune-layers names layer 9, which the model does not have"),
      (["--prune-layers", "0,1,2,3,4"], 64, "--prune-layers names every layer"),
      (["--override-kv", "llama.context_length=int:-1"], 64, "'--override-kv"),
      (["--override-kv", "a=str:" + String(repeating: "x", count: 128)], 64, "'--override-kv"),
      (["--imatrix", "dense.dat", "--tensor-type", "nothing=q8_0"], 64, "matches no tensor"),
    ] as [([String], Int32, String)])
  func refusals(flags: [String], status: Int32, message: String) throws {
    try prepare("dense")
    let run = try Program.run(["quantize"] + flags + ["dense.gguf", "out.gguf", "Q8_0"], in: folder.path)
    #expect(run.status == status)
    #expect(run.error.contains(message), "\(run.error)")
    #expect(!folder.names.contains("out.gguf"))
  }

  @Test("refuses what llama-quantize refuses without an importance matrix, and plans it with a warning")
  func needed() throws {
    try prepare("dense")
    let message = "tensor \"blk.0.attn_k.weight\": becomes Q2_K, which needs an importance matrix (pass --imatrix FILE)"
    let run = try Program.run(["quantize", "dense.gguf", "out.gguf", "Q2_K_S"], in: folder.path)
    #expect(run.status == 64)
    #expect(run.error.contains("dense.gguf: \(message), and so "), "\(run.error)")
    let plan = try Program.run(["quantize", "dense.gguf", "out.gguf", "Q2_K_S", "--dry-run"], in: folder.path)
    #expect(plan.status == 0)
    #expect(plan.output.contains("warning: \(message)\n"))
    let part = try Program.run(
      ["quantize", "--imatrix", "dense.dat", "--exclude-weights", "blk.0.attn_k", "dense.gguf", "out.gguf", "Q2_K_S"],
      in: folder.path)
    #expect(part.status == 64)
    #expect(part.error.contains("which needs an importance matrix, and the one given has no entry for it"))
  }

  @Test("counts an entry of zeros as none, and refuses it where a format needs one")
  func zeroEntry() throws {
    try prepare("dense")
    // The values of one entry of the legacy container: after its name, the passes and the number of values.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("dense.dat")))
    let name = try #require(bytes.range(of: Data("blk.0.ffn_up.weight".utf8)))
    let count = bytes[(name.upperBound + 4)..<(name.upperBound + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
    let values = name.upperBound + 8..<name.upperBound + 8 + 4 * count
    bytes.replaceSubrange(values, with: Data(count: values.count))
    try folder.write(Array(bytes), to: "zero.dat")
    let run = try Program.run(
      ["quantize", "--imatrix", "zero.dat", "dense.gguf", "out.gguf", "Q4_0", "2"], in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    #expect(
      run.output.contains("warning: imatrix entry has only zeros and counts as none for \"blk.0.ffn_up.weight\""),
      "\(run.output)")
    #expect(!run.output.contains("most of the values are lost"))
    // The same as without the entry.
    let without = try Program.run(
      [
        "quantize", "--imatrix", "dense.dat", "--exclude-weights", "blk.0.ffn_up", "dense.gguf", "other.gguf", "Q4_0",
        "2",
      ], in: folder.path)
    #expect(without.status == 0, "\(without.error)")
    #expect(try Program.run(["diff", "out.gguf", "other.gguf", "--quiet"], in: folder.path).status == 0)
    let refused = try Program.run(
      ["quantize", "--imatrix", "zero.dat", "dense.gguf", "low.gguf", "Q2_K_S"], in: folder.path)
    #expect(refused.status == 64)
    let gap = "and its entry in the one given has only zeros (measure on more text)"
    #expect(refused.error.contains("\"blk.0.ffn_up.weight\": becomes Q2_K, which needs an importance matrix, \(gap)"))
    let shown = try Program.run(["imatrix", "show", "zero.dat", "dense.gguf"], in: folder.path)
    #expect(shown.status == 1 && shown.output.contains("has only zeros, so its columns are weighted equally"))
  }

  @Test("says what an importance matrix lacks")
  func gaps() throws {
    try prepare("mixtral")
    let run = try Program.run(
      [
        "quantize", "--imatrix", "mixtral.gguf.imatrix", "--exclude-weights", "attn_q", "mixtral.gguf", "out.gguf",
        "Q4_K_M",
        "--dry-run",
      ], in: folder.path)
    #expect(run.status == 0)
    let first = "no imatrix entry for 2 tensors (first:"
    #expect(
      run.output.contains("warning: \(first) \"blk.0.attn_q.weight\"); all columns are weighted equally\n"),
      "\(run.output)")
    let second = "imatrix: some experts were never used, so their columns are weighted equally, in 2 tensors"
    #expect(run.output.contains("warning: \(second) (first: \"blk.0.ffn_down_exps.weight\")\n"))
    let wrong = try Program.run(
      ["quantize", "--imatrix", "dense.dat", "mixtral.gguf", "out.gguf", "Q4_K_M", "--dry-run"], in: folder.path)
    #expect(wrong.status == 0)
    #expect(wrong.output.contains("imatrix entries without a tensor in this model: "))
  }

  /// The models, made once.
  private static let models: [String: [UInt8]] = (expected["models"]?.object ?? [:]).reduce(into: [:]) { models, item in
    models[item.key.text] = try? SeededGGUF(importanceModel: item.value).bytes()
  }

  /// Puts a model and the files of the fixture into the folder.
  private func prepare(_ name: String) throws {
    try folder.write(try #require(Self.models[name]), to: "\(name).gguf")
    #expect(try digest("\(name).gguf") == Self.expected["models"]?[name]?["sha256"]?.string)
    for file in ["\(name).gguf.imatrix", "dense.dat", "types.txt"] {
      try folder.write(try LocalFile(Fixtures.path("imatrix", file)).wholeContent(limit: 1 << 20), to: file)
    }
  }

  private func digest(_ name: String) throws -> String { try FileDigest.sha256(LocalFile(folder.file(name))) }
}
