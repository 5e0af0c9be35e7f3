import Bytes
import Conversion
import Formats
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Numbers that no weight may be, and numbers that a format cannot hold, through every encoder.
@Suite("A value that is not finite")
struct NonfiniteTests {
  private let folder = TemporaryFolder()

  /// Every format that a GGUF can have and that can be encoded without an importance matrix.
  static let formats = StorageFormat.allCases.filter {
    Codec.canEncode($0) && $0.facts.ggmlType != nil && $0 != .f64 && !Codec.requiresImportance($0)
  }

  /// A model whose tensor `blk.0.ffn_down.weight` holds `value` in row 3, column 5.
  private func model(_ value: Float) throws -> String {
    let shape = try JSON(
      parsing: Array(
        """
        {"layers": 1, "embedding": 256, "feedForward": 256, "heads": 1, "keyValueHeads": 1, "headDimension": 32,
         "vocabulary": 8, "isTied": true}
        """.utf8))
    let path = folder.file("model.gguf")
    try SeededGGUF(recipeShape: shape).write(to: path, zeros: true)
    let checkpoint = try Model.open(path, library: try .bundled()).checkpoint
    let tensor = try #require(checkpoint.tensors.first { $0.name == "blk.0.ffn_down.weight" })
    var bytes = try LocalFile(path).wholeContent(limit: 1 << 24)
    let slot = tensor.fileOffset + (3 * 256 + 5) * 4
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.replaceSubrange(slot..<slot + 4, with: $0) }
    try AtomicFile.write(bytes, to: path, overwrite: .replace)
    return path
  }

  @Test("are named by tensor, row and column", arguments: formats, [Float.nan, -.infinity])
  func nonfinite(format: StorageFormat, value: Float) throws {
    let source = try model(value)
    // F32 to F32 is a copy of bytes, so it starts from a wider format's twin.
    guard format != .f32 else { return try widening(source) }
    #expect {
      try convert(source, to: folder.file("out.gguf")) { $0.type = .format(format) }
    } throws: {
      "\($0)".hasPrefix("\(source): tensor \"blk.0.ffn_down.weight\": row 3, column 5 is not a finite number, which ")
    }
    #expect(folder.names == ["model.gguf"])
  }

  /// BF16 holds what F32 does, so a copy of it is made with the number in place.
  private func widening(_ source: String) throws {
    let finite = try model(1), narrow = folder.file("narrow.gguf")
    try convert(finite, to: narrow) { $0.type = .format(.bf16) }
    let checkpoint = try Model.open(narrow, library: try .bundled()).checkpoint
    let tensor = try #require(checkpoint.tensors.first { $0.name == "blk.0.ffn_down.weight" })
    var bytes = try LocalFile(narrow).wholeContent(limit: 1 << 24)
    let slot = tensor.fileOffset + (3 * 256 + 5) * 2
    bytes.replaceSubrange(slot..<slot + 2, with: [0xC0, 0x7F])
    try AtomicFile.write(bytes, to: narrow, overwrite: .replace)
    #expect {
      try convert(narrow, to: folder.file("out.gguf")) { $0.type = .format(.f32) }
    } throws: {
      "\($0)"
        == "\(narrow): tensor \"blk.0.ffn_down.weight\": row 3, column 5 is not a finite number, which is not encoded as F32"
    }
    #expect(folder.names == ["model.gguf", "narrow.gguf"])
  }

  @Test(
    "that overflow are named too",
    arguments: [(StorageFormat.f16, Float(65520)), (.f16, -1e30), (.q8_0, 3e38), (.q4_0, 3e38), (.bf16, 3.4e38)])
  func overflow(format: StorageFormat, value: Float) throws {
    let source = try model(value)
    #expect {
      try convert(source, to: folder.file("out.gguf")) { $0.type = .format(format) }
    } throws: {
      let text = "\($0)"
      return text.hasPrefix("\(source): tensor \"blk.0.ffn_down.weight\": ")
        && text.contains(" overflow \(format), first at row 3, ")
    }
    #expect(folder.names == ["model.gguf"])
  }
}
