import Bytes
import Tensors
import TestSupport
import Testing

@testable import Quantization

/// The tensors of a file in `fixtures/quantization`, which independent tools made.
///
/// Reads the safetensors container itself, in the fewest words, so that these tests rest on `Bytes` alone.
struct GoldenVectors {
  private let header: JSON
  private let data: ArraySlice<UInt8>

  init(_ name: String) throws {
    let content = try LocalFile(Fixtures.path("quantization", name + ".safetensors")).wholeContent(limit: 1 << 20)
    let headerByteCount = content[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    header = try JSON(parsing: Array(content[8..<8 + headerByteCount]))
    data = content[(8 + headerByteCount)...]
  }

  /// The names behind `prefix`, sorted.
  func cases(_ prefix: String) -> [String] {
    (header.object ?? [:]).keys.map { "\($0)" }.filter { $0.hasPrefix(prefix) }.map {
      String($0.dropFirst(prefix.count))
    }
    .sorted()
  }

  /// The file with the values that were encoded.
  var inputs: String? { header["__metadata__"]?["inputs"]?.string }

  func bytes(_ name: String) throws -> [UInt8] {
    let offsets = try #require(header[name]?["data_offsets"]?.array)
    let start = try #require(offsets.first?.integer)
    let end = try #require(offsets.last?.integer)
    return Array(data[(data.startIndex + start)..<(data.startIndex + end)])
  }

  func words<Word: FixedWidthInteger & UnsignedInteger>(_ name: String, as: Word.Type) throws -> [Word] {
    let bytes = try bytes(name)
    let size = MemoryLayout<Word>.size
    return stride(from: 0, to: bytes.count, by: size).map { start in
      bytes[start..<start + size].reversed().reduce(0) { $0 << 8 | Word($1) }
    }
  }

  func floats(_ name: String) throws -> [Float] { try words(name, as: UInt32.self).map(Float.init(bitPattern:)) }
}

/// The places at which two rows of floats are not the same bits; NaN equals NaN.
func differences(_ values: [Float], _ expected: [Float]) -> [String] {
  guard values.count == expected.count else { return ["\(values.count) elements instead of \(expected.count)"] }
  return values.indices.filter { index in
    values[index].bitPattern != expected[index].bitPattern && !(values[index].isNaN && expected[index].isNaN)
  }.map { "\($0): \(values[$0]) instead of \(expected[$0])" }
}
