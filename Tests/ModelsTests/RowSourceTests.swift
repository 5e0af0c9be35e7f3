import Architectures
import Quantization
import Tensors
import Testing

@testable import Models

@Suite("Rows")
struct RowSourceTests {
  static let alone = [RowOrigin(source: 0, component: 0, instance: 0)]

  @Test("as stored are the bytes of the file")
  func stored() throws {
    let stored = try StoredTensors([("w", .bf16, [3, 2])])
    let tensor = stored.checkpoint.tensors[0]
    let rows = StoredRows(
      checkpoint: stored.checkpoint, tensor: tensor, range: try #require(tensor.byteRange), storageFormat: .bf16,
      rowElementCount: 2, rowByteCount: 4)
    #expect(try rows.floats(1..<3, of: 2) == [3, 4, 5, 6])
    #expect(try rows.bytes(1..<2, of: 2) == Codec.encode(.bf16, [3, 4]))
    #expect(rows.copyRanges?.map(\.byteCount) == [12])
  }

  @Test("gathered come in the order of the layout")
  func gathered() throws {
    // Four rows of two heads; the layout interleaves the halves of each head.
    let stored = try StoredTensors([("w", .f16, [4, 2])])
    let source = stored.mapped(0, try .matrix(4, 2))
    let layout = try StoredLayout.matrix(4, 2, order: .interleaved(headCount: 1))
    let rows = GatheredRows(gatherer: stored.gatherer(layout, [source], Self.alone, format: .f16))
    #expect(try rows.floats(0..<4, of: 2) == [1, 2, 5, 6, 3, 4, 7, 8])
    #expect(try rows.bytes(1..<3, of: 2) == Codec.encode(.f16, [5, 6, 3, 4]))
    #expect(rows.copyRanges == nil)
  }

  @Test("gathered join tensors")
  func joined() throws {
    let stored = try StoredTensors([("q", .f32, [2, 2]), ("k", .f32, [1, 2])])
    let layout = try StoredLayout(
      components: [.init(role: .attentionKey, rowCount: 1), .init(role: .attentionQuery, rowCount: 2)], columnCount: 2)
    let origins = [RowOrigin(source: 1, component: 0, instance: 0), RowOrigin(source: 0, component: 0, instance: 0)]
    let sources = [stored.mapped(0, try .matrix(2, 2)), stored.mapped(1, try .matrix(1, 2))]
    let rows = GatheredRows(gatherer: stored.gatherer(layout, sources, origins, format: .f32))
    #expect(try rows.floats(0..<3, of: 2) == [5, 6, 1, 2, 3, 4])
    #expect(rows.access == .rows)
  }

  @Test("gathered of several formats are decoded")
  func severalFormats() throws {
    let stored = try StoredTensors([("q", .f32, [2, 2]), ("k", .bf16, [2, 2])])
    let layout = try StoredLayout(
      components: [.init(role: .attentionQuery, rowCount: 2), .init(role: .attentionKey, rowCount: 2)], columnCount: 2)
    let origins = (0..<2).map { RowOrigin(source: $0, component: 0, instance: 0) }
    let sources = try (0..<2).map { stored.mapped($0, try .matrix(2, 2)) }
    let rows = GatheredRows(gatherer: stored.gatherer(layout, sources, origins, format: nil))
    #expect(rows.format == nil && rows.copyRanges == nil)
    #expect(try rows.floats(1..<3, of: 2) == [3, 4, 5, 6])
  }

  @Test("stored transposed are gathered in slabs")
  func transposed() throws {
    // Stored [in, out] = [2, 3]: logical row r is column r.
    let stored = try StoredTensors([("w", .f32, [2, 3])])
    let source = stored.mapped(0, try .matrix(3, 2, isTransposed: true))
    let rows = GatheredRows(gatherer: stored.gatherer(try .matrix(3, 2), [source], Self.alone, format: .f32))
    #expect(rows.access == .columns)
    #expect(try rows.floats(0..<3, of: 2) == [1, 4, 2, 5, 3, 6])
    #expect(try rows.floats(1..<2, of: 2) == [2, 5])
  }

