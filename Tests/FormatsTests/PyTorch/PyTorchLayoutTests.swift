import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

@Suite("A PyTorch file that is written")
struct PyTorchLayoutTests {
  private static let tensors = [
    OutputTensor(name: "a.weight", format: .bf16, shape: [2, 3]), OutputTensor(name: "b", format: .f32, shape: [5]),
    OutputTensor(name: "scalar", format: .f16, shape: []), OutputTensor(name: "empty", format: .f64, shape: [0, 4]),
  ]

  /// A file of the layout, whose tensors have their index as each byte.
  private func file(_ layout: PyTorch.Layout) -> MemorySource {
    var bytes = [UInt8](repeating: 0, count: layout.archive.fileByteCount), sums: [UInt32] = []
    for (index, range) in layout.archive.dataRanges.enumerated() {
      var sum = CRC32()
      let data = [UInt8](repeating: UInt8(index + 1), count: range.count)
      sum.update(data.span.bytes)
      sums.append(sum.value)
      bytes.replaceSubrange(range, with: data)
    }
    for record in layout.archive.records(checksums: sums) {
      bytes.replaceSubrange(record.offset..<record.offset + record.bytes.count, with: record.bytes)
    }
    return MemorySource(path: "a.pth", bytes)
  }

  @Test("has its tensors where the layout says")
  func tensors() throws {
    let layout = try PyTorch.Layout(stem: "a", tensors: Self.tensors)
    let content = try PyTorch.contents(file(layout))
    #expect(content.tensors.map(\.name) == Self.tensors.map(\.name))
    #expect(content.tensors.map(\.shape) == Self.tensors.map(\.shape))
    #expect(content.tensors.map(\.format) == Self.tensors.map(\.format))
    #expect(content.tensors.map(\.byteCount) == Self.tensors.map(\.byteCount))
    #expect(content.tensors.dropLast().map(\.fileOffset) == Array(layout.offsets.dropLast()))
    #expect(content.remarks.isEmpty)
  }

  @Test("has values beside the state dict")
  func values() throws {
    let object = PyTorchObject.dictionary([
      .init(
        "args",
        .namespace([
          .init("small", .integer(7)), .init("short", .integer(300)), .init("negative", .integer(-5)),
          .init("word", .integer(1 << 20)), .init("long", .integer(1 << 40)), .init("least", .integer(.min)),
          .init("real", .real(1e-5)), .init("yes", .bool(true)), .init("no", .bool(false)), .init("text", .text("é")),
          .init("type", .elementType("bfloat16")), .init("nothing", .none),
        ])),
      .init("iteration", .integer(1)), .init("model", .stateDict),
    ])
    let content = try PyTorch.contents(file(PyTorch.Layout(object, stem: "m", tensors: Self.tensors)))
    #expect(content.tensors.map(\.name) == Self.tensors.map(\.name))
    let values = content.trainer.values
    #expect(values["iteration"]?.integer == 1)
    let integers: [String: Int] = [
      "small": 7, "short": 300, "negative": -5, "word": 1 << 20, "long": 1 << 40, "least": .min,
    ]
    for (name, value) in integers { #expect(values["args." + name]?.integer == value, "\(name)") }
    #expect(values["args.real"]?.real == 1e-5)
    #expect(values["args.yes"]?.bool == true)
    #expect(values["args.no"]?.bool == false)
    #expect(values["args.text"]?.text == "é")
    #expect(values["args.type"] == nil)
    #expect(values["args.nothing"] == nil)
  }

  @Test("has no formats without a storage of PyTorch, and no name twice")
  func refused() {
    let quantized = OutputTensor(name: "w", format: .q8_0, shape: [1, 32])
    #expect(
      failure { try PyTorch.Layout(stem: "a", tensors: [quantized]) }
        == "tensor \"w\": Q8_0 cannot be stored in a PyTorch file")
    let one = Self.tensors[0]
    #expect(failure { try PyTorch.Layout(stem: "a", tensors: [one, one]) } == "tensor \"a.weight\": is there twice")
    let huge = OutputTensor(name: "w", format: .f32, shape: Shape([1 << 62]) ?? [])
    #expect(
      failure { try PyTorch.Layout(stem: "a", tensors: [huge]) } == "the file would be larger than any can be")
  }
}
