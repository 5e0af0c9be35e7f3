import Quantization
import Tensors
import TestSupport
import Testing

@testable import Encodings

/// Random codes in memory, with scales and zeros for groups of 32.
private struct RandomCodes: GroupedIntegerComposition, CheckpointReading {
  let bitCount: Int
  let zero: GroupedIntegers.Zero
  let shape: Shape = [3, 96]
  let codes: [UInt8], scales: [Float], zeroPoints: [Int16], biases: [Float]

  var checkpoint: Checkpoint {
    Checkpoint(container: .safeTensors, path: "", files: [], metadata: Metadata(), tensors: [])
  }
  var groupElementCount: Int { 32 }
  var sources: [TensorDescriptor] { [] }
  var description: String { "codes" }

  func unpack(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) {
    unpackScales(rows: rows, from: reader, into: &groups)
    groups.codes = Array(codes[rows.lowerBound * 96..<rows.upperBound * 96])
  }

  func unpackScales(rows: Range<Int>, from reader: any StoredTensorReader, into groups: inout GroupedIntegers) {
    groups.prepare(rowCount: rows.count, columnCount: 96, groupElementCount: 32, zero: zero)
    let range = rows.lowerBound * 3..<rows.upperBound * 3
    groups.scales = Array(scales[range])
    if zero == .points { groups.zeroPoints = Array(zeroPoints[range]) }
    if zero == .biases { groups.biases = Array(biases[range]) }
  }

  static func == (one: Self, other: Self) -> Bool { one.codes == other.codes }
  func hash(into hasher: inout Hasher) { hasher.combine(codes) }
}

@Suite("Grouped codes as blocks")
struct GroupedIntegerBlocksTests {
  private static let zeros: [GroupedIntegers.Zero] = [
    .constant(0), .constant(4), .constant(8), .constant(16), .constant(128), .points, .biases,
  ]

  /// Scales and biases that are numbers of F16, of BF16 alone, or of neither.
  private static func number(_ generator: inout SeededGenerator, kind: Int) -> Float {
    let value = Float.random(in: 0.001..<2, using: &generator)
    switch kind {
    case 0: return Float(bitPattern: value.bitPattern & 0xFFFF_E000)
    case 1: return value * 0x1p-30
    default: return value
    }
  }

  @Test("have exactly their values if they say so, and a code with another value if not", arguments: 1...8, zeros)
  func exactness(bitCount: Int, zero: GroupedIntegers.Zero) throws {
    var generator = SeededGenerator(seed: UInt64(bitCount))
    for round in 0..<12 {
      let kind = round % 3
      // All codes occur, so that one that does not fit shows.
      var codes = (0..<3 * 96).map { UInt8($0 % (1 << bitCount)) }
      codes.shuffle(using: &generator)
      for group in 0..<9 where bitCount <= 5 {
        for code in 0..<1 << bitCount { codes[group * 32 + code] = UInt8(code) }
      }
      let example = RandomCodes(
        bitCount: bitCount, zero: zero, codes: codes,
        scales: (0..<9).map { _ in Self.number(&generator, kind: kind) * (round > 8 ? -1 : 1) },
        zeroPoints: (0..<9).map { _ in
          round % 2 == 0 ? Int16(1 << (bitCount - 1)) : .random(in: 0...Int16(1 << bitCount), using: &generator)
        },
        biases: (0..<9).map { _ in Self.number(&generator, kind: kind) - 1 })
      let values = try example.values(of: example, 0..<3)
      for target in GroupedBlockFormat.all {
        guard let blocks = example.blocks(in: target.format) else { continue }
        let bytes = try example.blocks(of: example, 0..<3, in: target.format)
        let decoded = try Codec.decode(target.format, bytes, elementCount: values.count)
        if try blocks.isExact(from: example) {
          let isSame = decoded.map(\.bitPattern) == values.map(\.bitPattern)
          #expect(isSame, "\(target.format), round \(round)")
        } else if bitCount <= 5, round <= 8, kind != 1 || zero != .biases {
          // A scale that is too small for F16 vanishes beside a bias in float32 too.
          let isSame = decoded == values
          #expect(!isSame, "\(target.format), round \(round)")
        }
      }
    }
  }

  static let fixtures: [(method: String, name: String, formats: [StorageFormat])] = [
    ("gptq", "symmetric_4", [.q4_0, .q4_1]), ("gptq", "symmetric_8", [.q8_0]), ("gptq", "symmetric_2", [.q4_0]),
    ("gptq", "symmetric_3", [.q4_0]), ("gptq", "asymmetric_4", [.q5_0]), ("gptq", "asymmetric_3", [.q4_0]),
    ("gptq", "asymmetric_8", []), ("gptq", "act_order", []), ("gptq", "static_groups", [.q4_0]),
    ("awq", "groups", [.q5_0]), ("awq", "bare", [.q5_0]), ("awq", "brain_scales", []),
  ]

  @Test("of GPTQ and AWQ are the smallest format with their values", arguments: fixtures.indices)
  func packed(index: Int) throws {
    let (method, name, expected) = Self.fixtures[index]
    let fixture = try PackedFixture(method, name), composition = try fixture.composition()
    let exact = try composition.candidateFormats.filter { try composition.isExact(in: $0, from: fixture) }
    #expect(Array(exact.prefix(expected.count)) == expected, "\(exact)")
    #expect(expected.isEmpty == exact.isEmpty, "\(exact)")
    for format in exact {
      let bytes = try fixture.blocks(of: composition, 0..<32, in: format)
      #expect(try Codec.decode(format, bytes, elementCount: 32 * 96) == fixture.expected(0..<32))
    }
  }

  @Test("of MLX are Q4_1 and Q5_1 where scales and biases are numbers of F16")
  func mlx() throws {
    let matrices = try MLXDecodingTests.matrices()
    var found: [StorageFormat: Int] = [:]
    for name in MLXDecodingTests.affine {
      let composition = try #require(try matrices.tensor(name).composition)
      for format in composition.candidateFormats where try composition.isExact(in: format, from: matrices) {
        let rows = 0..<composition.shape.rowCount
        let bytes = try matrices.blocks(of: composition, rows, in: format)
        #expect(
          try Codec.decode(format, bytes, elementCount: composition.shape.elementCount)
            == matrices.values(of: composition, rows))
        found[format, default: 0] += 1
      }
    }
    #expect(Set(found.keys).isSubset(of: [.q4_1, .q5_1]), "\(found)")
  }

  @Test("are not offered where a block has elements of several groups")
  func narrowGroups() throws {
    #expect(try PackedFixture("awq", "brain_scales").composition().candidateFormats.isEmpty)
  }
}
