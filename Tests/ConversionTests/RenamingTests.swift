import Bytes
import Formats
import Models
import Tensors
import TestSupport
import Testing

@testable import Conversion

/// Tensors that only get another name keep their place within the blocks of the disk.
@Suite("Renaming")
struct RenamingTests {
  private let folder = TemporaryFolder()

  /// A model in Yi's names, of 2.2 MB: large enough that blocks are worth sharing.
  private func makeModel() throws -> String {
    let path = folder.file("model")
    try FileSystem.createFolder(path)
    let text = try LocalFile(Fixtures.path("yi/config.json")).wholeContent(limit: 1 << 20)
    var configuration = try #require(try JSON(parsing: text).object)
    configuration["vocab_size"] = .integer(8200)
    configuration["num_hidden_layers"] = .integer(1)
    try AtomicFile.write(
      JSON.object(configuration).encoded(.indented), to: path + "/config.json", overwrite: .refuse)
    let small = try Checkpoint.open(Fixtures.path("yi"))
    let tensors = try small.tensors.filter {
      !$0.name.text.contains("layers.1.") && !$0.name.text.contains("layers.2.")
    }
    .map { tensor in
      let rows = tensor.shape.dimensions[0] == 520 ? 8200 : tensor.shape.dimensions[0]
      return OutputTensor(
        name: tensor.name, format: try #require(tensor.format),
        shape: try #require(Shape([rows] + tensor.shape.dimensions.dropFirst())))
    }
    let layout = try SafeTensors.Layout(tensors: tensors, metadata: small.metadata)
    let data = (0..<layout.fileByteCount - layout.header.count).map {
      UInt8(truncatingIfNeeded: ($0 / 2 &* 31) >> 3 & 63)
    }
    try AtomicFile.write(layout.header + data, to: path + "/model.safetensors", overwrite: .refuse)
    return path
  }

  @Test("keeps the offset of data within a file block")
  func blockOffsets() throws {
    let source = try makeModel(), target = folder.file("renamed")
    try convert(source, to: target) { $0.naming = "hf" }
    let before = try Checkpoint.open(source), after = try Checkpoint.open(target)
    #expect(after.tensor("model.layers.0.input_layernorm.weight") != nil)
    let bytes = try (tensorBytes(source), tensorBytes(target))
    var moved = 0
    for tensor in after.tensors {
      let name = tensor.name.text.replacing("input_layernorm", with: "ln1").replacing(
        "post_attention_layernorm", with: "ln2")
      let old = try #require(before.tensor(TensorName(name)))
      #expect(bytes.0[old.name] == bytes.1[tensor.name])
      if (old.fileOffset - tensor.fileOffset) % AtomicFile.sharedBlockByteCount != 0 { moved += tensor.byteCount }
    }
    // The second norm goes behind the network, which moves by its 128 bytes.
    #expect(moved < 100_000)
  }

  @Test("gives bytes that depend on the input alone")
  func deterministic() throws {
    let source = try makeModel()
    let outputs = try [1, 3].map { threads in
      try convert(source, to: folder.file("renamed-\(threads)"), threads: threads) { $0.naming = "hf" }
      return try LocalFile(folder.file("renamed-\(threads)/model.safetensors")).wholeContent(limit: 1 << 24)
    }
    #expect(outputs[0] == outputs[1])
    // Names that stay leave the file as it was.
    try convert(source, to: folder.file("same"))
    let same = try LocalFile(folder.file("same/model.safetensors")).wholeContent(limit: 1 << 24)
    #expect(same == (try LocalFile(source + "/model.safetensors").wholeContent(limit: 1 << 24)))
  }

  @Test("copies tensors that are adjacent in both files as one byte range")
  func adjacentTensors() throws {
    let source = try makeModel()
    var request = ConversionRequest(destination: folder.file("out"))
    request.naming = "hf"
    let plan = try Planner.plan(try Model.open(source, library: try .bundled()), request)
    let ranges = plan.files[0].copyRanges
    #expect(ranges.reduce(0) { $0 + $1.byteCount } == plan.files[0].byteCount - plan.files[0].header.count)
    // lm_head to ln1; the network; the second norm; attention and the rest.
    #expect(ranges.count == 4)
    let parts = ranges.flatMap { $0.split(limit: 1000) }
    #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.target.upperBound == $1.target.lowerBound })
    #expect(parts.allSatisfy { (1...1000).contains($0.byteCount) })
  }
}
