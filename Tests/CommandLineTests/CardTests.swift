import Foundation
import TestSupport
import Testing

@Suite("Card")
struct CardTests {
  /// A folder with quantizations, a receipt each, an importance matrix and a comparison.
  private func published() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    let reference = Fixtures.path("llama-gqa")
    let run = try Program.shell(
      "$ingot convert \(reference) -o model-Q8_0.gguf --type Q8_0 --receipt model-Q8_0.json --quiet && "
        + "$ingot convert \(reference) -o model-Q4_0.gguf --type Q4_0 --receipt model-Q4_0.json --quiet && "
        + "$ingot compare \(reference) model-*.gguf --text 'Hello, world' --json > compare.json", in: folder.path)
    #expect(run.status == 0, "\(run.error)")
    return folder
  }

  @Test("prints", arguments: [Snapshot("help-card", "card", "--help"), Snapshot("error-card", "card", "fixtures/yi")])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test("has digests that sha256sum confirms, figures of the comparison and commands of the receipts")
  func facts() throws {
    let folder = try published()
    let run = try Program.run(["card", folder.path])
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    #expect(run.output.contains("| [model-Q8\\_0.gguf](model-Q8_0.gguf) | Q8\\_0 | "))
    #expect(run.output.contains("| KL divergence | KL p99 | same top token |"))
    #expect(run.output.contains("\ningot convert llama-gqa -o model-Q4_0.gguf --type Q4_0 --receipt model-Q4_0.json"))
    #expect(!run.output.contains(folder.path) && !run.output.contains("/fixtures/"))
    let digests = run.output.split(separator: "\n").filter { $0.wholeMatch(of: /[0-9a-f]{64}  \S+/) != nil }
    #expect(digests.count == 2)
    try folder.write(Array((digests.joined(separator: "\n") + "\n").utf8), to: "sums")
    let checked = try Program.shell("sha256sum --check sums", in: folder.path)
    #expect(checked.output == "model-Q8_0.gguf: OK\nmodel-Q4_0.gguf: OK\n")
    #expect(try Program.run(["card", folder.path]).output == run.output)
  }

  @Test("lists the rule of every tensor on request")
  func rules() throws {
    let folder = try published()
    let run = try Program.run(["card", folder.path, "--rules"])
    #expect(run.output.contains("<details><summary>Tensors of model-Q4\\_0.gguf</summary>"))
    #expect(run.output.contains("| blk.\\*.attn\\_q.weight | 3 | Q4\\_0 |"))
  }

  @Test("leaves out figures of other files, and says so")
  func otherFiles() throws {
    let folder = try published()
    let change = try Program.shell(
      "$ingot meta set model-Q4_0.gguf general.name changed --type string --quiet", in: folder.path)
    #expect(change.status == 0, "\(change.error)")
    let run = try Program.run(["card", folder.path])
    #expect(run.status == 0)
    #expect(run.error.contains("1 candidate of other files than those in the folder; these figures are left out"))
    #expect(run.output.contains("| [model-Q4\\_0.gguf](model-Q4_0.gguf) | Q4\\_0 |"))
    #expect(!run.output.contains("--type Q4_0"))
  }

  @Test("shows hostile names as they are")
  func hostileNames() throws {
    let folder = TemporaryFolder()
    let name = "a|b](x) <img src=x> `$(id)`\n.gguf"
    try FileManager.default.copyItem(
      atPath: Fixtures.path("expected/yi/yi-q8_0.gguf"), toPath: folder.path + "/" + name)
    let run = try Program.run(["card", folder.path])
    #expect(run.status == 0, "\(run.error)")
    let rows = run.output.split(separator: "\n").filter { $0.hasPrefix("| [") }
    #expect(rows.count == 1)
    #expect(
      rows.first?.hasPrefix(
        "| [a&#124;b\\](x) &lt;img src=x&gt; \\`\\$(id)\\`\\\\n.gguf](a%7Cb%5D%28x%29%20%3Cimg%20src%3Dx%3E%20%60%24%28id%29%60%0A.gguf) |"
      ) == true, "\(rows)")
    // In a block of code a name is text as it is.
    let prose = run.output.components(separatedBy: "```").enumerated().filter { $0.offset.isMultiple(of: 2) }
    #expect(!prose.contains { $0.element.contains("<img") })
  }

  @Test("refuses a document that is none of a comparison")
  func otherDocument() throws {
    let folder = try published()
    let run = try Program.run(["card", folder.path, "--comparison", folder.file("model-Q8_0.json")])
    #expect(run.status == 2)
    #expect(run.error.contains("schema: is \"ingot.receipt/1\", expected \"ingot.compare/1\""))
  }

  @Test("writes its facts as JSON")
  func json() throws {
    let folder = try published()
    let run = try Program.run(["card", folder.path, "--json"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(json["schema"] as? String == "ingot.card/1")
    let models = try #require(json["models"] as? [[String: Any]])
    #expect(models.map { $0["type"] as? String } == ["Q8_0", "Q4_0"])
    #expect(models.allSatisfy { ($0["figures"] as? [String: Any])?["kl"] is Double })
  }
}
