import Bytes
import Formats
import TestSupport
import Tensors
import Testing

@Suite("A hostile GGUF")
struct HostileGGUFTests {
  let folder = TemporaryFolder()

  @Test("refuses", arguments: headers + pairs + alignments + records + data)
  func refusal(file: HostileFile) throws {
    let path = try folder.write(file.bytes, to: "m.gguf")
    #expect(failure { try Checkpoint.open(path) } == "\(path): \(file.message)")
  }

  private static func file(_ name: String, _ message: String, _ change: (inout GGUFBytes) -> Void) -> HostileFile {
    var file = GGUFBytes()
    change(&file)
    return HostileFile(name: name, bytes: file.bytes, message: message)
  }

  /// A file that ends with its header, without padding.
  private static func cut(_ name: String, _ message: String, _ change: (inout GGUFBytes) -> Void) -> HostileFile {
    var file = GGUFBytes()
    change(&file)
    return HostileFile(name: name, bytes: file.headerBytes, message: message)
  }

  /// A file whose only pair, `k`, has this type and value.
  private static func value(_ name: String, _ type: UInt32, _ value: [UInt8], _ message: String) -> HostileFile {
    cut(name, "key \"k\": \(message)") { $0.pairs = [$0.pair("k", type, value)] }
  }

  private static func record(
    _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0, _ message: String
  ) -> HostileFile {
    file(name, "tensor \"t\": \(message)") { $0.records = [.init("t", dimensions, type: type, offset: offset)] }
  }

  private static let number = GGUFBytes()

  static let headers: [HostileFile] = [
    HostileFile(
      name: "magic alone", bytes: Array("GGUF".utf8),
      message: "header: needs 4 bytes at byte 4 but only 0 follow (is the download complete?)"),
    HostileFile(
      name: "half a count", bytes: Array("GGUF".utf8) + [3, 0, 0, 0, 0, 0],
      message: "header: needs 8 bytes at byte 8 but only 2 follow (is the download complete?)"),
    file("reversed magic", "has the byte-swapped magic \"FUGG\", expected \"GGUF\"") { $0.magic.reverse() },
    file("other magic", "begins with 47 47 55 67, expected \"GGUF\"") { $0.magic = Array("GGUg".utf8) },
    file("version 0", "GGUF version 0 is unknown, expected 2 or 3") { $0.version = 0 },
    file(
      "version 1",
      "is GGUF version 1, which only files of August 2023 have, expected 2 or 3 (convert the model again)"
    ) { $0.version = 1 },
    file("version 4", "GGUF version 4 is unknown, expected 2 or 3") { $0.version = 4 },
    file("big-endian version 4", "GGUF version 4 is unknown, expected 2 or 3") { $0.version = 4 << 24 },
    cut(
      "tensor count that wraps", "states 18,446,744,073,709,551,615 tensors, more than the 0 bytes that follow can hold"
    ) {
      $0.declaredTensorCount = .max
    },
    cut(
      "tensor count by struct size",
      "states 576,460,752,303,423,488 tensors, more than the 0 bytes that follow can hold"
    ) {
      $0.declaredTensorCount = 1 << 59
    },
    cut("pair count", "states 9,223,372,036,854,775,808 key-value pairs, more than the 0 bytes that follow can hold") {
      $0.statedPairCount = 1 << 63
    },
    cut(
      "one pair too many", "key-value pair 2: needs 8 bytes at byte 58 but only 1 follows (is the download complete?)"
    ) {
      $0.pairs = [$0.pair("long key of a pair", 4, $0.number(UInt32(1))) + [0]]
      $0.statedPairCount = 2
    },
  ]

