import Bytes
import Formats
import Inference
import Models
import Tensors

/// The sums of squared input activations that were collected for the matrices of a model.
struct ImportanceSums: Sendable {
  /// The sums of one tensor of a GGUF, expert after expert.
  struct Entry: Sendable, Equatable {
    var squares: OrderFreeSums
    /// The rows that were summed for each expert.
    var counts: [Int]

    fileprivate init(_ columns: ImatrixColumns.Columns) {
      squares = OrderFreeSums(count: columns.count * columns.expertCount)
      counts = [Int](repeating: 0, count: columns.expertCount)
    }

    fileprivate init(squares: OrderFreeSums, counts: [Int]) {
      self.squares = squares
      self.counts = counts
    }

    /// Throws if a sum of `range` overflows float32, or an expert has more rows than fit.
    fileprivate func require(_ name: TensorName, _ range: Range<Int>) throws(UnusableActivations) {
      guard counts.allSatisfy({ $0 < OrderFreeSums.maximumCount }) else { throw .tooMany(name) }
      if let bad = range.first(where: { !squares.isFinite($0) }) {
        throw .nonfinite(name, column: bad % (squares.count / counts.count))
      }
    }
  }

  private(set) var entries: [TensorName: Entry] = [:]

  /// Adds rows of the input activations of a matrix.
  mutating func add(_ input: Matrix, _ columns: ImatrixColumns.Columns) throws(UnusableActivations) {
    // Taken out, so that its arrays are not copied.
    var entry = entries.removeValue(forKey: columns.name) ?? Entry(columns)
    let start = columns.expert * columns.count, width = input.columnCount, values = input.values.span
    for row in 0..<input.rowCount {
      if let bad = entry.squares.addSquares(values.extracting(row * width..<(row + 1) * width), from: start) {
        throw .nonfinite(columns.name, column: bad)
      }
    }
    entry.counts[columns.expert] += input.rowCount
    try entry.require(columns.name, start..<start + columns.count)
    entries[columns.name] = entry
  }

  /// Adds sums of the same model over another part of the text.
  mutating func add(_ other: ImportanceSums) throws(UnusableActivations) {
    for (name, added) in other.entries {
      guard var entry = entries.removeValue(forKey: name) else {
        entries[name] = added
        continue
      }
      entry.squares.add(added.squares)
      for index in entry.counts.indices { entry.counts[index] += added.counts[index] }
      try entry.require(name, 0..<entry.squares.count)
      entries[name] = entry
    }
  }

  /// The entries of an importance matrix of `model`.
  func entries(of model: Model) -> [ImportanceMatrixBuilder.Entry] {
    let columns = ImatrixColumns(model).byName
    return entries.compactMap { name, entry in
      guard let columns = columns[name] else { return nil }
      let width = columns.count
      let squares = (0..<columns.expertCount).flatMap { expert in
        columns.ordered((expert * width..<(expert + 1) * width).map(entry.squares.value))
      }
      return ImportanceMatrixBuilder.Entry(
        name: name, sums: Array(repeatElement(squares, count: columns.repetitionCount).joined()), counts: entry.counts)
    }
  }
}

extension ImportanceSums {
  /// The sums as bytes, by name: name, counts of experts, and the sums.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
      bytes.appendLittleEndian(UInt32(name.text.utf8.count))
      bytes += name.text.utf8
      for count in entry.counts { bytes.appendLittleEndian(UInt64(count)) }
      entry.squares.append(to: &bytes)
    }
    return bytes
  }

  /// Reads sums of matrices of `model`; nil if the bytes are none.
  init?(_ bytes: [UInt8], of model: Model) {
    let columns = ImatrixColumns(model).byName
    var cursor = ByteCursor(bytes)
    do throws(ByteCursor.Failure) {
      while cursor.remaining > 0 {
        let length = Int(try cursor.read(UInt32.self))
        let name = TensorName(String(decoding: try cursor.readBytes(length), as: UTF8.self))
        guard let columns = columns[name], entries[name] == nil else { return nil }
        let counts = try cursor.readArray(of: UInt64.self, count: columns.expertCount).map { Int(clamping: $0) }
        guard let squares = try OrderFreeSums(count: columns.count * columns.expertCount, from: &cursor),
          counts.allSatisfy({ $0 < OrderFreeSums.maximumCount })
        else { return nil }
        entries[name] = Entry(squares: squares, counts: counts)
      }
    } catch {
      return nil
    }
  }
}
