import Formats
import Quantization
import TestSupport
import Tensors
import Testing

@testable import Models

@Suite("Rows of a part")
struct PartRowsTests {
  /// A matrix of 1, 2, 3, … as stored rows.
  private func whole(
    _ format: StorageFormat, _ rows: Int, _ columns: Int
  ) throws -> (rows: StoredRows, sources: [MappedTensor], geometry: RowReader.Geometry) {
    let stored = try StoredTensors([("w", format, [rows, columns])])
    let tensor = stored.checkpoint.tensors[0]
    let own = StoredRows(
      checkpoint: stored.checkpoint, tensor: tensor, range: try #require(tensor.byteRange), storageFormat: format,
      rowElementCount: columns, rowByteCount: format.byteCount(elementCount: columns) ?? 0)
    return (
      own, [stored.mapped(0, try .matrix(rows, columns))], RowReader.Geometry(rowCount: rows, rowElementCount: columns)
    )
  }

  private func part(
    _ format: StorageFormat, _ rows: Int, _ columns: Int, _ part: TensorPart
  ) throws -> PartRows {
    let whole = try whole(format, rows, columns)
    return try PartRows(whole.rows, part, whole.geometry, whole.sources)
  }

  @Test("are those of its runs, the last one repeated as padding")
  func runs() throws {
    let rows = try part(
      .bf16, 4, 2,
      TensorPart(runs: [
        .init(start: 2, count: 1), .init(start: 0, count: 2), .init(start: 3, count: 3, isRepeated: true),
      ]))
    let expected: [Float] = [5, 6, 1, 2, 3, 4, 7, 8, 7, 8, 7, 8]
    #expect(try rows.floats(0..<6, of: 2) == expected)
    for first in 0..<6 {
      for last in first + 1...6 {
        let slab = Array(expected[first * 2..<last * 2])
        #expect(try rows.floats(first..<last, of: 2) == slab)
        #expect(try rows.bytes(first..<last, of: 2) == Codec.encode(.bf16, slab))
      }
    }
  }

  @Test("have some of the columns")
  func columns() throws {
    let rows = try part(.f16, 3, 4, TensorPart(runs: [.init(start: 0, count: 3)], columns: 1..<3))
    #expect(try rows.floats(0..<3, of: 2) == [2, 3, 6, 7, 10, 11])
    #expect(try rows.bytes(1..<3, of: 2) == Codec.encode(.f16, [6, 7, 10, 11]))
  }

  @Test("are decoded where columns cut blocks")
  func blocks() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf"))
    let tensor = try #require(checkpoint.tensor("token_embd.weight")), width = tensor.shape.rowElementCount
    let whole = StoredRows(
      checkpoint: checkpoint, tensor: tensor, range: try #require(tensor.byteRange), storageFormat: .q8_0,
      rowElementCount: width, rowByteCount: width / 32 * 34)
    let geometry = RowReader.Geometry(rowCount: 2, rowElementCount: width)
    func part(_ columns: Range<Int>) throws -> PartRows {
      try PartRows(whole, TensorPart(runs: [.init(start: 0, count: 2)], columns: columns), geometry, [])
    }
    let values = try whole.floats(0..<2, of: width)
    for columns in [32..<64, 16..<48] {
      let rows = try part(columns)
      #expect(rows.format == (columns.lowerBound % 32 == 0 ? .q8_0 : nil))
      let expected = [0, width].flatMap { values[$0 + columns.lowerBound..<$0 + columns.upperBound] }
      #expect(try rows.floats(0..<2, of: 32) == expected)
    }
  }

  @Test("beyond those of the whole are refused")
  func bounds() throws {
    let whole = try whole(.f32, 2, 2)
    for runs in [[TensorPart.Run(start: 1, count: 2)], [.init(start: 2, count: 1, isRepeated: true)]] {
      #expect(throws: TensorProblem.self) {
        try PartRows(whole.rows, TensorPart(runs: runs), whole.geometry, whole.sources)
      }
    }
    let columns = TensorPart(runs: [.init(start: 0, count: 1)], columns: 1..<3)
    #expect(throws: TensorProblem.self) { try PartRows(whole.rows, columns, whole.geometry, whole.sources) }
  }

  @Test("are described by their place in the whole")
  func words() throws {
    let rows = try part(
      .f32, 4, 2, TensorPart(runs: [.init(start: 1, count: 2), .init(start: 3, count: 5, isRepeated: true)]))
    #expect(rows.description(of: ["transposed"]) == "transposed, rows 1–2, row 3 5 times")
    let columns = try part(.f32, 4, 2, TensorPart(runs: [.init(start: 0, count: 4)], columns: 1..<2))
    #expect(columns.description(of: []) == "columns 1–1")
  }
}
