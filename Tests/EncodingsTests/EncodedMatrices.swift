import Bytes
import Encodings
import Formats
import Quantization
import Tensors
import TestSupport
import Testing

/// A file of matrices `CASE.weight`, encoded by a library, with the values that it decodes, `CASE.dequantized`.
struct EncodedMatrices: CheckpointReading {
  let encoded: EncodedCheckpoint
  var checkpoint: Checkpoint { encoded.checkpoint }

  init(_ folder: String, file: String = "matrices.safetensors", configuration: JSON? = nil) throws {
    let stored = try Checkpoint.open(Fixtures.path(folder, file))
    encoded = EncodedCheckpoint(stored, configuration: configuration)
  }

  func tensor(_ name: String) throws -> TensorDescriptor {
    try #require(checkpoint.tensor(TensorName("\(name).weight")), "\(encoded.problems)")
  }

  /// Compares values of all rows, and of some that begin and end within blocks, bit by bit with the library's.
  func expectValues(of name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let composition = try #require(try tensor(name).composition, "\(encoded.problems)", sourceLocation: sourceLocation)
    let shape = composition.shape
    let expected = try #require(checkpoint.tensor(TensorName("\(name).dequantized")))
    #expect(shape == expected.shape, sourceLocation: sourceLocation)
    let middle = shape.rowCount / 3..<shape.rowCount / 2 + 1
    for rows in [0..<shape.rowCount, shape.rowCount - 1..<shape.rowCount, middle] {
      let width = shape.rowElementCount
      var values = [Float](repeating: .nan, count: rows.count * width), wanted = values
      var destination = values.mutableSpan
      try composition.decode(rows: rows, from: self, into: &destination)
      var wantedSpan = wanted.mutableSpan
      try decode(rows.lowerBound * width..<rows.upperBound * width, of: expected, into: &wantedSpan)
      #expect(values.map(\.bitPattern) == wanted.map(\.bitPattern), sourceLocation: sourceLocation)
    }
  }
}
