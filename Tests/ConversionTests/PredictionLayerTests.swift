import Architectures
import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// Layers that predict more tokens: kept unless they are left out by name.
@Suite("Layers that predict more tokens")
struct PredictionLayerTests {
  private let folder = TemporaryFolder()

  @discardableResult
  private func convert(
    _ source: String, to name: String, _ predictionLayers: PredictionLayers, type: StorageFormat = .f32
  ) throws -> String {
    let output = folder.file(name)
    var conversion = RequestedConversion(
      source, library: try .bundled(), request: ConversionRequest(destination: output))
    conversion.request.type = .format(type)
    conversion.predictionLayers = predictionLayers
    try Executor.run(try conversion.plan(), threads: 2)
    return output
  }

  @Test(
    "are left out of a GGUF, and of its counts", arguments: ["qwen3-5", "qwen3-5-nested", "qwen3-5-moe", "qwen3-next"])
  func omitted(name: String) throws {
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    let whole = try convert(source, to: "whole.gguf", .keep)
    for (index, input) in [source, whole].enumerated() {
      let model = try Model.open(convert(input, to: "\(index).gguf", .omit), library: .bundled())
      #expect(model.problems.isEmpty)
      #expect(model.hyperparameters.integer("layer_count") == 4)
      #expect(model.hyperparameters.integer("prediction_layer_count") == 0)
      let architecture = try #require(model.definition.ggufArchitecture)
      let metadata = model.checkpoint.metadata
      #expect(metadata["\(architecture).block_count"]?.integer == 4)
      #expect(metadata["\(architecture).nextn_predict_layers"] == nil)
      #expect(metadata["\(architecture).attention.recurrent_layers"]?.elements?.count == 4)
      #expect(!model.checkpoint.tensors.contains { $0.name.text.hasPrefix("blk.4.") })
    }
  }

  @Test("are left out of a folder, and of its configuration")
  func omittedFromFolder() throws {
    let source = try ArchitectureFixture.named("qwen3-5-moe").stage(in: folder)
    let model = try Model.open(convert(source, to: "out", .omit), library: .bundled())
    #expect(!model.checkpoint.tensors.contains { $0.name.text.hasPrefix("mtp.") })
    #expect(model.configuration?.member("mtp_num_hidden_layers") == .integer(0))
  }

  @Test("are those of the tensors, if the configuration states others")
  func statedWithoutTensors() throws {
    let source = try ArchitectureFixture.named("qwen3-5").stage(in: folder)
    let without = try convert(source, to: "without", .omit)
    try folder.edit("without/config.json") { text in
      text.replacing("\"model_type\"", with: "\"mtp_num_hidden_layers\": 1, \"model_type\"")
    }
    let one = try convert(without, to: "one.gguf", .keep), other = try convert(source, to: "other.gguf", .omit)
    #expect(try tensorBytes(one) == tensorBytes(other))
    let model = try Model.open(one, library: .bundled())
    #expect(model.hyperparameters.integer("prediction_layer_count") == 0 && model.problems.isEmpty)
  }

  @Test("that lack a tensor are refused")
  func incomplete() throws {
    let source = try ArchitectureFixture.named("qwen3-5").stage(in: folder)
    try folder.edit("qwen3-5/model.safetensors") { $0.replacing("\"mtp.fc.weight\"", with: "\"mtp.fx.weight\"") }
    #expect {
      try convert(source, to: "out.gguf", .keep)
    } throws: { "\($0)".contains("mtp.fc.weight") }
  }

  @Test(
    "and types of layers that are unknown, or too few, are refused by name",
    arguments: [
      (
        "\"full_attention\"", "\"chunked_attention\"",
        "key \"layer_types\" has \"chunked_attention\" at index 3, expected \"linear_attention\" or \"full_attention\""
      ),
      (
        "\"full_attention\"", "\"full_attention\", \"full_attention\"",
        "recurrent_layers has 5 entries, expected one for each of 4 layers"
      ),
    ])
  func layerTypes(text: String, other: String, message: String) throws {
    let source = try ArchitectureFixture.named("qwen3-5").stage(in: folder)
    try folder.edit("qwen3-5/config.json") { $0.replacing(text, with: other) }
    #expect {
      try convert(source, to: "out.gguf", .keep)
    } throws: { "\($0)".contains(message) }
  }
}

extension TemporaryFolder {
  /// Changes a file as text of one byte for each character.
  fileprivate func edit(_ name: String, _ change: (String) -> String) throws {
    let bytes = try LocalFile(file(name)).wholeContent(limit: 1 << 24)
    let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    let changed = change(text).unicodeScalars.map { UInt8($0.value) }
    try AtomicFile.write(changed, to: file(name), overwrite: .replace)
  }
}
