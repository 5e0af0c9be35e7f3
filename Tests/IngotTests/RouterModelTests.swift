import Ingot
import TestSupport
import Testing

/// GGUF files of mixtures of experts, compared with their folders.
@Suite("A GGUF of a mixture of experts")
struct RouterModelTests {
  @Test(
    "passes the comparison with its folder, and gives the same bits",
    arguments: [
      "deepseek-v3", "kimi-k2", "glm4-moe-lite", "glm4-moe", "minimax-m2", "ernie4-5-moe", "dots1", "exaone-moe",
      "afmoe", "hy-v3",
      "bailing-moe2", "gpt-oss", "gpt-oss-mxfp4",
    ])
  func verified(name: String) throws {
    let folder = TemporaryFolder(), library = try ArchitectureLibrary.bundled()
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    var request = ConversionRequest(destination: folder.file("model.gguf"))
    request.type = .kept
    try Executor.run(Planner.plan(Model.open(source, library: library), request))
    let verification = try ModelVerification.verify(
      Model.open(source, library: library), Model.open(folder.file("model.gguf"), library: library),
      tokens: TokenChunks((0..<16).map { ($0 * 37 + 5) % 300 }, length: 512))
    #expect(verification.passes, "\(verification.findings.map(\.description))")
    #expect(verification.logits.hasSameBits)
  }
}
