import Foundation
import TestSupport
import Testing

@Suite("Convert to ranks")
struct PartitionCommandTests {
  private func error(_ arguments: String...) throws -> String {
    let run = try Program.run(["convert", "fixtures/llama-gqa"] + arguments)
    #expect(run.status == 64 || run.status == 2, "\(arguments)")
    return run.error.split(separator: "\n").first.map(String.init) ?? ""
  }

  @Test("verifies its output, records it, and leaves nothing else")
  func verified() throws {
    let folder = TemporaryFolder()
    for (name, options) in [
      ("shards", ["--naming", "meta", "--shards", "2"]),
      ("grid", ["--naming", "megatron", "--tensor-parallel", "2", "--pipeline-parallel", "3"]),
    ] {
      let output = folder.file(name), receipt = folder.file("\(name).json")
      let run = try Program.run(
        ["convert", "fixtures/llama-gqa", "-o", output, "--verify", "--receipt", receipt] + options)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("30 of 30 tensors"))
      #expect(run.output.hasSuffix("passed\n"))
      let text = try String(contentsOfFile: receipt, encoding: .utf8)
      let file = name == "grid" ? "iter_0000001/mp_rank_01_002/model_optim_rng.pt" : "consolidated.01.pth"
      #expect(text.contains("\"name\": \"\(file)\""))
    }
    #expect(folder.names == ["grid", "grid.json", "shards", "shards.json"])
  }

  @Test("refuses options without their scheme in one line")
  func options() throws {
    #expect(try error("-o", "x", "--shards", "2").hasPrefix("ingot: error: --shards needs --naming meta"))
    #expect(
      try error("-o", "x", "--naming", "hf", "--shards", "2").hasPrefix("ingot: error: --shards needs --naming meta"))
    #expect(
      try error("-o", "x", "--naming", "megatron", "--shards", "2").hasPrefix(
        "ingot: error: --shards needs --naming meta"))
    #expect(
      try error("-o", "x", "--naming", "meta", "--shards", "2", "--tensor-parallel", "2")
        .hasPrefix("ingot: error: --tensor-parallel needs --naming megatron"))
    #expect(
      try error("-o", "x", "--embedding-split", "rows").hasPrefix("ingot: error: --embedding-split needs --shards"))
    #expect(
      try error("-o", "x", "--naming", "megatron", "--to", "gguf").hasPrefix(
        "ingot: error: --to has no effect with --naming megatron"))
    #expect(
      try error("-o", "x", "--naming", "meta", "--shards", "1", "--max-shard-size", "1G")
        .hasPrefix("ingot: error: --max-shard-size has no effect with --shards"))
  }

  @Test("says why no other PyTorch file is written")
  func pyTorch() throws {
    let reason = "safetensors has the same tensors, opens faster and cannot run code"
    #expect(try error("-o", "x", "--to", "pytorch").contains("--to pytorch: is not written, since \(reason)"))
    for ending in ["bin", "pth", "pt", "ckpt"] {
      let message = try error("-o", "model.\(ending)")
      #expect(message.contains("model.\(ending): .\(ending) is a file of PyTorch, which is not written: \(reason)"))
    }
    #expect(try error("-o", "x", "--to", "onnx").contains("'gguf' and 'safetensors'"))
  }

  @Test("lists the files and parts of a plan")
  func dryRun() throws {
    let run = try Program.run(
      ["convert", "fixtures/llama-gqa", "-o", "unwritten", "--naming", "meta", "--shards", "2", "--dry-run"])
    #expect(run.output.contains("would write  unwritten/consolidated.01.pth (30 tensors, "))
    #expect(run.output.contains("would write  unwritten/params.json"))
    #expect(run.output.contains("RoPE permutation of 8 heads, rows 32–63"))
    #expect(run.output.contains("columns 80–159"))
    #expect(
      run.output.contains(
        "note: the embedding is split by columns, as programs of LLaMA 1 and 2 read it (--embedding-split rows"))
  }
}
