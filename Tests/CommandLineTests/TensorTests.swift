import Foundation
import TestSupport
import Testing

@Suite("Tensor") struct TensorTests {
  /// Values next to the limits and to 2^53, from which on float64 lacks odd integers.
  static let signed: [Int64] = [.min, -9_007_199_254_740_993, -1, 9_007_199_254_740_993, .max]
  static let unsigned: [UInt64] = [0, 9_007_199_254_740_993, 1 << 63 + 1, .max - 1, .max]

  private let folder = TemporaryFolder()
  private let values: [UInt8] =
    signed.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    + unsigned.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }

  private func file() throws -> String {
    var file = SafeTensorsBytes(
      "{" + SafeTensorsBytes.entry("signed", "I64", [5], 0, 40) + ","
        + SafeTensorsBytes.entry("unsigned", "U64", [5], 40, 80) + "}")
    file.data = values
    return try folder.write(file.bytes, to: "integers.safetensors")
  }

  @Test(
    "prints integers of 64 bits to the last digit",
    arguments: [("signed", signed.map(String.init)), ("unsigned", unsigned.map(String.init))])
  func digits(name: String, expected: [String]) throws {
    let path = try file()
    let json = try Program.run(["tensor", path, name, "--json"]).output.filter { !$0.isWhitespace }
    #expect(json.contains("\"values\":[[\(expected.joined(separator: ","))]]"), "\(json)")
    let text = try Program.run(["tensor", path, name]).output
    for number in expected { #expect(text.contains(" \(number)"), "\(text)") }
  }

  @Test(
    "writes integers of 64 bits as they are", arguments: [("signed", "<i8", 0..<40), ("unsigned", "<u8", 40..<80)])
  func numpy(name: String, type: String, range: Range<Int>) throws {
    let output = folder.file("\(name).npy")
    #expect(try Program.run(["tensor", file(), name, "-o", output]).status == 0)
    let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: output)))
    #expect(Array(bytes.suffix(40)) == Array(values[range]))
    #expect(String(decoding: bytes.dropLast(40), as: UTF8.self).contains("'descr': '\(type)'"))
  }
}
