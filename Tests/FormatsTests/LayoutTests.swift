import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// What is written is, byte for byte, what the packages of the formats write, and reads back as it was.
@Suite("A file layout")
struct LayoutTests {
  let folder = TemporaryFolder()

  @Test(
    "lays GGUF out as the gguf package does",
    arguments: [
      "gguf/values.gguf", "gguf/alignment-64.gguf", "gguf/metadata-only.gguf", "gguf/nested.gguf",
      "expected/yi/yi-q8_0.gguf",
    ])
  func ggufHeader(name: String) throws {
    let file = try LocalFile(Fixtures.path(name))
    let checkpoint = try Checkpoint.open(file.path)
    let layout = try GGUF.Layout(tensors: checkpoint.declarations, metadata: checkpoint.metadata)
    #expect(layout.header == (try file.bytes(at: 0, count: layout.header.count)))
    #expect(layout.offsets == checkpoint.tensors.map(\.fileOffset))
    #expect(layout.fileByteCount == file.byteCount)
  }

  @Test(
    "lays safetensors out as the safetensors package does",
    arguments: [
      "safetensors/dtypes.safetensors", "llama-gqa/model.safetensors", "aquila/model.safetensors",
    ])
  func safeTensorsHeader(name: String) throws {
    let file = try LocalFile(Fixtures.path(name))
    let checkpoint = try Checkpoint.open(file.path)
    let layout = try SafeTensors.Layout(tensors: checkpoint.declarations.reversed(), metadata: checkpoint.metadata)
    #expect(layout.header == (try file.bytes(at: 0, count: layout.header.count)))
    #expect(layout.offsets.reversed() == checkpoint.tensors.map(\.fileOffset))
    #expect(layout.fileByteCount == file.byteCount)
  }

  static let tensors: [OutputTensor] = [
    .init(name: "blk.0.weight", format: .q4_0, shape: [3, 64]), .init(name: "a", format: .f16, shape: [5]),
    .init(name: "scalar", format: .f32, shape: []), .init(name: "none", format: .bf16, shape: [4, 0]),
    .init(name: "e\u{301}", format: .i64, shape: [1]), .init(name: "\u{e9}", format: .f64, shape: [2, 1, 3, 1]),
  ]

  @Test("what is written as GGUF reads back", arguments: [nil, 8, 32, 4096] as [UInt32?])
  func ggufRoundTrip(alignment: UInt32?) throws {
    var metadata = Metadata()
    for (key, value) in GGUFReadingTests.everyValue.sorted(by: { $0.key > $1.key }) { metadata[key] = value }
    metadata["general.alignment"] = alignment.map { .uint32($0) }
    let layout = try GGUF.Layout(tensors: Self.tensors, metadata: metadata)
    let checkpoint = try open(layout.header, layout.fileByteCount)
    #expect(checkpoint.metadata.pairs == metadata.pairs)
    #expect(checkpoint.declarations == Self.tensors)
    #expect(checkpoint.tensors.map(\.fileOffset) == layout.offsets)
    #expect(layout.offsets.allSatisfy { $0 % Int(alignment ?? 32) == 0 })
    #expect(checkpoint.remarks == [])
  }

  @Test("of safetensors reads back")
  func safeTensors() throws {
    var metadata = Metadata()
    metadata["format"] = .string("pt")
    metadata["\"quoted\"\n"] = .string("\u{1}é\u{2028}😀\\")
    let tensors = Self.tensors.dropFirst()
    let layout = try SafeTensors.Layout(tensors: Array(tensors), metadata: metadata)
    let checkpoint = try open(layout.header, layout.fileByteCount)
    #expect(checkpoint.metadata == metadata)
    #expect(checkpoint.tensors.map(\.name) == ["e\u{301}", "\u{e9}", "scalar", "none", "a"])
    #expect(Set(checkpoint.declarations) == Set(tensors))
    for (tensor, offset) in zip(tensors, layout.offsets) {
      #expect(checkpoint.tensor(tensor.name)?.fileOffset == offset)
    }
    #expect(layout.header.count % 8 == 0)
  }

  /// Each case: where the data of three tensors stands in the files they come from, and the spaces that follow from it.
  static let paddings: [(places: [(index: Int, fileOffset: Int, byteCount: Int)], spaces: Int)] = [
    ([], 0),
    // All data moves by the same; tensor 1 lies 1 MiB behind tensor 0.
    ([(0, 4096 + 512, 1 << 20), (1, 4096 + 512 + 1 << 20, 1 << 20)], 320),
    // Most bytes decide, then the fewer spaces.
    ([(0, 4096 + 512, 1 << 20), (1, 4096 + 256, 2 << 20)], 64),
    ([(0, 4096 + 512, 1 << 20), (1, 4096 + 256, 1 << 20)], 64),
    // Too little to matter, and a place that is no multiple of 8.
    ([(0, 4096 + 512, 1 << 20 - 1)], 0),
    ([(0, 4096 + 511, 1 << 20)], 0),
  ]

