import Testing

@Suite("The program prints")
struct SnapshotTests {
  @Test(
    "its help",
    arguments: [
      Snapshot("help", "--help"),
      Snapshot("version", "--version"),
      Snapshot("help-inspect", "inspect", "--help"),
      Snapshot("help-ls", "ls", "--help"),
      Snapshot("help-tensor", "tensor", "--help"),
      Snapshot("help-formats", "formats", "--help"),
      Snapshot("help-meta", "meta", "--help"),
      Snapshot("help-architectures", "architectures", "--help"),
    ])
  func help(snapshot: Snapshot) throws { try snapshot.check() }

  @Test(
    "the contents of a checkpoint",
    arguments: [
      Snapshot("inspect-folder", "inspect", "fixtures/yi"),
      Snapshot("inspect-file", "inspect", "fixtures/meta/model.safetensors", "--no-tensors"),
      Snapshot("inspect-shards", "inspect", "fixtures/llama-sharded", "--filter", "*.mlp.*"),
      Snapshot("inspect-gguf", "inspect", "fixtures/expected/yi/yi-q8_0.gguf"),
      Snapshot("inspect-gguf-json", "inspect", "fixtures/expected/aquila/aquila-q8_0.gguf", "--json"),
      Snapshot("inspect-split", "inspect", "fixtures/gguf/split-00002-of-00003.gguf", "--no-tensors"),
      Snapshot("inspect-big-endian", "inspect", "fixtures/gguf/big-endian.gguf"),
      Snapshot("inspect-nested", "inspect", "fixtures/gguf/nested.gguf"),
      Snapshot("inspect-empty", "inspect", "fixtures/gguf/metadata-only.gguf", "--json"),
      Snapshot("inspect-dtypes", "inspect", "fixtures/safetensors/dtypes.safetensors", "--stats"),
      Snapshot("inspect-stats", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--stats", "--filter", "blk.0.*"),
      Snapshot(
        "inspect-stats-json", "inspect", "fixtures/llama-bias", "--stats", "--json", "--filter", "*.layers.0.*norm*"),
      Snapshot("inspect-groups", "inspect", "fixtures/llama-linear", "--by", "layer", "--sort", "size"),
      Snapshot("inspect-kinds-json", "inspect", "fixtures/mistral", "--by", "kind", "--json"),
      Snapshot(
        "inspect-sorted", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--sort", "size", "--filter", "blk.0.*"),
      Snapshot(
        "inspect-several", "inspect", "fixtures/yi", "fixtures/nothing.gguf", "fixtures/meta/model.safetensors",
        "--no-tensors"),
      Snapshot("inspect-some-values", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--metadata", "*_token_id"),
      Snapshot(
        "inspect-some-values-json", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--metadata", "general.*", "--json"),
      Snapshot("inspect-no-values", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--metadata", "nothing.*"),
      Snapshot("ls", "ls", "fixtures/gguf"),
      Snapshot("ls-json", "ls", "fixtures/numpy", "--json"),
      Snapshot("error-ls-file", "ls", "fixtures/README.md"),
      Snapshot(
        "tensor", "tensor", "fixtures/expected/yi/yi-q8_0.gguf", "blk.0.attn_k.weight", "--rows", "-2:", "--columns",
        "1:4"),
      Snapshot("tensor-json", "tensor", "fixtures/yi", "model.layers.0.ln1.weight", "--columns", ":3", "--json"),
      Snapshot("error-tensor-name", "tensor", "fixtures/yi", "model.layers.0.ln1.weigth"),
      Snapshot("error-tensor-rows", "tensor", "fixtures/yi", "model.layers.0.ln1.weight", "--rows", "3:"),
      Snapshot("error-tensor-range", "tensor", "fixtures/yi", "model.layers.0.ln1.weight", "--rows", "a:b"),
      Snapshot("inspect-quiet", "inspect", "fixtures/yi", "--quiet"),
      Snapshot("inspect-metadata", "inspect", "fixtures/gguf/values.gguf", "--no-tensors", "--json"),
      Snapshot(
        "inspect-one-value", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--metadata", "tokenizer.chat_template"),
      Snapshot(
        "inspect-one-array", "inspect", "fixtures/expected/yi/yi-q8_0.gguf", "--metadata", "tokenizer.ggml.scores"),
    ])
  func inspect(snapshot: Snapshot) throws { try snapshot.check() }

  @Test(
    "metadata",
    arguments: [
      Snapshot("meta-all", "meta", "get", "fixtures/expected/yi/yi-q8_0.gguf"),
      Snapshot(
        "meta-one-json", "meta", "get", "fixtures/expected/yi/yi-q8_0.gguf", "tokenizer.ggml.eos_token_id", "--json"),
      Snapshot("meta-safetensors", "meta", "get", "fixtures/llama-gqa/model.safetensors"),
      Snapshot("meta-safetensors-json", "meta", "get", "fixtures/llama-gqa/model.safetensors", "format", "--json"),
      Snapshot(
        "error-meta-text", "meta", "set", "fixtures/llama-gqa/model.safetensors", "format", "1", "--type", "u32"),
      Snapshot("error-meta-key", "meta", "get", "fixtures/expected/yi/yi-q8_0.gguf", "no.such.key"),
      Snapshot("error-meta-layout", "meta", "set", "fixtures/expected/yi/yi-q8_0.gguf", "general.alignment", "64"),
      Snapshot("error-meta-type", "meta", "set", "fixtures/expected/yi/yi-q8_0.gguf", "my.key", "64"),
      Snapshot("error-meta-value", "meta", "set", "fixtures/expected/yi/yi-q8_0.gguf", "general.file_type", "many"),
      Snapshot("error-meta-no-value", "meta", "set", "fixtures/expected/yi/yi-q8_0.gguf", "general.name"),
    ])
  func metadata(snapshot: Snapshot) throws { try snapshot.check() }

  @Test(
    "one line about a mistake",
    arguments: [
      Snapshot("error-missing-file", "inspect", "fixtures/nothing.gguf"),
      Snapshot("error-foreign-file", "inspect", "fixtures/README.md"),
      Snapshot("error-device", "inspect", "/dev/null"),
      Snapshot("error-missing-key", "inspect", "fixtures/yi", "--metadata", "no.such\nkey"),
      Snapshot("error-architecture", "architectures", "gpt5"),
      Snapshot("error-mapping", "architectures", "--mapping", "fixtures/yi/config.json"),
      Snapshot("error-verb", "inspekt"),
      Snapshot("error-no-verb"),
      Snapshot("error-no-path", "inspect"),
      Snapshot("error-threads", "inspect", "fixtures/yi", "--threads", "0"),
    ])
  func mistakes(snapshot: Snapshot) throws { try snapshot.check() }
}
