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
  static func isBalanced(_ page: String) -> Bool {
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
    #expect(Self.isBalanced(page))
    #expect(page.contains("<span>Conversion</span><strong>passed</strong><p>30 of 30 tensors have the values that"))
    #expect(page.contains("make of the reference</p><p>Mean KL divergence 0.00"))
    #expect(page.contains("<div class=\"verdict doubtful\"><span>Quality</span><strong>noticeable or better</strong>"))
    #expect(
      page.contains(
        ", limit: at most 0.0200. Top-1 agreement 95.8 %, limit: at least 90.0 % (the default for Q8_0)."))
    #expect(page.contains("data-label=\"in the candidate\">blk.0.attn_q.weight</td>"))
    // 189,440 weights in Q8_0, and 1,344 bytes of norms in F32.
    #expect(page.contains("Q8_0 99.") && page.contains("<span><i class=\"tail\"></i>p99 0.00626</span>"))
    #expect(page.contains("the reference predicts "))
    #expect(!page.contains("<script") && !page.contains("http") && !page.contains("url("))
  }

  @Test("shows the diagnosis of a failed one first")
  func failed() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("blk.2.ffn_norm.weight") { values in for index in values.indices { values[index] *= 1.02 } }
    let page = try page(edited.path)
    #expect(Self.isBalanced(page))
    #expect(
      page.contains("<strong>failed</strong><p>layer 2 feed forward norm: is 1.0200 times the reference's: "))
  }

  @Test("escapes strings of files and arguments")
  func escaping() throws {
    let page = try page(CheckpointDiffTests.gqaQ8, arguments: ["verify", "a b", "--text", "<b>it's</b>&"])
    #expect(page.contains("<pre>ingot verify 'a b' \\\n  --text '&lt;b&gt;it'\\''s&lt;/b&gt;&amp;'</pre>"))
    #expect(Self.isBalanced(page))
  }

  @Test("shows a long argument whole, so that the command runs")
  func longArgument() throws {
    let text = String(repeating: "word ", count: 300)
    let page = try page(CheckpointDiffTests.gqaQ8, arguments: ["verify", "a", "b", "--text", text])
    #expect(page.contains("--text '\(text)'</pre>"))
  }
}
