import Bytes
import Formats
import Tensors
import TestSupport
import Testing

/// Importance matrices in both forms: what is read, and what is refused.
@Suite("An importance matrix") struct ImportanceMatrixFileTests {
  fileprivate let folder = TemporaryFolder()

  @Test("says the same in both forms")
  func bothForms() throws {
    let gguf = try ImportanceMatrix.open(Fixtures.path("imatrix", "dense.gguf.imatrix"))
    let legacy = try ImportanceMatrix.open(Fixtures.path("imatrix", "dense.dat"))
    #expect(gguf.container == .gguf && legacy.container == .legacy)
    #expect(gguf.chunkCount == 3 && gguf.chunkSize == 512 && legacy.chunkCount == 3 && legacy.chunkSize == nil)
    #expect(gguf.datasets.count == 2 && legacy.datasets == ["texts"])
    #expect(gguf.entries.count == 35)
    #expect(gguf.entries.map(\.name) == legacy.entries.map(\.name))
    for entry in gguf.entries {
      let other = try #require(legacy.entry(entry.name))
      let values = try gguf.importance(of: entry, 0..<entry.valueCount)
      let others = try legacy.importance(of: other, 0..<other.valueCount)
      #expect(values.count == 256)
      for (value, other) in zip(values, others) { #expect(abs(value - other) <= value * 0x1p-22) }
    }
  }

  @Test("gives the columns of experts that were never used the same weight")
  func unusedExperts() throws {
    let matrix = try ImportanceMatrix.open(Fixtures.path("imatrix", "mixtral.gguf.imatrix"))
    let entry = try #require(matrix.entry("blk.1.ffn_down_exps.weight"))
    #expect(entry.valueCount == 8 * 256 && entry.counts.count == 8)
    #expect(entry.unusedExperts == [1])
    #expect(try matrix.importance(of: entry, 254..<258).suffix(2) == [1, 1])
    #expect(try matrix.importance(of: entry, 511..<514).first == 1)
    #expect(try matrix.importance(of: entry, 0..<256).contains { $0 != 1 })
  }

  /// The legacy format of one entry `a` with the values 1 and 2, followed by `rest`.
  fileprivate static func legacy(
    count: Int32 = 1, name: [UInt8] = [0x61], nameLength: Int32? = nil, passes: Int32 = 2, values: [Float] = [1, 2],
    valueCount: Int32? = nil, rest: [UInt8] = []
  ) -> [UInt8] {
    func number(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
    let floats = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    let entry =
      number(nameLength ?? Int32(name.count)) + name + number(passes) + number(valueCount ?? Int32(values.count))
      + floats
    return number(count) + entry + rest
  }

  static let legacyFiles: [(bytes: [UInt8], message: String)] = [
    ([], "entry 1 needs 4 bytes from byte 0 on but 0 remain"),
    (legacy(count: 0), "has no entries, expected an importance matrix"),
    (legacy(count: -5), "has no entries, expected an importance matrix"),
    (
      legacy(count: .max),
      "states 2,147,483,647 entries, but 21 bytes follow (expected an importance matrix)"
    ),
    (legacy(nameLength: -1), "entry 1 has a name of -1 bytes, expected 1 to 4,096"),
    (legacy(nameLength: 1 << 30), "entry 1 has a name of 1,073,741,824 bytes, expected 1 to 4,096"),
    (legacy(name: [0xFF]), "entry 1 has a name that is not UTF-8"),
    (legacy(passes: -1), "entry \"a\": counts -1 passes, expected 0 or more"),
    (legacy(valueCount: 0), "entry \"a\": has 0 values, expected 1 or more"),
    (legacy(valueCount: .max), "entry 1 needs 8,589,934,588 bytes from byte 17 on but 8 remain"),
    (legacy(values: [1, .nan]), "entry \"a\": value 1 is nan, expected a finite number of at least 0"),
    (legacy(values: [-1, 2]), "entry \"a\": value 0 is -1.0, expected a finite number of at least 0"),
    (legacy(count: 2, rest: Array(legacy().dropFirst(4))), "entry \"a\": occurs twice"),
  ]

  @Test("in the legacy format is refused when damaged", arguments: legacyFiles)
  func damagedLegacy(bytes: [UInt8], message: String) throws {
    let path = try folder.write(bytes, to: "a.dat")
    #expect { try ImportanceMatrix.open(path) } throws: { "\($0)" == "\(path): \(message)" }
  }

  @Test("in the legacy format may end where older files end")
  func olderLegacy() throws {
    for rest in [[], [7, 0, 0, 0], [7, 0, 0, 0, 9, 0, 0, 0, 0x61]] as [[UInt8]] {
      let matrix = try ImportanceMatrix.open(try folder.write(Self.legacy(rest: rest), to: "a.dat"))
      #expect(matrix.chunkCount == (rest.isEmpty ? nil : 7))
      #expect(matrix.datasets.isEmpty)
      #expect(try matrix.importance(of: matrix.entries[0], 0..<2) == [0.5, 1])
    }
  }

  @Test(
    "cut at any byte gives an error or what older files say, never a trap",
    arguments: ["shared.gguf.imatrix", "dense.dat"])
  func truncated(name: String) throws {
    let bytes = try LocalFile(Fixtures.path("imatrix", name)).wholeContent(limit: 1 << 20)
    for count in Array(stride(from: 0, to: bytes.count, by: 397)) + Array(bytes.count - 40..<bytes.count) {
      let path = try folder.writeUnflushed(Array(bytes.prefix(count)), to: "cut")
      do { _ = try ImportanceMatrix.open(path) } catch { #expect("\(error)".hasPrefix(path)) }
    }
  }

  /// A GGUF with two tensors of the given names, types and extents, and the given keys.
  private static func gguf(
    _ names: [(String, type: UInt32, dimensions: [UInt64])], without key: String = ""
  ) -> [UInt8] {
    var file = GGUFBytes()
    let keys: [(String, UInt32, [UInt8])] = [
      ("imatrix.datasets", 9, file.array(8, [])), ("imatrix.chunk_count", 4, file.number(UInt32(1))),
      ("imatrix.chunk_size", 4, file.number(UInt32(1))),
    ]
    file.pairs = keys.filter { $0.0 != key }.map { file.pair($0.0, $0.1, $0.2) }
    file.records = names.enumerated().map { index, tensor in
      GGUFBytes.Record(tensor.0, tensor.dimensions, type: tensor.type, offset: UInt64(index) * 32)
    }
    file.dataByteCount = names.count * 32
    return file.bytes
  }

  static let ggufFiles: [(bytes: [UInt8], message: String)] = [
    (
      gguf([("a.weight", 0, [2])]),
      "is a GGUF without an importance matrix (expected tensors named *.in_sum2 and *.counts, as llama-imatrix writes)"
    ),
    (gguf([("a.in_sum2", 0, [2])]), "entry \"a\": has a tensor \"a.in_sum2\" but none called \"a.counts\""),
    (gguf([("a.counts", 0, [1])]), "entry \"a\": has a tensor \"a.counts\" but none called \"a.in_sum2\""),
    (
      gguf([("a.in_sum2", 1, [2]), ("a.counts", 0, [1])]),
      "tensor \"a.in_sum2\": has storage format F16, expected F32"
    ),
    (
      gguf([("a.in_sum2", 0, [3]), ("a.counts", 0, [1, 2])]),
      "entry \"a\": 3 values do not split evenly into 2 counts"
    ),
    (
      gguf([("a.in_sum2", 0, [2]), ("a.counts", 0, [1])], without: "imatrix.chunk_size"),
      "lacks \"imatrix.chunk_size\", which an importance matrix states"
    ),
  ]

  @Test("as a GGUF is refused when damaged", arguments: ggufFiles)
  func damagedGGUF(bytes: [UInt8], message: String) throws {
    let path = try folder.write(bytes, to: "a.gguf")
    #expect { try ImportanceMatrix.open(path) } throws: { "\($0)" == "\(path): \(message)" }
  }
}

extension ImportanceMatrixFileTests {
  @Test("counts entries of zeros as none, in both forms")
  func zeros() throws {
    let legacy = try ImportanceMatrix.open(try folder.write(Self.legacy(values: [0, 0]), to: "a.dat"))
    #expect(legacy.entries[0].hasOnlyZeros && legacy.entries[0].isEmpty && legacy.entries[0].zeroExperts == [0])
    #expect(try legacy.importance(of: legacy.entries[0], 0..<2) == [1, 1])
    // Without passes, too: llama-quantize would multiply every error by 0.
    let unused = try ImportanceMatrix.open(try folder.write(Self.legacy(passes: 0, values: [0, 0]), to: "b.dat"))
    #expect(unused.entries[0].hasOnlyZeros)
    let partly = try ImportanceMatrix.open(try folder.write(Self.legacy(values: [0, 4]), to: "c.dat"))
    #expect(!partly.entries[0].isEmpty && partly.entries[0].zeroExperts.isEmpty)
    #expect(try partly.importance(of: partly.entries[0], 0..<2) == [0, 2])
  }

  @Test("counts one expert of zeros as none, and the others as measured")
  func zeroExpert() throws {
    let path = Fixtures.path("imatrix", "mixtral.gguf.imatrix")
    let matrix = try Checkpoint.open(path)
    let tensor = try #require(matrix.tensors.first { $0.name.text == "blk.1.ffn_down_exps.weight.in_sum2" })
    var bytes = try LocalFile(path).wholeContent(limit: 1 << 24)
    let width = tensor.byteCount / 8
    for index in tensor.fileOffset + 3 * width..<tensor.fileOffset + 4 * width { bytes[index] = 0 }
    let edited = try ImportanceMatrix.open(try folder.write(bytes, to: "zero.imatrix"))
    let entry = try #require(edited.entry("blk.1.ffn_down_exps.weight"))
    #expect(entry.zeroExperts == [3] && entry.unusedExperts == [1] && !entry.isEmpty && !entry.hasOnlyZeros)
    #expect(try edited.importance(of: entry, 3 * 256..<4 * 256).allSatisfy { $0 == 1 })
    #expect(try edited.importance(of: entry, 4 * 256..<5 * 256).contains { $0 != 1 })
  }
}
