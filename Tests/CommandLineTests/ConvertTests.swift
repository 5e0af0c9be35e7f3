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

  @Test(
    "gives the file that quantize gives by the same name",
    arguments: ["Q4_0", "q2_k", "Q4_K", "Q4_K_M", "Q6_K", "Q4_0 --pure", "Q2_K --pure", "Q4_K_M --pure", "Q5_K --pure"])
  func recipes(type: String) throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      """
      for source in fixtures/llama-gqa fixtures/expected/llama-gqa/llama-gqa-bf16.gguf; do
        $ingot convert $source -o \(folder.path)/a.gguf --type \(type) --quiet --overwrite
        $ingot quantize $source \(folder.path)/b.gguf \(type) --quiet --overwrite
        cmp \(folder.path)/a.gguf \(folder.path)/b.gguf || exit 1
      done
      """)
    #expect(run.status == 0, "\(run.output)\(run.error)")
  }

  @Test("says how many matrices of a recipe have another format than its name")
  func mixture() throws {
    func note(_ arguments: String...) throws -> String? {
      let run = try Program.run(["convert", "fixtures/llama-gqa", "-o", "unwritten/a.gguf", "--dry-run"] + arguments)
      return run.output.split(separator: "\n").first { $0.contains("is a recipe") }.map(String.init)
    }
    #expect(
      try note("--type", "Q4_0")
        == "note: Q4_0 is a recipe: 1 of the 23 matrices has another format (--pure gives every matrix Q4_0)")
    #expect(try note("--type", "Q4_0", "--pure") == nil)
    #expect(try note("--type", "Q4_K_M") == nil)
    #expect(try note("--type", "Q8_0") == nil)
    #expect(try note("--type", "F16") == nil)
  }

  @Test("keeps the format of each tensor, as far as a GGUF has it")
  func keep() throws {
    let folder = TemporaryFolder()
    let run = try Program.shell(
      "$ingot convert fixtures/llama-gqa -o \(folder.path)/a.gguf --type keep --quiet --tensor-type attn_q=F16 && "
        + "$ingot inspect \(folder.path)/a.gguf && $ingot convert \(folder.path)/a.gguf -o \(folder.path)/hf --type keep "
        + "--quiet && $ingot diff \(folder.path)/a.gguf \(folder.path)/hf")
    #expect(run.status == 0, "\(run.output)\(run.error)")
    for format in ["BF16", "F16 ", "F32"] { #expect(run.output.contains("\n\(format)"), "\(run.output)") }
  }

  @Test("refuses options that need a recipe", arguments: ["--pure", "--type F16 --imatrix x", "--type keep --pure"])
  func needsRecipe(options: String) throws {
    let run = try Program.shell("$ingot convert fixtures/yi -o unwritten/a.gguf \(options)")
    #expect(run.status == 64)
    #expect(run.error.contains("needs a recipe as --type, such as Q4_K_M"), "\(run.error)")
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
      Snapshot("help-dequantize", "dequantize", "--help"),
      Snapshot("help-split", "split", "--help"),
      Snapshot("help-join", "join", "--help"),
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
