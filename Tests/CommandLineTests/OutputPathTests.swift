import Foundation
import TestSupport
import Testing

/// Names of outputs, and files that are written after the work: all are tried before it.
@Suite("Output paths")
struct OutputPathTests {
  private let folder = TemporaryFolder()

  private func run(_ line: String) throws -> Program.Run {
    try Program.shell("fixtures=\(Fixtures.path("llama-gqa")); \(line)", in: folder.path)
  }

  @Test(
    "that name no container are refused",
    arguments: [
      ("-", "-: standard output takes no files"), ("out.onnx", #"out.onnx: ".onnx" names no container"#),
      ("out.bin", "out.bin: .bin is a file of PyTorch, which is not written"),
      ("out.CKPT", "out.CKPT: .ckpt is a file of PyTorch, which is not written"),
      ("m.ggfu", "did you mean .gguf?"), ("m.safetensor", "did you mean .safetensors?"),
      ("m.gguf --to safetensors", "ends with .gguf, but the output is safetensors"),
      ("m.safetensors --to gguf", "ends with .safetensors, but the output is a GGUF"),
    ])
  func refused(output: String, message: String) throws {
    let run = try run("$ingot convert $fixtures -o \(output)")
    #expect(run.status == 64)
    #expect(run.error.contains(message), "\(run.error)")
    #expect(folder.names.isEmpty)
  }

  @Test(
    "say what is written",
    arguments: [
      ("M.GGUF", "M.GGUF"), ("m.SafeTensors", "m.SafeTensors"), ("Llama-3.1-8B", "Llama-3.1-8B/config.json"),
      ("v0.1", "v0.1/config.json"), ("out.bin/", "out.bin/config.json"), ("out.bin --to gguf", "out.bin"),
      ("out --to safetensors", "out/config.json"), ("one.bin --to safetensors", "one.bin"),
    ])
  func written(output: String, file: String) throws {
    let run = try run(
      "$ingot convert $fixtures -o \(output) --quiet && [ -f \(file) ] && $ingot inspect \(file) --quiet")
    #expect(run.status == (file.hasSuffix(".json") ? 2 : 0), "\(run.error)")
    #expect(!file.hasSuffix(".json") || run.error.contains("config.json"), "\(run.error)")
  }

  @Test("in capitals are read, too, also as shards")
  func capitals() throws {
    let run = try run(
      "$ingot convert $fixtures -o m.gguf --max-shard-size 100K --quiet && for f in m-*; do mv $f ${f%.gguf}.GGUF; done; "
        + "$ingot inspect m-00002-of-*.GGUF --json | grep -c '\"name\"'")
    #expect(run.status == 0, "\(run.error)")
  }

  @Test(
    "of side files are tried before the work",
    arguments: [
      (
        "verify $fixtures $fixtures --tokens 1,2,3 --certificate nope/c.json",
        #"nope: no such folder, so "c.json" cannot be created in it"#
      ),
      (
        "verify $fixtures $fixtures --tokens 1,2,3 --report nope/r.html",
        #"nope: no such folder, so "r.html" cannot be created in it"#
      ),
      (
        "verify $fixtures $fixtures --tokens 1,2,3 --report - --certificate c.json", "-: standard output takes no files"
      ),
      (
        "verify $fixtures $fixtures --tokens 1,2,3 --report c.json --certificate c.json",
        "c.json: is the name of another output"
      ),
      (
        "verify $fixtures $fixtures --tokens 1,2,3 --certificate c.json --receipt nope.json",
        "nope.json: cannot be opened: no such"
      ),
      (
        "run $fixtures --tokens 1,2,3 --logits nope/l.npy", #"nope: no such folder, so "l.npy" cannot be created in it"#
      ),
      (
        "run $fixtures --tokens 1,2,3 --logits a.npy --hidden nope/h.npy",
        #"nope: no such folder, so "h.npy" cannot be created in it"#
      ),
      ("run $fixtures --tokens 1,2,3 --logits a.npy --hidden ./a.npy", "./a.npy: is the name of another output"),
      (
        "run $fixtures --tokens 1,2,3 --overwrite --logits $fixtures/model.safetensors",
        "output is also an input"
      ),
      ("imatrix $fixtures --file text -o nope/i.gguf", #"nope: no such folder, so "i.gguf" cannot be created in it"#),
      ("imatrix $fixtures --file text -o -", "-: standard output takes no files"),
      (
        "convert $fixtures -o m.gguf --receipt nope/r.json",
        #"nope: no such folder, so "r.json" cannot be created in it"#
      ),
    ])
  func sideFiles(command: String, message: String) throws {
    let run = try run("$ingot \(command)")
    #expect(run.status == 2 || run.status == 3 || run.status == 64)
    #expect(run.error.contains(message), "\(run.error)")
    #expect(run.output.isEmpty)
    #expect(folder.names.isEmpty)
  }

  @Test("of side files are written even if nobody reads the figures")
  func closedOutput() throws {
    let run = try run("$ingot verify $fixtures $fixtures --tokens 1,2,3 --certificate c.json | true; [ -f c.json ]")
    #expect(run.status == 0)
  }
}