  static let pairs: [HostileFile] = [
    file("empty key", "key-value pair 1: key is empty") { $0.pairs = [$0.pair("", 0, [1])] },
    file("duplicate key", "key \"a\" occurs twice") { $0.pairs = [$0.pair("a", 0, [1]), $0.pair("a", 0, [1])] },
    file("key that is not UTF-8", "key-value pair 1: name is not valid UTF-8") {
      $0.pairs = [$0.number(UInt64(1)) + [0xFF] + $0.number(UInt32(0)) + [0]]
    },
    file("key over the limit", "key-value pair 1: string of 65,536 bytes, at most 65,535 are allowed") {
      $0.pairs = [$0.pair(String(repeating: "k", count: 65_536), 0, [1])]
    },
    file(
      "key length that wraps",
      "key-value pair 1: string of 18,446,744,073,709,551,615 bytes, at most 65,535 are allowed"
    ) { $0.pairs = [$0.number(UInt64.max) + [UInt8](repeating: 0, count: 8)] },
    value("unknown type", 13, [0], "value type 13 is unknown, expected 0 to 12"),
    value("bool 2", 7, [2], "boolean is 2, expected 0 or 1"),
    value("bool 2 in an array", 9, number.array(7, [[0], [2]]), "boolean is 2, expected 0 or 1"),
    value(
      "string past the end", 8, number.number(UInt64(100)) + [0],
      "needs 100 bytes at byte 45 but only 1 follows (is the download complete?)"),
    value(
      "string over the limit", 8, number.number(UInt64(1) << 40),
      "string of 1,099,511,627,776 bytes, at most 67,108,864 are allowed"),
    value(
      "array past the end", 9, number.array(4, [], statedCount: 1000),
      "needs 4,000 bytes at byte 49 but only 0 follow (is the download complete?)"),
    value(
      "array of a wrapping size", 9, number.array(10, [], statedCount: 1 << 61),
      "array of 2,305,843,009,213,693,952 elements, at most 16,777,216 are allowed"),
    value("array of unknown type", 9, number.array(99, []), "value type 99 is unknown, expected 0 to 12"),
    value(
      "strings past the end", 9, number.array(8, [number.string("a")], statedCount: 2),
      "needs 16 bytes at byte 49 but only 9 follow (is the download complete?)"),
    value("nesting", 9, nested(9), "arrays are nested deeper than 8 levels"),
    value("nesting of 100,000", 9, nested(100_000), "arrays are nested deeper than 8 levels"),
  ]

  static let alignments: [HostileFile] = [
    file("alignment 0", "key \"general.alignment\" is 0, expected a power of two up to 65,536") {
      $0.pairs = [$0.pair("general.alignment", 4, $0.number(UInt32(0)))]
    },
    file("odd alignment", "key \"general.alignment\" is 24, expected a power of two up to 65,536") {
      $0.pairs = [$0.pair("general.alignment", 4, $0.number(UInt32(24)))]
    },
    file("huge alignment", "key \"general.alignment\" is 2,147,483,648, expected a power of two up to 65,536") {
      $0.pairs = [$0.pair("general.alignment", 4, $0.number(UInt32(1) << 31))]
    },
    file("alignment of another type", "key \"general.alignment\" is u64, expected u32") {
      $0.pairs = [$0.pair("general.alignment", 10, $0.number(UInt64(32)))]
    },
  ]

  static let records: [HostileFile] = [
    file("duplicate tensor", "tensor \"t\" occurs twice") { $0.records = [.init("t", []), .init("t", [])] },
    file("name that is not UTF-8", "tensor record 1: name is not valid UTF-8") {
      $0.records = [.init("t", [])]
      $0.records[0].name = [0xC0, 0x80]
    },
    cut(
      "name past the end",
      "tensor record 1: needs 60,000 bytes at byte 32 but only 16 follow (is the download complete?)"
    ) {
      $0.declaredTensorCount = 1
      $0.pairs = [$0.number(UInt64(60_000)) + [UInt8](repeating: 0, count: 16)]
      $0.statedPairCount = 0
    },
    record("rank 5", [1, 1, 1, 1, 1], "has 5 dimensions, at most 4 are allowed"),
    record("negative extent", [UInt64.max], "dimension 18,446,744,073,709,551,615 does not fit 63 bits"),
    record(
      "product that wraps to 0", [1 << 32, 1 << 32],
      "shape [4294967296, 4294967296] has more bytes than 63 bits can count"),
    record(
      "byte count that wraps", [1 << 62], "shape [4611686018427387904] has more bytes than 63 bits can count"),
    record(
      "rows that break a block", [48, 2], type: 2, "rows of 48 elements are not a whole number of blocks of 32 (Q4_0)"),
    record("scalar in blocks", [], type: 12, "rows of 1 element are not a whole number of blocks of 256 (Q4_K)"),
    record("unaligned offset", [1], offset: 4, "offset 4 is not a multiple of the alignment 32"),
    record("offset beyond 63 bits", [1], offset: 1 << 63, "offset 9,223,372,036,854,775,808 is outside any file"),
    record(
      "offset that wraps", [1], offset: (1 << 63) - 32, "offset 9,223,372,036,854,775,776 is outside any file"),
  ]

