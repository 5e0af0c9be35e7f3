import Architectures
import Quantization
import Tensors
import Testing

@testable import Models

/// Codes times ten: one source, and the same values as F16.
private struct TimesTen: TensorComposition {
  let codes: TensorDescriptor
  var sources: [TensorDescriptor] { [codes] }
  var shape: Shape { codes.shape }
  var description: String { "codes × 10" }

  func decode(rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>) throws {
    let width = shape.rowElementCount
    try reader.decode(rows.lowerBound * width..<rows.upperBound * width, of: codes, into: &values)
    for index in 0..<rows.count * width { values[index] *= 10 }
  }

  var candidateFormats: [StorageFormat] { [.f16, .bf16] }

  func blocks(in format: StorageFormat) -> (any BlockSource)? { format == .f16 ? Halves(composition: self) : nil }

  /// The same values as F16.
  struct Halves: BlockSource {
    let composition: TimesTen
    func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
      var values = [Float](repeating: 0, count: rows.count * composition.shape.rowElementCount)
      var destination = values.mutableSpan
      try composition.decode(rows: rows, from: reader, into: &destination)
      try Codec.encode(.f16, values.span, into: &bytes)
    }
  }
}

@Suite("Composed rows")
struct ComposedRowsTests {
  private let stored: StoredTensors
  private let composed: TensorDescriptor

  init() throws {
    stored = try StoredTensors([("w", .f16, [3, 2])])
    let codes = stored.checkpoint.tensors[0]
    composed = TensorDescriptor(name: "w", shape: codes.shape, contents: .composed(TimesTen(codes: codes)))
  }

  private func mapped(_ layout: StoredLayout) -> MappedTensor {
    MappedTensor(descriptor: composed, ruleIndex: 0, layout: layout, layer: nil, instance: nil)
  }

  @Test("are decoded as stored")
  func decoded() throws {
    let rows = ComposedRows(
      checkpoint: stored.checkpoint, composition: try #require(composed.composition), rowElementCount: 2)
    #expect(rows.format == nil && rows.copyRanges == nil)
    #expect(try rows.floats(1..<3, of: 2) == [30, 40, 50, 60])
  }

  @Test("are offered as blocks of equal values")
  func blocksTest() throws {
    let rows = ComposedRows(
      checkpoint: stored.checkpoint, composition: try #require(composed.composition), rowElementCount: 2)
    #expect(rows.candidateFormats == [.f16, .bf16])
    #expect(try rows.exactFormat(.f16) == ExactFormat(format: .f16, factors: []))
    #expect(try rows.exactFormat(.bf16) == nil)
    var buffers = RowBuffers()
    try rows.readBlocks(1..<2, in: .f16, into: &buffers)
    #expect(try Array(buffers.bytes.prefix(4)) == Codec.encode(.f16, [30, 40]))
  }

  @Test("are gathered as blocks of equal values, but not where values change or rows become columns")
  func gatheredBlocks() throws {
    let layout = try StoredLayout.matrix(3, 2)
    let rows = GatheredRows(gatherer: stored.gatherer(layout, [mapped(layout)], RowSourceTests.alone, format: nil))
    #expect(rows.candidateFormats == [.f16, .bf16])
    #expect(try rows.exactFormat(.f16) == ExactFormat(format: .f16, factors: []))
    var buffers = RowBuffers()
    try rows.readBlocks(1..<3, in: .f16, into: &buffers)
    #expect(try Array(buffers.bytes.prefix(8)) == Codec.encode(.f16, [30, 40, 50, 60]))
    let source = mapped(try .matrix(2, 3, isTransposed: true))
    let moved = stored.gatherer(try .matrix(2, 3), [source], RowSourceTests.alone, format: nil)
    #expect(GatheredRows(gatherer: moved).candidateFormats.isEmpty)
  }

  @Test("are gathered and transposed", arguments: [false, true], [false, true])
  func movedRows(sourceIsTransposed: Bool, targetIsTransposed: Bool) throws {
    // Of a transposed source the logical matrix is [2, 3]: rows (10, 30, 50) and (20, 40, 60).
    let source = mapped(try sourceIsTransposed ? .matrix(2, 3, isTransposed: true) : .matrix(3, 2))
    let (rowCount, columnCount) = sourceIsTransposed ? (2, 3) : (3, 2)
    let layout = try StoredLayout.matrix(rowCount, columnCount, isTransposed: targetIsTransposed)
    let gatherer = stored.gatherer(layout, [source], RowSourceTests.alone, format: nil)
    let logical: [Float] = sourceIsTransposed ? [10, 30, 50, 20, 40, 60] : [10, 20, 30, 40, 50, 60]
    if targetIsTransposed {
      let rows = TransposedRows(gatherer: gatherer, rowElementCount: rowCount)
      let transposed = (0..<columnCount).flatMap { column in (0..<rowCount).map { logical[$0 * columnCount + column] } }
      #expect(try rows.floats(0..<columnCount, of: rowCount) == transposed)
      #expect(try rows.floats(1..<2, of: rowCount) == Array(transposed[rowCount..<2 * rowCount]))
    } else {
      let rows = GatheredRows(gatherer: gatherer)
      #expect(try rows.floats(0..<rowCount, of: columnCount) == logical)
      #expect(try rows.floats(1..<2, of: columnCount) == Array(logical[columnCount..<2 * columnCount]))
    }
  }
}
