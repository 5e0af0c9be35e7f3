import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Sums of models, compared with the same sums of their F32 tensors, value by value.
@Suite("Merged models")
struct MergeTests {
  private let folder = TemporaryFolder()
  private let first = Fixtures.path("llama-gqa")

  /// A second model of the same architecture and tokenizer, with other values.
  private func second() throws -> String {
    try WrittenModel(copying: first, in: folder, name: "second") { tensors in
      for index in tensors.indices {
        for element in tensors[index].values.indices {
          tensors[index].values[element] = tensors[index].values[element] * 0.75 + Float(element % 7) * 0.03125
        }
      }
    }.path
  }

  private func floats(_ path: String) throws -> [TensorName: [Float]] {
    try convert(
      path, to: folder.file("plain"),
      {
        $0.type = .format(.f32); $0.overwrite = .replace
      })
    return try tensorBytes(folder.file("plain")).mapValues {
      try Codec.decode(.f32, $0, elementCount: $0.count / 4)
    }
  }

  private func merge(_ merge: Merge, _ source: String, to output: String) throws {
    var requested = RequestedConversion(
      source, library: try .bundled(), request: ConversionRequest(destination: output))
    requested.merge = merge
    requested.request.type = .format(.f32)
    _ = try Executor.run(try requested.plan(), threads: 2)
  }

  private func expect(_ output: String, _ formula: (_ name: TensorName, _ index: Int) -> Float) throws {
    let merged = try floats(output)
    #expect(merged.count == (try floats(first)).count)
    for (name, values) in merged {
      let isSame = values.indices.allSatisfy { values[$0] == formula(name, $0) }
      #expect(isSame, "\(name)")
    }
  }

  @Test("are weighted sums in float32, model by model")
  func average() throws {
    let other = try second(), a = try floats(first), b = try floats(other)
    try merge(Merge(weight: 0.7, others: [other], otherWeights: [0.3]), first, to: folder.file("merged"))
    try expect(folder.file("merged")) { name, index in
      0.7 * (a[name]?[index] ?? .nan) + 0.3 * (b[name]?[index] ?? .nan)
    }
  }

  @Test("are the base with weighted differences added")
  func taskVectors() throws {
    let other = try second(), a = try floats(first), b = try floats(other)
    try merge(
      Merge(weight: nil, others: [other, first], otherWeights: [0.5, 2]), first, to: folder.file("merged"))
    try expect(folder.file("merged")) { name, index in
      let base = a[name]?[index] ?? .nan, value = b[name]?[index] ?? .nan
      return base + 0.5 * (value - base) + 2 * (base - base)
    }
  }

  @Test("match tensors by role, also from a GGUF whose rows are in another order")
  func containers() throws {
    let other = try second(), a = try floats(first), b = try floats(other)
    try convert(other, to: folder.file("second.gguf")) { $0.type = .format(.f32) }
    try merge(
      Merge(weight: 0.25, others: [folder.file("second.gguf")], otherWeights: [0.75]), first,
      to: folder.file("merged"))
    try expect(folder.file("merged")) { name, index in
      0.25 * (a[name]?[index] ?? .nan) + 0.75 * (b[name]?[index] ?? .nan)
    }
  }

  @Test("are refused for another architecture, other shapes and another tokenizer")
  func refused() throws {
    func message(_ other: String) -> String {
      do {
        try merge(Merge(weight: 0.5, others: [other], otherWeights: [0.5]), first, to: folder.file("merged"))
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(message(Fixtures.path("yi")).contains("is of architecture yi, but the first model is of llama"))
    #expect(message(Fixtures.path("llama-bias")).contains("merge models of one architecture and size"))
    #expect(FileSystem.kind(of: folder.file("merged")) == nil)
  }
}
