import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

/// The expected digests are those of the numbers that MLX, bitsandbytes and the formulas of MLC give.
@Suite("A model of another program")
struct ForeignFolderTests {
  @Test("becomes a folder of the values that its library decodes", arguments: ForeignFolder.all)
  func folders(model: ForeignFolder) throws {
    let parent = TemporaryFolder()
    let (_, folder) = try model.stage(in: parent)
    try convert(folder, to: parent.file("plain")) { $0.type = .format(.f32) }
    let tensors = try tensorBytes(parent.file("plain"))
    let expected = try model.digests
    #expect(Set(tensors.keys.map(\.text)) == Set(expected.keys))
    for (name, digest) in expected {
      #expect(tensors[TensorName(name)].map { FileDigest.sha256($0) } == digest, "\(name)")
    }
  }

  @Test("becomes the GGUF that its folder of plain values becomes", arguments: ForeignFolder.all)
  func ggufs(model: ForeignFolder) throws {
    let parent = TemporaryFolder()
    let (_, folder) = try model.stage(in: parent)
    try convert(folder, to: parent.file("plain")) { $0.type = .format(.f32) }
    try convert(parent.file("plain"), to: parent.file("two-steps.gguf")) { $0.type = .format(.f32) }
    try convert(folder, to: parent.file("one-step.gguf")) { $0.type = .format(.f32) }
    #expect(try tensorBytes(parent.file("one-step.gguf")) == tensorBytes(parent.file("two-steps.gguf")))
  }

  @Test("has the hyperparameters and vocabulary of the model that it was made from", arguments: ForeignFolder.all)
  func metadata(model: ForeignFolder) throws {
    let parent = TemporaryFolder()
    let (source, folder) = try model.stage(in: parent)
    func metadata(_ input: String, _ name: String) throws -> [String: String] {
      try convert(input, to: parent.file(name)) { $0.type = .format(.f32) }
      let pairs = try Checkpoint.open(parent.file(name)).metadata.pairs.filter { !$0.key.text.hasPrefix("general.") }
      return Dictionary(uniqueKeysWithValues: pairs.map { ($0.key.text, "\($0.value)") })
    }
    let found = try metadata(folder, "folder.gguf"), expected = try metadata(source, "source.gguf")
    // MLC computes Phi-3 without its sliding window, and does not store it.
    let lost: Set = model.testDescription == "mlc/phi3" ? ["phi3.attention.sliding_window"] : []
    // Ids of special tokens that only config.json states are in no file of MLC.
    let isMLC = model.testDescription.hasPrefix("mlc/")
    for (key, value) in expected where !lost.contains(key) && !(isMLC && key.hasSuffix("_token_id")) {
      #expect(found[key] == value, "\(key)")
    }
    // A head dimension that is stated although it follows from other numbers.
    let further = found.keys.filter { expected[$0] == nil }
    #expect(further.allSatisfy { $0.hasSuffix(".key_length") || $0.hasSuffix(".value_length") }, "\(further)")
  }

  @Test("leaves nothing of its encoding in config.json", arguments: ForeignFolder.all)
  func configuration(model: ForeignFolder) throws {
    let parent = TemporaryFolder()
    let (_, folder) = try model.stage(in: parent)
    try convert(folder, to: parent.file("plain"))
    let members = try #require(
      try JSON(parsing: LocalFile(parent.file("plain/config.json")).wholeContent(limit: 1 << 20)).object)
    #expect(members["quantization"] == nil && members["quantization_config"] == nil)
    #expect(members["architectures"]?.array?.count == 1)
    #expect(members["model_type"]?.string != nil)
    let names = try FileSystem.list(parent.file("plain"))
    #expect(!names.contains { $0.hasPrefix("mlc-") || $0.hasSuffix("-cache.json") || $0.hasSuffix(".bin") })
    #expect(names.contains("tokenizer_config.json"))
  }
}