  @Test("Transposed rows have the logical rows as columns", arguments: [StorageFormat.f32, .bf16, .f64, nil])
  func transposedRows(format: StorageFormat?) throws {
    let stored = try StoredTensors([("w", format ?? .f16, [3, 2])])
    let source = stored.mapped(0, try .matrix(3, 2))
    let layout = try StoredLayout.matrix(3, 2, isTransposed: true)
    let rows = TransposedRows(
      gatherer: stored.gatherer(layout, [source], Self.alone, format: format), rowElementCount: 3)
    #expect(try rows.floats(0..<2, of: 3) == [1, 3, 5, 2, 4, 6])
    #expect(try rows.floats(1..<2, of: 3) == [2, 4, 6])
    if let format { #expect(try rows.bytes(1..<2, of: 3) == Codec.encode(format, [2, 4, 6])) }
  }

  @Test("have the constant of the layout added")
  func constant() throws {
    let stored = try StoredTensors([("w", .bf16, [2, 2])])
    let source = stored.mapped(0, try .matrix(2, 2))
    let layout = try StoredLayout.matrix(2, 2, addend: 1)
    let rows = GatheredRows(gatherer: stored.gatherer(layout, [source], Self.alone, format: nil))
    #expect(try rows.floats(0..<2, of: 2) == [2, 3, 4, 5])
  }

  @Test("are the negative exponential of the layout's values, and the logarithm on the way back")
  func negativeExponential() throws {
    let stored = try StoredTensors([("w", .bf16, [2, 2])])
    let plain = try StoredLayout.matrix(2, 2), layout = plain.storing(.negativeExponential)
    let rows = GatheredRows(
      gatherer: stored.gatherer(layout, [stored.mapped(0, plain)], Self.alone, format: nil))
    let values = try rows.floats(0..<2, of: 2)
    #expect(values == [1, 2, 3, 4].map { -Float(DeterministicMath.exponential($0)) })
    let back = ValueChange(from: .negativeExponential, to: .canonical)
    var decoded = DecodedValues(values + [-.infinity, 0, 1])
    try back.apply(to: &decoded, first: 7, roundingAs: .f32)
    #expect(Array(decoded.floats.prefix(6)) == [1, 2, 3, 4, .infinity, -.infinity])
    #expect(decoded.floats[6].isNaN)
  }

  @Test("have their columns in the wanted order, whole blocks as bytes", arguments: [StorageFormat.f32, .bf16])
  func reorderedColumns(format: StorageFormat) throws {
    // Two key heads with two value heads each, of 32 columns: heads 0 1 2 3 become 0 2 1 3.
    let stored = try StoredTensors([("w", format, [2, 128])])
    let plain = try StoredLayout.matrix(2, 128)
    let base = GatheredRows(gatherer: stored.gatherer(plain, [stored.mapped(0, plain)], Self.alone, format: format))
    let moves = try #require(ColumnMoves(count: 128, from: .canonical, to: .tiled(groupCount: 2, headCount: 4)))
    let rows = ReorderedColumns(base: base, columns: moves)
    let before = try base.floats(0..<2, of: 128)
    let heads: [Int] = [0, 2, 1, 3, 4, 6, 5, 7]
    var expected: [Float] = []
    for head in heads { expected += before[head * 32..<head * 32 + 32] }
    #expect(rows.format == format)
    #expect(try rows.floats(0..<2, of: 128) == expected)
    #expect(try Codec.decode(format, rows.bytes(0..<2, of: 128), elementCount: 256) == expected)
    #expect(try rows.floats(1..<2, of: 128) == Array(expected[128...]))
    // The inverse gives the columns back; heads of eight columns would cut blocks.
    let inverse = try #require(ColumnMoves(count: 128, from: .tiled(groupCount: 2, headCount: 4), to: .canonical))
    #expect(try ReorderedColumns(base: rows, columns: inverse).floats(0..<2, of: 128) == before)
    let small = try #require(ColumnMoves(count: 128, from: .canonical, to: .tiled(groupCount: 2, headCount: 16)))
    #expect(moves.keepWhole(.q8_0) && !moves.keepWhole(.q4_K) && small.keepWhole(.bf16) && !small.keepWhole(.q8_0))
    #expect(ColumnMoves(count: 128, from: .canonical, to: .canonical) == nil)
  }

  @Test("Adapted rows are the base plus scale · B · A", arguments: [false, true])
  func adaptedRows(isTransposed: Bool) throws {
    // W [2, 3], then B [2, 1] = (7, 8) and A [1, 3] = (9, 10, 11).
    let stored = try StoredTensors([("w", .f32, [2, 3]), ("b", .f32, [2, 1]), ("a", .f32, [1, 3])])
    let plain = try StoredLayout.matrix(2, 3)
    let layout = try StoredLayout.matrix(2, 3, isTransposed: isTransposed)
    let gatherer = stored.gatherer(layout, [stored.mapped(0, plain)], Self.alone, format: .f32)
    let update = LoRAUpdate(
      up: .init(tensor: stored.checkpoint.tensors[1], isTransposed: false),
      down: .init(tensor: stored.checkpoint.tensors[2], isTransposed: false), scale: 0.5, layout: plain, component: 0)
    let base: any RowSource =
      isTransposed ? TransposedRows(gatherer: gatherer, rowElementCount: 2) : GatheredRows(gatherer: gatherer)
    let rows = AdaptedRows(base: base, map: gatherer.map, updates: [[update]], checkpoint: stored.checkpoint)
    let expected: [Float] = [1 + 31.5, 2 + 35, 3 + 38.5, 4 + 36, 5 + 40, 6 + 44]
    #expect(rows.format == nil && rows.copyRanges == nil)
    if isTransposed {
      #expect(try rows.floats(0..<3, of: 2) == [0, 3, 1, 4, 2, 5].map { expected[$0] })
      #expect(try rows.floats(2..<3, of: 2) == [expected[2], expected[5]])
    } else {
      #expect(try rows.floats(0..<2, of: 3) == expected)
      #expect(try rows.floats(1..<2, of: 3) == Array(expected[3...]))
    }
  }
}
