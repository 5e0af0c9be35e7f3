import Bytes
import Foundation
import Models
import TestSupport
import Testing

/// `split` and `join` against llama-gguf-split, whole files.
@Suite("Splitting and joining")
struct SplitTests {
  private let folder = TemporaryFolder()

  /// One run of llama-gguf-split, and one that merges its shards.
  struct Case: CustomTestStringConvertible, Sendable {
    /// A committed file, or the shape of a seeded model.
    let source: JSON
    let flags: [String]
    let files: [(name: String, digest: String)]
    let merged: String
    var testDescription: String { "\(source.string ?? "seeded") \(flags.joined(separator: " "))" }
  }

  static let cases: [Case] = ((try? Fixtures.json("expected", "gguf-splits.json"))?.array ?? []).map { item in
    Case(
      source: item["source"] ?? .null, flags: item["flags"]?.array?.compactMap(\.string) ?? [],
      files: (item["files"]?.object ?? [:]).map { ($0.key.text, $0.value.string ?? "") },
      merged: item["merged"]?.string ?? "")
  }

  private func path(_ source: JSON) throws -> String {
    if let name = source.string { return Fixtures.path(name) }
    if let name = source["file"]?.string, let text = source["text"]?.string, let other = source["by"]?.string {
      var bytes = try LocalFile(Fixtures.path(name)).wholeContent(limit: 1 << 20)
      let (found, replacement) = (Array(text.utf8), Array(other.utf8))
      let start = try #require(bytes.indices.first { bytes[$0...].starts(with: found) })
      bytes.replaceSubrange(start..<start + found.count, with: replacement)
      try AtomicFile.write(bytes, to: folder.file("in.gguf"), overwrite: .refuse)
      return folder.file("in.gguf")
    }
    try SeededGGUF(recipeShape: source).write(to: folder.file("in.gguf"))
    return folder.file("in.gguf")
  }

  private func digest(_ name: String) throws -> String { try FileDigest.sha256(LocalFile(folder.file(name))) }

