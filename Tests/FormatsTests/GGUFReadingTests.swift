import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A GGUF reader")
struct GGUFReadingTests {
  let folder = TemporaryFolder()

  /// Every type of value, in the given byte order.
  static func everyType(_ byteOrder: ByteOrder) -> GGUFBytes {
    var file = GGUFBytes(byteOrder)
    file.pairs = [
      file.pair("u8", 0, [200]), file.pair("i8", 1, file.number(Int8(-5))), file.pair("u16", 2, file.number(UInt16(1))),
      file.pair("i16", 3, file.number(Int16(-2))), file.pair("u32", 4, file.number(UInt32(7))),
      file.pair("i32", 5, file.number(Int32(-7))), file.pair("f32", 6, file.number(Float(1.5).bitPattern)),
      file.pair("bool", 7, [1]), file.pair("string", 8, file.string("grün")),
      file.pair("u64", 10, file.number(UInt64.max)), file.pair("i64", 11, file.number(Int64.min)),
      file.pair("f64", 12, file.number((-0.25).bitPattern)),
      file.pair("strings", 9, file.array(8, ["a", "", "bc"].map(file.string))),
      file.pair("bools", 9, file.array(7, [[1], [0]])),
      file.pair("nested", 9, file.array(9, [file.array(5, [file.number(Int32(1))]), file.array(8, [])])),
      file.pair("f32s", 9, file.array(6, [Float.infinity, -1].map { file.number($0.bitPattern) })),
    ]
    return file
  }

  static let everyValue: [String: MetadataValue] = [
    "u8": .uint8(200), "i8": .int8(-5), "u16": .uint16(1), "i16": .int16(-2), "u32": .uint32(7), "i32": .int32(-7),
    "f32": .float32(1.5), "bool": .bool(true), "string": .string("grün"), "u64": .uint64(.max),
    "i64": .int64(.min), "f64": .float64(-0.25), "strings": .array(.string(["a", "", "bc"])),
    "bools": .array(.bool([true, false])), "nested": .array(.array([.int32([1]), .string([])])),
    "f32s": .array(.float32([.infinity, -1])),
  ]

  @Test("reads every type of value", arguments: [ByteOrder.littleEndian, .bigEndian])
  func values(byteOrder: ByteOrder) throws {
    let path = try folder.write(Self.everyType(byteOrder).bytes, to: "a.gguf")
    let checkpoint = try Checkpoint.open(path)
    #expect(checkpoint.metadata.pairs.count == Self.everyValue.count)
    for (key, value) in Self.everyValue { #expect(checkpoint.metadata[key] == value) }
    #expect(checkpoint.containerFacts == ["version": "3", "byteOrder": byteOrder.rawValue, "alignment": "32"])
  }

  @Test("reverses shapes and locates data")
  func shapesAndOffsets() throws {
    var file = GGUFBytes()
    file.version = 2
    file.records = [
      .init("a", [3, 2]), .init("b", [32], type: 2, offset: 32), .init("scalar", [], offset: 64),
      .init("future", [8], type: 99, offset: 96),
    ]
    file.dataByteCount = 104
    let path = try folder.write(file.bytes, to: "a.gguf")
    let checkpoint = try Checkpoint.open(path)
    let start = file.bytes.count - 104
    #expect(checkpoint.tensors.map(\.name) == ["a", "b", "scalar", "future"])
    #expect(checkpoint.tensors.map(\.shape) == [[2, 3], [32], [], [8]])
    #expect(checkpoint.tensors.map(\.fileOffset) == [start, start + 32, start + 64, start + 96])
    #expect(checkpoint.tensors.map(\.byteCount) == [24, 18, 4, 0])
    #expect(checkpoint.tensors.map(\.declaredFormat.description) == ["F32", "Q4_0", "F32", "ggml type 99"])
    #expect(checkpoint.remarks == [])
  }
}