  @Test("pads a header so that data keeps its offset within a file block", arguments: paddings)
  func padding(places: [(index: Int, fileOffset: Int, byteCount: Int)], spaces: Int) throws {
    let tensors = (0..<2).map { OutputTensor(name: TensorName("tensor.\($0)"), format: .u8, shape: [1 << 20]) }
    var metadata = Metadata()
    metadata["format"] = .string("pt")
    let plain = try SafeTensors.Layout(tensors: tensors, metadata: metadata)
    #expect(plain.header.count == 192)
    let padded = plain.padded(
      toShare: places.map {
        SafeTensors.SourceRange(
          tensorIndex: $0.index, tensorOffset: 0, fileOffset: $0.fileOffset, byteCount: $0.byteCount)
      })
    #expect(padded.header.count == 192 + spaces)
    #expect(padded.header.dropFirst(8) == plain.header.dropFirst(8) + [UInt8](repeating: 0x20, count: spaces))
    let checkpoint = try open(padded.header, padded.fileByteCount)
    #expect(checkpoint.tensors.map(\.fileOffset) == padded.offsets)
    #expect(padded.offsets == plain.offsets.map { $0 + spaces })
  }

  private func open(_ header: [UInt8], _ byteCount: Int) throws -> Checkpoint {
    let data = [UInt8](repeating: 0, count: byteCount - header.count)
    return try Checkpoint.open(try folder.write(header + data, to: "written"))
  }

  static let unwritable: [(tensor: OutputTensor, message: String)] = [
    (
      .init(name: "t", format: .f8_e4m3, shape: [1]), "tensor \"t\": GGUF cannot store F8_E4M3"
    ),
    (
      .init(name: .init(String(repeating: "é", count: 32)), format: .f32, shape: [1]),
      "tensor \"\(String(repeating: "é", count: 32))\": name has 64 bytes, at most 63 can be written to GGUF"
    ),
    (
      .init(name: "a\0b", format: .f32, shape: [1]),
      "tensor \"a\\u{0}b\": name contains a zero byte, which GGUF readers cut it at"
    ),
    (
      .init(name: "t", format: .f32, shape: [1, 1, 1, 1, 1]),
      "tensor \"t\": has 5 dimensions, at most 4 can be written to GGUF"
    ),
    (
      .init(name: "t", format: .q4_K, shape: [2, 128]),
      "tensor \"t\": rows of 128 elements are not a whole number of blocks of 256 (Q4_K)"
    ),
    (
      .init(name: "t", format: .f32, shape: Shape([1 << 62]) ?? []),
      "tensor \"t\": shape [4611686018427387904] has more bytes than 63 bits can count"
    ),
  ]

  @Test("refuses to write to GGUF", arguments: unwritable)
  func ggufRefusal(tensor: OutputTensor, message: String) {
    #expect { try GGUF.Layout(tensors: [tensor], metadata: Metadata()) } throws: { "\($0)" == message }
  }

  @Test("of safetensors refuses formats and shapes that it cannot have")
  func refusals() {
    func message(_ tensors: [OutputTensor], _ metadata: [String: MetadataValue] = [:]) -> String {
      var pairs = Metadata()
      for (key, value) in metadata { pairs[key] = value }
      do {
        _ = try SafeTensors.Layout(tensors: tensors, metadata: pairs)
        return ""
      } catch {
        return error.description
      }
    }
    let one = OutputTensor(name: "t", format: .f32, shape: [1])
    #expect(message([.init(name: "t", format: .q8_0, shape: [32])]) == "tensor \"t\": safetensors cannot store Q8_0")
    #expect(message([one, one]) == "header: key \"t\" occurs twice")
    #expect(
      message([.init(name: "t", format: .f4, shape: [3])]) == "tensor \"t\": 3 elements of F4 do not fill whole bytes")
    #expect(
      message([.init(name: "__metadata__", format: .f32, shape: [])])
        == "a tensor cannot be named \"__metadata__\" in safetensors")
    #expect(message([one], ["n": .uint8(1)]) == "header: __metadata__ key \"n\" is u8, expected a string")
  }
}

extension Checkpoint {
  /// The tensors as they would be declared for writing.
  var declarations: [OutputTensor] {
    tensors.compactMap { tensor in
      tensor.format.map { OutputTensor(name: tensor.name, format: $0, shape: tensor.shape) }
    }
  }
}
