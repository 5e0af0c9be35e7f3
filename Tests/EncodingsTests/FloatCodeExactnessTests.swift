import Encodings
import Quantization
import Tensors
import TestSupport
import Testing

/// FP8 and FP4 matrices as numbers of 16 bits and as blocks: which scales keep every value.
@Suite("FP8 and FP4 matrices in other formats")
struct FloatCodeExactnessTests {
  /// Every code of an FP8 format, with one scale for all.
  private func allCodes(_ format: String, scale: Float) throws -> FloatCodeFixture {
    try FloatCodeFixture(
      [
        ("q.weight", format, [2, 128], Array(0...255)),
        ("q.weight_scale", "F32", [], withUnsafeBytes(of: scale.bitPattern.littleEndian, Array.init)),
      ], #"{"quant_method":"fp8"}"#)
  }

  static let scales: [Float] = [
    1, -1, 0.5, 3, 5, 17, 18, 19, 136, 137, 0x1p-15, 0x1p-16, 0x1p120, 0x1p119, 0x1p118, 146, 147, 0x1p-124, 0x1p-125,
    0x1p-140, 0, 0.000_317, 1.0 / 448, 9, 0x1.Ep3, 0x1.Ep-100, 0x1.8p-17, .nan, .infinity,
  ]

  @Test("are exact in BF16 and F16 for the scales whose products are", arguments: ["F8_E4M3", "F8_E5M2"], scales)
  func scalars(format: String, scale: Float) throws {
    let fixture = try allCodes(format, scale: scale)
    let composition = try fixture.composition("q.weight")
    let values = try fixture.values(composition, 0..<2)
    #expect(composition.candidateFormats == [.bf16, .f16, .f32])
    for target in [StorageFormat.bf16, .f16, .f32] {
      let read = try Codec.decode(target, Codec.encode(target, values), elementCount: 256)
      let isSame = zip(read, values).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
      // Products beyond float32 are none that a narrower format keeps.
      let isNumber = (scale * (format == "F8_E4M3" ? 448 : 57344)).isFinite
      #expect(
        try composition.isExact(in: target, from: fixture) == (target == .f32 || isSame && isNumber),
        "\(target), scale \(scale)")
    }
  }

  @Test("are no blocks")
  func noBlocks() throws {
    let composition = try allCodes("F8_E4M3", scale: 1).composition("q.weight")
    #expect(StorageFormat.allCases.allSatisfy { composition.blocks(in: $0) == nil })
  }

  @Test("decode every code as torch does, at each place of a vector")
  func kernels() throws {
    // Rows of 24: sixteen in vectors, or not, from each code on.
    for format in ["F8_E4M3", "F8_E5M2"] {
      let codes = (0..<24 * 32).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 24) }
      let fixture = try FloatCodeFixture(
        [("q.weight", format, [32, 24], codes), ("q.weight_scale", "BF16", [], [0x80, 0x3F])],
        #"{"quant_method":"fp8"}"#)
      let expected = try Codec.decode(#require(StorageFormat(named: format)), codes, elementCount: codes.count)
      for row in 0..<32 {
        let found = try fixture.values(fixture.composition("q.weight"), row..<row + 1)
        #expect(zip(found, expected[row * 24..<row * 24 + 24]).allSatisfy { $0.bitPattern == $1.bitPattern })
      }
    }
  }

  private func fp4(_ scaleFormat: String, _ scales: [UInt8], _ factor: (String, Float)? = nil) throws
    -> FloatCodeFixture
  {
    let group = scaleFormat == "F8_E4M3" ? 16 : 32
    var tensors: [(name: String, format: String, shape: [Int], bytes: [UInt8]?)] = [
      ("q.weight", "U8", [1, scales.count * group / 2], nil),
      ("q.weight_scale", scaleFormat, [1, scales.count], scales),
    ]
    if let (name, value) = factor {
      tensors.append((name, "F32", [], withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)))
    }
    return try FloatCodeFixture(tensors, #"{"quant_method":"modelopt"}"#)
  }

  @Test("are no MXFP4 blocks if a scale is NaN, which ggml reads as 2¹²⁸", arguments: ["U8", "F8_E8M0"])
  func mxfp4(format: String) throws {
    for (scales, isExact) in [([0, 1, 2, 254], true), ([0, 1, 255, 254], false)] as [([UInt8], Bool)] {
      let fixture = try fp4(format, scales)
      let source = try #require(try fixture.composition("q.weight").blocks(in: .mxfp4))
      #expect(try source.isExact(from: fixture) == isExact)
      #expect(source.factorCount == 0)
    }
  }

  @Test("are no NVFP4 blocks if ggml reads a scale otherwise: NaN, or with a sign")
  func nvfp4() throws {
    for (scale, isExact) in [(0x7E, true), (0, true), (0x7F, false), (0x81, false)] as [(UInt8, Bool)] {
      let fixture = try fp4("F8_E4M3", [1, 2, 3, scale], ("q.weight_scale_2", 0.3))
      let source = try #require(try fixture.composition("q.weight").blocks(in: .nvfp4))
      #expect(try source.isExact(from: fixture) == isExact)
      #expect(source.factorCount == 1)
      #expect(try source.factors(from: fixture) == [0.3])
    }
  }

  @Test("are no blocks if a row is not a whole number of them")
  func partialBlocks() throws {
    let narrow = try fp4("F8_E4M3", [1, 2, 3]).composition("q.weight")
    #expect(narrow.blocks(in: .nvfp4) == nil)
    #expect(narrow.candidateFormats == [.bf16, .f16, .f32])
    #expect(try fp4("U8", [1]).composition("q.weight").candidateFormats.first == .mxfp4)
  }

  @Test("read scales, not codes, to find out")
  func readsScales() throws {
    let fixture = try fp4("U8", [0, 1, 2, 254])
    let composition = try fixture.composition("q.weight")
    let source = try #require(fixture.checkpoint.files[0] as? MemorySource)
    let codes = try #require(composition.sources[0].byteRange)
    source.forgetReads()
    for format in composition.candidateFormats { _ = try composition.isExact(in: format, from: fixture) }
    let range = codes.offset..<codes.offset + codes.byteCount
    #expect(!source.readRanges.isEmpty && source.readRanges.allSatisfy { !$0.overlaps(range) })
  }
}
