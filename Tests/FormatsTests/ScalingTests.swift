import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// Ten times the tensors take about ten times as long; a quadratic step would take a hundred times.
@Suite struct ScalingTests {
  let folder = TemporaryFolder()
  static let counts = (small: 5_000, large: 50_000)

  @Test func readingSafeTensorsIsLinearInTensors() throws {
    try requireLinear { count in
      let entries = (0..<count).map { index in
        SafeTensorsBytes.entry("model.layers.\(index).weight", "F32", [2, 1], index * 8, index * 8 + 8)
      }
      return SafeTensorsBytes("{\(entries.joined(separator: ","))}", dataByteCount: count * 8).bytes
    }
  }

  @Test func readingGGUFIsLinearInTensorsAndTokens() throws {
    try requireLinear { count in
      var file = GGUFBytes()
      file.records = (0..<count).map { .init("blk.\($0).weight", [8], offset: UInt64($0) * 32) }
      file.pairs = [file.pair("tokens", 9, file.array(8, (0..<count).map { file.string("token \($0)") }))]
      file.pairs += (0..<count).map { file.pair("key.\($0)", 4, file.number(UInt32(1))) }
      file.dataByteCount = count * 32
      return file.bytes
    }
  }

  private func requireLinear(_ bytes: (Int) -> [UInt8]) throws {
    let small = try folder.writeUnflushed(bytes(Self.counts.small), to: "small")
    let large = try folder.writeUnflushed(bytes(Self.counts.large), to: "large")
    let times = try [small, small, large].map { path in
      try ContinuousClock().measure {
        let checkpoint = try Checkpoint.open(path)
        #expect(checkpoint.tensors.count == (path == small ? Self.counts.small : Self.counts.large))
      }
    }
    // Warm, the ratio is near 10; the rest is room for a machine that does something else meanwhile.
    #expect(times[2] / times[1] < 40)
  }
}