  @Test("give the files of llama-gguf-split", arguments: cases)
  func files(item: Case) throws {
    var first = try path(item.source)
    if !item.files.isEmpty {
      let run = try Program.run(["split"] + item.flags + [first, "out", "--quiet"], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      let names = item.files.map(\.name).sorted()
      #expect(folder.names.filter { $0.hasPrefix("out") } == names)
      for file in item.files { #expect(try digest(file.name) == file.digest, "\(file.name)") }
      first = try #require(names.last)
    }
    for arguments in [["join", first, "one.gguf"], ["split", "--merge", first, "two.gguf"]] {
      let run = try Program.run(arguments + ["--quiet"], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      #expect(try digest(arguments[arguments.count - 1]) == item.merged)
    }
  }

  @Test("keep a string with a zero byte, which llama-gguf-split cuts there")
  func zeroByte() throws {
    let source = Fixtures.path("gguf", "values.gguf")
    let split = try Program.run(["split", source, "out", "--split-max-tensors", "7", "--quiet"], in: folder.path)
    #expect(split.status == 0, "\(split.error)")
    let join = try Program.run(["join", "out-00001-of-00002.gguf", "one.gguf", "--quiet"], in: folder.path)
    #expect(join.status == 0, "\(join.error)")
    let text = Array("first\nsecond\ttab\0nul".utf8)
    for name in ["out-00001-of-00002.gguf", "one.gguf"] {
      let bytes = try LocalFile(folder.file(name)).wholeContent(limit: 1 << 20)
      #expect(bytes.indices.contains { bytes[$0...].starts(with: text) }, "\(name)")
    }
  }

  @Test("has cases") func count() { #expect(Self.cases.count == 16) }

  @Test("take a limit of the first tensor's size, for which llama-gguf-split ends with an error")
  func smallLimit() throws {
    let source = Fixtures.path("expected", "llama-gqa", "llama-gqa-bf16.gguf")
    let run = try Program.run(["split", source, "s.gguf", "--split-max-size", "10K", "--quiet"], in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    #expect(folder.names.first == "s-00001-of-00024.gguf", "\(folder.names)")
    let diff = try Program.run(["diff", source, folder.names.last ?? "", "--quiet"], in: folder.path)
    #expect(diff.status == 0)
  }

  @Test(
    "refuse",
    arguments: [
      (["split", "$gqa", "out"], 2, "is not a GGUF, expected one (ingot convert makes it)"),
      (["split", "$file", "out", "--split-max-tensors", "0"], 64, "--split-max-tensors is 0, expected 1 or more"),
      (["split", "$file", "out", "--split-max-tensors", "-1"], 64, "--split-max-tensors is -1, expected 1 or more"),
      (
        ["split", "$file", "out", "--split-max-tensors", "1", "--split-max-size", "1M"], 64,
        "expected only one of --split-max-tensors and --split-max-size"
      ),
      (["split", "$file", "out", "--split-max-size", "1X"], 64, "'--split-max-size"),
      (["split", "--split", "--merge", "$file", "out"], 64, "--merge"),
      (["split", "--merge", "$file", "out", "--no-tensor-first-split"], 64, "has no effect with --merge"),
      (["join", "$file", "out.gguf"], 2, "is one file, expected a shard of a set (NAME-00001-of-00003.gguf)"),
      (["join", "$gqa", "out.gguf"], 2, "is not a GGUF"),
      (["join", "nope-00001-of-00002.gguf", "out.gguf"], 2, "no such file"),
      (["dequantize", "$file", "out.gguf", "--type", "Q8_0"], 64, "'--type"),
    ] as [([String], Int32, String)])
  func refusals(arguments: [String], status: Int32, message: String) throws {
    let paths = [
      "$gqa": Fixtures.path("llama-gqa"), "$file": Fixtures.path("expected", "llama-gqa", "llama-gqa-q8_0.gguf"),
    ]
    let run = try Program.run(arguments.map { paths[$0] ?? $0 }, in: folder.path)
    #expect(run.status == status, "\(run.error)")
    #expect(run.error.contains(message), "\(run.error)")
    #expect(folder.names.isEmpty)
  }

  @Test("plan without writing")
  func dryRun() throws {
    let source = Fixtures.path("expected", "llama-gqa", "llama-gqa-q8_0.gguf")
    let run = try Program.run(["split", "--split-max-tensors", "20", "--dry-run", source, "out"], in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("would write  out-00001-of-00002.gguf (20 tensors, "), "\(run.output)")
    #expect(folder.names.isEmpty)
  }

  @Test("keep existing files unless they may be replaced")
  func existing() throws {
    try folder.write([1], to: "out-00001-of-00001.gguf")
    let source = Fixtures.path("expected", "llama-gqa", "llama-gqa-q8_0.gguf")
    #expect(try Program.run(["split", source, "out"], in: folder.path).status == 3)
    #expect(try Program.run(["split", source, "out", "--overwrite", "--quiet"], in: folder.path).status == 0)
  }
}

/// `dequantize` against runs of the commands whose files are golden.
@Suite("Dequantizing")
struct DequantizeTests {
  private let folder = TemporaryFolder()

  @Test("gives what quantizing to F32 gives", arguments: ["F32", "F16", "bf16"])
  func decoded(type: String) throws {
    let source = Fixtures.path("expected", "llama-gqa", "llama-gqa-q8_0.gguf")
    let run = try Program.shell(
      "$ingot dequantize \(source) a.gguf --type \(type) --quiet && $ingot quantize \(source) b.gguf \(type) --quiet && cmp a.gguf b.gguf",
      in: folder.path)
    #expect(run.status == 0, "\(run.error)\(run.output)")
  }

  @Test("decodes to a folder", arguments: ["packed/yi-awq", "expected/llama-gqa/llama-gqa-q8_0.gguf"])
  func toFolder(name: String) throws {
    let source = try Fixtures.checkpoint(name, in: folder)
    let run = try Program.shell(
      "$ingot dequantize \(source) out --quiet && $ingot diff \(source) out --budget nmse=0 | tail -n 1; $ingot inspect out --no-tensors",
      in: folder.path)
    #expect(run.status == 0, "\(run.error)\(run.output)")
    #expect(run.output.contains("F32"), "\(run.output)")
    #expect(!run.output.contains("failed"), "\(run.output)")
  }
}
