import Bytes
import Foundation
import TestSupport
import Testing

/// The judge is the command in one run.
@Suite("A measurement and a source in parts")
struct MeasuringPartsTests {
  private let folder = TemporaryFolder()

  private func run(_ arguments: String, status: Int32 = 0) throws -> Program.Run {
    let run = try Program.shell("$ingot \(arguments)", in: folder.path)
    #expect(run.status == status, "\(arguments): \(run.error)")
    return run
  }

  private func bytes(_ name: String) throws -> [UInt8] { try LocalFile(folder.file(name)).wholeContent(limit: 1 << 30) }

  private func stage() throws {
    try FileManager.default.copyItem(atPath: Fixtures.path("llama-gqa"), toPath: folder.file("model"))
    try folder.write(Array(repeatElement("The quick brown fox jumps. ", count: 60).joined().utf8), to: "text.txt")
  }

  @Test("gives the verdict and the report of one run, and its status")
  func verify() throws {
    try stage()
    _ = try run("convert model -o q8.gguf --type Q8_0 --quiet")
    _ = try run("convert model -o q2.gguf --type Q2_K --quiet")
    for (candidate, status) in [("q8.gguf --budget kl=1e-9", 1), ("q2.gguf", nil)] as [(String, Int32?)] {
      let arguments = "model \(candidate) --file text.txt --context 32"
      let single = try Program.shell("$ingot verify \(arguments) --json", in: folder.path)
      if let status { #expect(single.status == status) }
      _ = try run("plan verify \(arguments) --parts 3 --save plan.json")
      #expect(try run("status plan.json --json", status: 1).output.contains("\"chunks_done\": 0"))
      for part in [2, 0, 1] { _ = try run("work plan.json --part \(part)") }
      #expect(try run("work plan.json --part 1").output.hasSuffix(", was there already\n"))
      #expect(try run("status plan.json --todo").output.isEmpty)
      #expect(try run("assemble plan.json --json", status: #require(single.status)).output == single.output)
      _ = try Program.shell("rm plan.json", in: folder.path)
    }
  }

  @Test("gives the page of one run, once")
  func page() throws {
    try stage()
    _ = try run("convert model -o q8.gguf --type Q8_0 --quiet")
    let arguments = "model q8.gguf --file text.txt --context 32 --report page.html"
    _ = try run("verify \(arguments)")
    let single = try bytes("page.html")
    _ = try Program.shell("rm page.html", in: folder.path)
    _ = try run("plan verify \(arguments) --parts 2 --save plan.json")
    for part in 0..<2 { _ = try run("work plan.json --part \(part)") }
    _ = try run("assemble plan.json")
    #expect(try bytes("page.html") == single)
    // A late worker has nothing to write, but a second page has.
    #expect(try run("work plan.json --part 1").output.hasSuffix(", was there already\n"))
    #expect(try run("assemble plan.json", status: 3).error.contains("already exists"))
  }

  @Test("is refused where parts of a measurement have no meaning")
  func refusals() throws {
    try stage()
    for (arguments, words) in [
      ("imatrix model --file text.txt --part-bytes 4K --save plan.json", "this measures (pass --parts)"),
      ("imatrix model --file text.txt --parts 0 --save plan.json", "expected 1 to"),
    ] { #expect(try run("plan " + arguments, status: 64).error.contains(words)) }
    _ = try run("plan imatrix model --file text.txt --context 32 --parts 2 --save plan.json")
    #expect(try run("work plan.json --part 0 --in-place", status: 64).error.contains("this plan measures"))
    #expect(try run("work plan.json --part 2", status: 64).error.contains("parts 0 to 1"))
    #expect(try run("assemble plan.json", status: 1).error.contains("parts 0-1 are missing"))
    // Another text under the same name.
    try folder.write(Array("Other words.".utf8), to: "text.txt")
    #expect(try run("work plan.json --part 0", status: 2).error.contains("text.txt"))
  }

  @Test("is deleted with the word of the plan, and not with options that need it later")
  func consumption() throws {
    try stage()
    _ = try run("convert model -o shards --max-shard-size 100K --quiet")
    _ = try run("convert shards -o single.gguf --type Q8_0 --quiet")
    for (options, words) in [
      ("", "needs --resume"), ("--resume --verify", "has deleted the source then"),
      ("--resume --budget auto", "has deleted the source then"), ("--resume --types Q8_0,F16", "one output"),
    ] {
      let output = options.contains("--types") ? "{ftype}.gguf --types Q8_0,F16" : "out.gguf --type Q8_0 \(options)"
      #expect(try run("convert shards -o \(output) --consume-shards", status: 64).error.contains(words), "\(options)")
    }
    let plan = try run("convert shards -o out.gguf --type Q8_0 --consume-shards --dry-run").output
    #expect(plan.contains("would delete") && plan.contains("5 files of the source"))
    let shards = try Program.shell("ls shards/*.safetensors | wc -l", in: folder.path).output
    #expect(shards.contains("5"))
    let done = try run("convert shards -o out.gguf --type Q8_0 --consume-shards --resume").output
    #expect(done.contains("deleted"))
    #expect(try bytes("out.gguf") == bytes("single.gguf"))
    #expect(try Program.shell("ls shards | grep -c safetensors$; ls -A | grep ingot", in: folder.path).output == "0\n")
  }

  @Test("is written in place by workers on one file system")
  func inPlace() throws {
    try stage()
    _ = try run("convert model -o single.gguf --type Q4_K_M --quiet")
    _ = try run("plan model -o out.gguf --type Q4_K_M --parts 4 --save plan.json")
    for part in [3, 1] { _ = try run("work plan.json --part \(part) --in-place") }
    let made = try JSON(parsing: Array(try run("work plan.json --part 0 --in-place --json").output.utf8))
    #expect(
      made["place"]?.string == "output" && made["paths"]?.array?.first?.string?.hasPrefix(".out.gguf.ingot-") == true)
    #expect(try run("status plan.json --todo", status: 1).output == "2\n")
    _ = try run("assemble plan.json", status: 1)
    _ = try run("work plan.json --part 2")
    _ = try run("assemble plan.json")
    #expect(try bytes("out.gguf") == bytes("single.gguf"))
    #expect(try Program.shell("ls -A | grep ingot", in: folder.path).output.isEmpty)
  }
}
