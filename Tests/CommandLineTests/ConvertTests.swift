import Foundation
import TestSupport
import Testing

@Suite("Convert")
struct ConvertTests {
  @Test("writes a file, says so, and leaves nothing else")
  func writes() throws {
    let folder = TemporaryFolder()
    let run = try Program.run(["convert", "fixtures/yi", "-o", folder.file("yi.gguf"), "--type", "q8_0"])
    #expect(run.status == 0)
    #expect(run.error.isEmpty)
    #expect(run.output.contains("wrote   \(folder.file("yi.gguf")) (30 tensors, "))
    #expect(folder.names == ["yi.gguf"])
  }

  @Test("gives the same bytes with any number of threads")
  func threadsDoNotMatter() throws {
    let folder = TemporaryFolder()
    for threads in ["1", "5"] {
      let arguments = ["convert", "fixtures/aquila", "--type", "Q4_0", "--quiet", "--threads", threads]
      #expect(try Program.run(arguments + ["-o", folder.file("\(threads).gguf")]).status == 0)
    }
    #expect(FileManager.default.contentsEqual(atPath: folder.file("1.gguf"), andPath: folder.file("5.gguf")))
  }

  @Test("answers to the reference converter's flags")
  func aliases() throws {
    let folder = TemporaryFolder()
    let run = try Program.run(
      ["convert", "fixtures/llama-gqa", "--outfile", folder.file("a.gguf"), "--outtype", "bf16", "--quiet"])
    #expect(run.status == 0)
    #expect(run.output.isEmpty)
  }

  @Test("refuses to replace a file, unless asked to")
  func overwriting() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(Array("precious".utf8), to: "a.gguf")
    let refused = try Program.run(["convert", "fixtures/yi", "-o", path])
    #expect(refused.status == 3)
    #expect(refused.error == "ingot: error: \(path): already exists (pass --overwrite to replace it)\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(try Program.run(["convert", "fixtures/yi", "-o", path, "--overwrite"]).status == 0)
    #expect(try Program.run(["inspect", path]).status == 0)
  }

  @Test("refuses to write over its input")
  func outputIsInput() throws {
    let folder = TemporaryFolder()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("expected/yi/yi-q8_0.gguf")))
    let path = try folder.write(Array(bytes), to: "a.gguf")
    let run = try Program.run(["convert", path, "-o", path, "--overwrite"])
    #expect(run.status == 3)
    #expect(run.error == "ingot: error: \(path): output is also an input (choose another name)\n")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
  }

  @Test("leaves no files if it fails")
  func failure() throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      "ulimit -f 64; \"$ingot\" convert fixtures/yi --type F32 -o \(folder.file("a.gguf"))")
    #expect(run.status == 3)
    #expect(run.error == "ingot: error: \(folder.file("a.gguf")): cannot be written: file too large\n")
    #expect(folder.names.isEmpty)
  }

  @Test("writes a receipt with digests of everything")
  func receipt() throws {
    let folder = TemporaryFolder()
    let run = try Program.run([
      "convert", "fixtures/yi", "-o", folder.file("llama"), "--naming", "hf", "--receipt", folder.file("receipt.json"),
    ])
    #expect(run.status == 0)
    let text = try String(contentsOfFile: folder.file("receipt.json"), encoding: .utf8)
    #expect(text.hasPrefix("{\n  \"schema\": \"ingot.receipt/1\",\n"))
    #expect(text.contains("\"name\": \"config.json\""))
  }

  @Test(
    "plans",
    arguments: [
      Snapshot("help-convert", "convert", "--help"),
      Snapshot("help-quantize", "quantize", "--help"),
      Snapshot(
        "plan-quantize", "quantize", "fixtures/expected/llama-gqa/llama-gqa-bf16.gguf", "unwritten/a.gguf", "Q4_K_M",
        "2",
        "--dry-run"),
      Snapshot("error-recipe", "quantize", "fixtures/yi", "unwritten/a.gguf", "Q9"),
      Snapshot("error-no-recipe", "quantize", "fixtures/yi"),
      Snapshot("plan-gguf", "convert", "fixtures/llama3-tied", "-o", "unwritten/a.gguf", "--type", "Q8_0", "--dry-run"),
      Snapshot("plan-folder", "convert", "fixtures/yi", "-o", "unwritten/llama", "--naming", "hf", "--dry-run"),
      Snapshot(
        "plan-shards-json", "convert", "fixtures/llama-bias", "-o", "unwritten/shards", "--max-shard-size", "200K",
        "--dry-run", "--json"),
      Snapshot("error-type", "convert", "fixtures/yi", "-o", "unwritten/a.gguf", "--type", "Q9"),
      Snapshot("error-naming", "convert", "fixtures/yi", "-o", "unwritten/a", "--naming", "klingon"),
      Snapshot("error-size", "convert", "fixtures/yi", "-o", "unwritten/a", "--max-shard-size", "big"),
      Snapshot("error-no-output", "convert", "fixtures/yi"),
    ])
  func plans(snapshot: Snapshot) throws { try snapshot.check() }
}
