import Architectures
import Bytes
import Evaluation
import Models
import Testing
import TestSupport
import Verification

/// The HTML report has the figures of the JSON report, needs no other file, and is well-formed.
@Suite("An HTML report")
struct HTMLReportTests {
  private func page(_ candidate: String, arguments: [String] = ["verify", "a", "b"]) throws -> String {
    let library = try ArchitectureLibrary.bundled()
    let tokens = Fixtures.path("expected/llama-gqa/tokens.json")
    let ids = try #require(JSON(parsing: LocalFile(tokens).wholeContent(limit: 1 << 20)).array)
    let verification = try ModelVerification.verify(
      Model.open(CheckpointDiffTests.gqa, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks(ids.compactMap(\.integer), length: 512))
    return HTMLReport(verification, arguments: arguments, version: "0").text
  }

  /// Every element that is opened is closed, in order; `void` ones have no end.
  private func isBalanced(_ page: String) -> Bool {
    let void: Set<Substring> = ["meta", "line", "polyline", "!doctype"]
    var open: [Substring] = []
    for instance in page.split(separator: "<") {
      guard let end = instance.firstIndex(of: ">") else { return false }
      let tag = instance[..<end], name = tag.prefix { !" />".contains($0) }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !void.contains(name), !tag.hasSuffix("/") {
        open.append(name)
      }
    }
    return open.isEmpty
  }

  @Test("shows a passed conversion")
  func passed() throws {
    let page = try page(CheckpointDiffTests.gqaQ8)
    #expect(isBalanced(page))
    #expect(page.contains("<strong>conversion passed</strong>30 of 30 tensors have the values that their storage"))
    #expect(page.contains("make of the reference. Mean KL divergence 0.00"))
    #expect(page.contains("<div class=\"verdict doubtful\"><strong>quality noticeable or better</strong>mean KL"))
    #expect(
      page.contains(
        ", limit: at most 0.0200. Top-1 agreement 95.8 %, limit: at least 90.0 % (the default for Q8_0)."))
    #expect(page.contains("<td>blk.0.attn_q.weight</td><td>BF16 → Q8_0</td><td class=\"number\">3</td>"))
    #expect(page.contains("99.76 %"))
    #expect(!page.contains("<script") && !page.contains("http") && !page.contains("url("))
  }

  @Test("shows the diagnosis of a failed one first")
  func failed() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("blk.2.ffn_norm.weight") { values in for index in values.indices { values[index] *= 1.02 } }
    let page = try page(edited.path)
    #expect(isBalanced(page))
    #expect(
      page.contains("<strong>conversion failed</strong>layer 2 feed forward norm: is 1.0200 times the reference's: "))
  }

  @Test("escapes strings of files and arguments")
  func escaping() throws {
    let page = try page(CheckpointDiffTests.gqaQ8, arguments: ["verify", "a b", "--text", "<b>it's</b>&"])
    #expect(page.contains("<pre>ingot verify 'a b' --text '&lt;b&gt;it'\\''s&lt;/b&gt;&amp;'</pre>"))
    #expect(isBalanced(page))
  }
}
