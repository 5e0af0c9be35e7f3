import Quantization
import Tensors

/// Some of the rows and columns of a tensor, as a rank of parallel training has them.
struct PartRows: RowSource {
  /// Elements of the whole that are read at a time, about: where a part has few columns, rows of the whole are wider.
  private static let elementCount = 1 << 20

  /// The rows of the whole.
  let base: any RowSource
  let part: TensorPart
  /// The columns of a part's row.
  let columns: Range<Int>
  /// That of the whole; nil if columns cut its blocks.
  let format: StorageFormat?
  /// Elements of a row of the whole.
  private let wholeWidth: Int

  /// - Parameters:
  ///   - geometry: that of the whole.
  ///   - sources: the stored tensors of the whole.
  init(
    _ base: any RowSource, _ part: TensorPart, _ geometry: RowReader.Geometry, _ sources: [MappedTensor]
  ) throws(TensorProblem) {
    self.base = base
    self.part = part
    wholeWidth = geometry.rowElementCount
    let columns = part.columns ?? 0..<geometry.rowElementCount
    self.columns = columns
    let isWithin = part.runs.allSatisfy { run in
      run.start >= 0 && run.count >= 0 && run.start + (run.isRepeated ? 1 : run.count) <= geometry.rowCount
    }
    guard isWithin, columns.upperBound <= wholeWidth else {
      throw TensorProblem(
        sources[0].descriptor, .wrongElementCount(found: geometry.rowCount * wholeWidth, expected: part.rowCount))
    }
    format = base.format.flatMap { format in
      let size = format.elementsPerBlock
      return columns.lowerBound % size == 0 && columns.count % size == 0 ? format : nil
    }
  }

  // Parts are read by slabs, since they go into files whose bytes are summed.
  var copyRanges: [TensorCopyRange]? { nil }
  var access: RowAccess { base.access }

  /// Rows of the whole, and the first row of what is read that they become.
  private struct Piece {
    let rows: Range<Int>
    let target: Int
    /// How often the one row is repeated.
    let repetitions: Int
  }

  /// The rows of the whole that `rows` of the part are, few enough to be read at once.
  private func pieces(of rows: Range<Int>) -> [Piece] {
    var pieces: [Piece] = [], start = 0
    let limit = max(1, Self.elementCount / max(1, wholeWidth))
    for run in part.runs {
      let own = rows.clamped(to: start..<start + run.count)
      if run.isRepeated, !own.isEmpty {
        let row = run.start..<run.start + 1
        pieces.append(Piece(rows: row, target: own.lowerBound - rows.lowerBound, repetitions: own.count))
      } else {
        // With all columns the slab is as wide as the whole.
        let step = part.columns == nil ? max(1, own.count) : limit
        for first in stride(from: own.lowerBound, to: own.upperBound, by: step) {
          let count = min(step, own.upperBound - first), begin = run.start + first - start
          pieces.append(Piece(rows: begin..<begin + count, target: first - rows.lowerBound, repetitions: 1))
        }
      }
      start += run.count
    }
    return pieces
  }

  /// The piece that `rows` are as a whole; nil if they must be put together.
  private func whole(_ pieces: [Piece]) -> Range<Int>? {
    guard part.columns == nil, pieces.count == 1, pieces[0].repetitions == 1 else { return nil }
    return pieces[0].rows
  }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    let pieces = pieces(of: rows)
    if let whole = whole(pieces) { return try base.readBytes(whole, into: &buffers) }
    guard let format, let width = format.byteCount(elementCount: columns.count),
      let stride = format.byteCount(elementCount: wholeWidth),
      let begin = format.byteCount(elementCount: columns.lowerBound)
    else { return }
    // Both arrays keep their memory from slab to slab: what holds rows of the whole, and what holds those of the part.
    swap(&buffers.bytes, &buffers.partBytes)
    var gathered: [UInt8] = []
    swap(&gathered, &buffers.partBytes)
    gathered.removeAll(keepingCapacity: true)
    gathered.reserveCapacity(rows.count * width)
    for piece in pieces {
      try base.readBytes(piece.rows, into: &buffers)
      for _ in 0..<piece.repetitions {
        for row in piece.rows.indices {
          let start = (row - piece.rows.lowerBound) * stride + begin
          gathered += buffers.bytes[start..<start + width]
        }
      }
    }
    buffers.partBytes = buffers.bytes
    buffers.bytes = gathered
  }

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    let pieces = pieces(of: rows)
    if let whole = whole(pieces) { return try base.readValues(whole, into: &buffers) }
    var gathered = DecodedValues()
    for piece in pieces {
      try base.readValues(piece.rows, into: &buffers)
      if piece.target == 0 {
        gathered.prepare(rows.count * columns.count, isWide: !buffers.values.isExact)
      }
      for repetition in 0..<piece.repetitions {
        for row in piece.rows.indices {
          let index = row - piece.rows.lowerBound, target = piece.target + repetition + index
          let start = index * wholeWidth + columns.lowerBound
          gathered.replace(
            from: target * columns.count, with: buffers.values, start..<start + columns.count)
        }
      }
    }
    buffers.values = gathered
  }

  /// The part in words, after what happens to the whole.
  func description(of words: [String]) -> String {
    var ranges: [String] = []
    for run in part.runs {
      let range = run.count == 1 ? "\(run.start)" : "\(run.start)–\(run.start + run.count - 1)"
      ranges.append(run.isRepeated ? "row \(run.start) \(run.count) times" : range)
    }
    let isSplit = part.columns.map { "columns \($0.lowerBound)–\($0.upperBound - 1)" }
    return (words + [isSplit ?? "rows \(ranges.joined(separator: ", "))"]).joined(separator: ", ")
  }
}
