import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

@Suite("Matrices of compressed-tensors")
struct CompressedTensorsDecodingTests {
  static let files = ["new.safetensors", "old.safetensors"]

  @Test("decode to the library's values", arguments: files)
  func values(file: String) throws {
    let cases = try CompressedTensorsFixture.cases(file)
    #expect(cases.count == (file == "old.safetensors" ? 15 : 40))
    for fixture in cases {
      let composition = try fixture.composition()
      let shape = composition.shape
      #expect(try shape == fixture.dequantized.shape, "\(fixture.name)")
      for rows in [
        0..<shape.rowCount, shape.rowCount - 1..<shape.rowCount, shape.rowCount / 3..<shape.rowCount / 2 + 1,
      ] {
        var values = [Float](repeating: .nan, count: rows.count * shape.rowElementCount)
        var destination = values.mutableSpan
        try composition.decode(rows: rows, from: fixture, into: &destination)
        let found = try values.map { try fixture.rounded($0).bitPattern }
        #expect(try found == fixture.expected(rows).map(\.bitPattern), "\(fixture.name), rows \(rows)")
      }
    }
  }

  @Test("account for every stored tensor", arguments: files)
  func sources(file: String) throws {
    for fixture in try CompressedTensorsFixture.cases(file) {
      let tensors = fixture.encoded().checkpoint.tensors
      let names = tensors.flatMap(\.sources).map(\.name)
      #expect(Set(names) == Set(fixture.checkpoint.tensors.map(\.name)), "\(fixture.name)")
    }
  }

  @Test(
    "describe themselves as compositions",
    arguments: [
      "pack_3_symmetric": "compressed-tensors, 3 bits, groups of 32",
      "pack_channel_8_asymmetric": "compressed-tensors, 8 bits, a scale for each row",
      "pack_tensor_symmetric": "compressed-tensors, 4 bits, one scale",
      "int_blocks": "compressed-tensors, 8 bits, 8 × 16 blocks",
      "act_order_symmetric": "compressed-tensors, 4 bits, groups of 32, act-order",
      "float_channel": "FP8 E4M3, a scale for each row", "mxfp8": "MXFP8 E4M3", "mxfp4": "MXFP4", "nvfp4": "NVFP4",
    ])
  func descriptions(name: String, description: String) throws {
    #expect(try CompressedTensorsFixture.named(name).composition().description == description)
  }

  @Test("are told by the width of their words, and by the release where that is the same")
  func packings() throws {
    // Six bits: 96 codes fill 18 words, or 20 with idle bits, whatever the release.
    for (name, version) in [("pack_6_symmetric", "0.17.1"), ("old_pack_6_symmetric", "0.20.1")] {
      let fixture = try CompressedTensorsFixture.named(name)
      try expectValues(fixture, version: version)
    }
    let fixture = try CompressedTensorsFixture.named("old_pack_same_width")
    try expectValues(fixture, version: "0.9.4.20250509")
    #expect(throws: (any Error).self) { try expectEqual(fixture, version: "0.18.0") }
  }

  private struct Difference: Error {}

  private func expectEqual(_ fixture: CompressedTensorsFixture, version: String) throws {
    let composition = try fixture.composition(fixture.configuration([ExactString("version"): .string(version)]))
    var values = [Float](repeating: .nan, count: composition.shape.elementCount)
    var destination = values.mutableSpan
    try composition.decode(rows: 0..<composition.shape.rowCount, from: fixture, into: &destination)
    let found = try values.map { try fixture.rounded($0).bitPattern }
    guard try found == fixture.expected(0..<composition.shape.rowCount).map(\.bitPattern) else { throw Difference() }
  }

  private func expectValues(_ fixture: CompressedTensorsFixture, version: String) throws {
    #expect(throws: Never.self, "\(fixture.name)") { try expectEqual(fixture, version: version) }
  }
}
