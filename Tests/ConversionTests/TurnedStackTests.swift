import Bytes
import Conversion
import Models
import TestSupport
import Tensors
import Testing

/// Stacks of experts that one scheme stores transposed or not.
@Suite("A stack that may be transposed")
struct TurnedStackTests {
  let folder = TemporaryFolder()

  /// Each expert's matrix with rows and columns exchanged.
  private static func turned(_ tensor: WrittenModel.Tensor) -> WrittenModel.Tensor {
    let (count, rows, columns) = (tensor.dimensions[0], tensor.dimensions[1], tensor.dimensions[2])
    var values: [Float] = []
    for expert in 0..<count {
      for column in 0..<columns {
        for row in 0..<rows { values.append(tensor.values[(expert * rows + row) * columns + column]) }
      }
    }
    return .init(name: tensor.name, dimensions: [count, columns, rows], values: values)
  }

  private func written(_ name: String, _ change: (inout [WrittenModel.Tensor]) -> Void) throws -> String {
    let parent = TemporaryFolder()
    let source = try ArchitectureFixture.named("qwen3-vl-moe").stage(in: parent)
    let above = Path.folder(of: name)
    if !above.isEmpty, above != "." { try FileSystem.createFolder(folder.file(above)) }
    return try WrittenModel(copying: source, in: folder, name: name, change).path
  }

  @Test("is told by its shape: both forms give one GGUF")
  func forms() throws {
    let published = try written("one/model") { _ in }
    let turned = try written("two/model") { tensors in
      tensors = tensors.map { $0.name.contains(".mlp.experts.") ? Self.turned($0) : $0 }
    }
    for (source, name) in [(published, "published.gguf"), (turned, "turned.gguf")] {
      try convert(source, to: folder.file(name)) { $0.type = .format(.f32) }
    }
    let digests = try ["published.gguf", "turned.gguf"].map { try FileDigest.sha256(LocalFile(folder.file($0))) }
    #expect(digests[0] == digests[1])
  }

  @Test("that fits neither way is refused with the shape of both")
  func misfit() throws {
    let source = try written("model") { tensors in
      guard let index = tensors.firstIndex(where: { $0.name.hasSuffix("0.mlp.experts.down_proj") }) else { return }
      tensors[index].dimensions = [6, 16, 48]
    }
    let model = try Model.open(source, library: .bundled())
    let words = model.problems.map { "\($0)" }
    #expect(words.count == 1 && words[0].contains("down_proj") && words[0].contains("6 × 16 × 48"))
    #expect(words[0].contains("6 × 32 × 24"))
  }
}
