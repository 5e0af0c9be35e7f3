import Bytes
import Formats
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Verify")
struct VerifyTests {
  @Test(
    "prints",
    arguments: [
      Snapshot("help-verify", "verify", "--help"),
      Snapshot(
        "verify-quantized", "verify", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--text", "Hello, world",
        "--layers"),
      Snapshot(
        "verify-decoder", "verify", "umt5", "umt5", "--tokens", "1,2,3,4", "--layers", staged: "umt5"),
      Snapshot("verify-same", "verify", "fixtures/llama-gqa", "fixtures/meta/model.safetensors", "--tokens", "1,2,3,4"),
      Snapshot(
        "verify-budget", "verify", "fixtures/yi", "fixtures/expected/yi/yi-q8_0.gguf", "--file",
        "fixtures/aquila/README.md", "--context", "32", "--budget", "kl=1e-6,top1=1"),
      Snapshot(
        "verify-json", "verify", "fixtures/llama-gqa", "fixtures/llama-sharded", "--tokens", "5,6,7", "--json"),
      Snapshot("verify-others", "verify", "fixtures/yi", "fixtures/aquila", "--tokens", "1,2"),
      Snapshot("error-verify-both", "verify", "fixtures/yi", "fixtures/yi", "--text", "a", "--tokens", "1"),
      Snapshot("error-verify-budget", "verify", "fixtures/yi", "fixtures/yi", "--text", "a", "--budget", "speed=1"),
      Snapshot("error-verify-text", "verify", "fixtures/yi", "fixtures/yi", "--file", "fixtures/yi/tokenizer.model"),
    ])
  func snapshots(snapshot: Snapshot) throws { try snapshot.check() }

  @Test(
    "passes an encoder-decoder that was converted",
    arguments: [("t5-small", "BF16"), ("t5-small", "Q8_0"), ("mt5", "F32"), ("umt5", "BF16"), ("umt5", "Q8_0")])
  func encoderDecoder(name: String, type: String) throws {
    let folder = TemporaryFolder(), output = folder.file("out.gguf")
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    #expect(try Program.run(["convert", source, "-o", output, "--type", type, "--quiet"]).status == 0)
    let run = try Program.run(["verify", source, output, "--tokens", "9,31,77,120,5,200,18,64,33,90,141,2", "--json"])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("\"same_bits\": \(type != "Q8_0")"))
    #expect(run.output.contains("\"point\": \"decoder layer 1\""))
  }

  @Test("writes an HTML report with the figures that it prints")
  func page() throws {
    let folder = TemporaryFolder()
    let run = try Program.run([
      "verify", "fixtures/llama-gqa", "fixtures/llama-sharded", "--tokens", "1,2,3", "--report",
      folder.file("report.html"),
    ])
    #expect(run.status == 0)
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!doctype html>\n"))
    #expect(page.contains("data-label=\"value\">same bits</td>"))
    #expect(page.contains("<span>Conversion</span><strong>passed</strong><p>30 of 30 tensors have"))
  }

  @Test("tells a correct conversion from a broken model, in text, JSON, page and certificate")
  func twoVerdicts() throws {
    let folder = TemporaryFolder(), output = folder.file("out.gguf")
    let source = try ArchitectureFixture.named("smollm3").stage(in: folder)
    try Self.amplify("model.norm.weight", of: source + "/model.safetensors")
    let converted = try Program.run(["convert", source, "-o", output, "--type", "Q2_0"])
    #expect(converted.status == 0, "\(converted.error)")
    let ids = (0..<60).map { "\(($0 * 37 + 5) % 250)" }.joined(separator: ",")
    let arguments = ["verify", source, output, "--tokens", ids]
    let run = try Program.run(
      arguments + ["--report", folder.file("report.html"), "--certificate", folder.file("cert.json")])
    #expect(run.status == 1)
    #expect(run.output.contains("\nconversion  passed: "), "\(run.output)")
    #expect(run.output.contains("\nquality     broken: mean KL divergence "), "\(run.output)")
    #expect(run.output.contains("error     verify.quality  quality  broken"))
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    #expect(page.contains("<div class=\"verdict passed\"><span>Conversion</span><strong>passed</strong>"))
    #expect(page.contains("<div class=\"verdict failed\"><span>Quality</span><strong>broken</strong>"))
    let certificate = try String(contentsOfFile: folder.file("cert.json"), encoding: .utf8)
    #expect(certificate.contains("\"grade\": \"broken\"") && certificate.contains("\"verdict\": \"failed\""))
    let accepted = try Program.run(arguments + ["--budget", "kl=100", "--json"])
    #expect(accepted.status == 0)
    #expect(accepted.output.contains("\"verdict\": \"not_judged\""))
    #expect(accepted.output.contains("\"grade\": \"broken\""))
  }

  /// Multiplies a tensor in bfloat16 by 8, so that the logits are loud and errors weigh.
  private static func amplify(_ name: String, of file: String) throws {
    let checkpoint = try Checkpoint.open(file)
    let tensor = try #require(checkpoint.tensor(TensorName(name)))
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    for index in stride(from: tensor.fileOffset, to: tensor.fileOffset + tensor.byteCount, by: 2) {
      let value = (UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8) &+ 3 << 7
      bytes[index] = UInt8(truncatingIfNeeded: value)
      bytes[index + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
    try bytes.write(to: URL(fileURLWithPath: file))
  }

  @Test("refuses to compare nothing", arguments: [["--text", ""], ["--tokens", "5"], ["--file", "empty.txt"]])
  func nothing(input: [String]) throws {
    let folder = TemporaryFolder()
    try folder.write([], to: "empty.txt")
    let model = Program.packageFolder + "/fixtures/llama-gqa"
    let run = try Program.run(["verify", model, model] + input, in: folder.path)
    #expect(run.status == 2 && run.output.isEmpty, "\(run.output)")
    #expect(run.error.contains("nothing "), "\(run.error)")
    #expect(!input.contains("empty.txt") || run.error.hasPrefix("ingot: error: empty.txt: "))
  }
}