  static let data: [HostileFile] = [
    file(
      "no data",
      "tensor \"t\": data ends at byte 136 but the file has 64 bytes (72 bytes are missing; is the download complete?)"
    ) { $0.records = [.init("t", [18])] },
    file(
      "truncated data names the last tensor",
      "tensor \"b\": data ends at byte 228 but the file has 227 bytes (1 byte is missing; is the download complete?)"
    ) {
      $0.records = [.init("b", [1], offset: 96), .init("a", [4], offset: 32), .init("c", [1], offset: 0)]
      $0.dataByteCount = 99
    },
    file(
      "offset far outside",
      "tensor \"t\": data ends at byte 1,099,511,627,844 but the file has 68 bytes"
        + " (1,099,511,627,776 bytes are missing; is the download complete?)"
    ) {
      $0.records = [.init("t", [1], offset: 1 << 40)]
      $0.dataByteCount = 4
    },
    file("overlap", "tensor \"b\": data begins at byte 128 but \"a\" ends at byte 160 (they overlap)") {
      $0.records = [.init("a", [16]), .init("b", [8], offset: 32)]
      $0.dataByteCount = 64
    },
    file("the same range twice", "tensor \"b\": data begins at byte 96 but \"a\" ends at byte 100 (they overlap)") {
      $0.records = [.init("a", [1]), .init("b", [1])]
      $0.dataByteCount = 4
    },
  ]

  /// Arrays of one array each; the innermost is empty.
  private static func nested(_ depth: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for level in 1...depth {
      bytes += number.number(UInt32(level == depth ? 4 : 9)) + number.number(UInt64(level == depth ? 0 : 1))
    }
    return bytes
  }

  @Test("reads what is unusual but valid", arguments: [ByteOrder.littleEndian, .bigEndian])
  func unusual(byteOrder: ByteOrder) throws {
    var file = GGUFBytes(byteOrder)
    #expect(try open(file.headerBytes).tensors.isEmpty)
    file.pairs = [
      file.pair("general.alignment", 4, file.number(UInt32(1))), file.pair("k\0", 9, Self.nested(byteOrder, 8)),
      file.pair("nan", 6, file.number(UInt32(0x7FC0_0001))), file.pair("text", 8, file.number(UInt64(1)) + [0xFF]),
    ]
    file.alignment = 1
    file.records = [
      .init(String(repeating: "n", count: 200), [0, 5], offset: 3), .init("", [1, 1, 1, 1], type: 24, offset: 7),
      .init("x", [2], type: 24, offset: 0), .init("removed", [2], type: 4, offset: 9),
    ]
    file.dataByteCount = 12
    let checkpoint = try open(file.bytes)
    #expect(checkpoint.tensors.map(\.byteCount) == [0, 1, 2, 0])
    #expect(checkpoint.tensors[3].declaredFormat == .unknown("ggml type 4"))
  }

  private static func nested(_ byteOrder: ByteOrder, _ depth: Int) -> [UInt8] {
    let file = GGUFBytes(byteOrder)
    return (1..<depth).reduce(file.array(4, [])) { inner, _ in file.array(9, [inner]) }
  }

  @Test("may have an empty tensor after omitted padding")
  func emptyTensor() throws {
    var file = GGUFBytes()
    file.records = [.init("a", [1]), .init("none", [0, 4], offset: 32)]
    file.dataByteCount = 4
    #expect(try open(file.bytes).tensors.map(\.byteCount) == [4, 0])
    file.records[1].offset = 64
    #expect(
      failure { try open(file.bytes) }.hasSuffix(
        ": tensor \"none\": data ends at byte 192 but the file has 132 bytes (60 bytes are missing; is the download complete?)"
      ))
  }

  @Test("has remarks about gaps, order and trailing bytes")
  func remarks() throws {
    var file = GGUFBytes()
    file.records = [.init("b", [8], offset: 128), .init("a", [1], offset: 32)]
    file.dataByteCount = 165
    #expect(
      try open(file.bytes).remarks == [
        "2 gaps between tensors' data, 96 bytes in all", "tensors' data is not in the order of their records",
        "5 bytes after the tensors' data",
      ])
  }

  private func open(_ bytes: [UInt8]) throws -> Checkpoint {
    try Checkpoint.open(try folder.write(bytes, to: "m.gguf"))
  }
}
