import Bytes
import Models
import Quantization
import Tensors

/// Rows of one tensor at even distances, on which its errors are measured.
///
/// Each row is coded on its own, so errors of rows do not depend on which others are read.
struct RowSample {
  /// About this many elements of a tensor are measured: 2 MiB as float32. Smaller tensors are measured whole.
  static let elementCount = 1 << 19
  /// At least this many rows are measured, however long they are.
  static let minimumRowCount = 8

  /// The rows of the output that are read.
  let rows: [Int]
  /// Elements of a row.
  let rowElementCount: Int
  /// Their values, row by row.
  let values: [Float]

  /// Reads the sample.
  init(_ reader: RowReader) throws {
    let rowCount = reader.geometry.rowCount
    rowElementCount = reader.geometry.rowElementCount
    let count = min(rowCount, max(Self.minimumRowCount, Self.elementCount / max(1, rowElementCount)))
    rows = (0..<count).map { (2 * $0 + 1) * rowCount / (2 * count) }
    values = try Self.read(rows, reader)
    if let index = Codec.firstNonfinite(values.span) {
      throw LocatedError(
        path: reader.file(of: reader.sources[0].descriptor).path,
        reason: TensorProblem(
          reader.sources[0].descriptor,
          .nonfinite(row: rows[index / rowElementCount], column: index % rowElementCount, format: .q8_0)))
    }
  }

  private static func read(_ rows: [Int], _ reader: RowReader) throws -> [Float] {
    var sample: [Float] = []
    sample.reserveCapacity(rows.count * reader.geometry.rowElementCount)
    var buffers = RowBuffers()
    for row in rows {
      try reader.rows.readValues(row..<row + 1, into: &buffers)
      sample += buffers.values.floats.prefix(reader.geometry.rowElementCount)
    }
    return sample
  }

  /// The error of storing the sample in `format`, relative to its energy: Σ i·(stored − value)² / Σ i·value², where i is the
  /// importance of the column (the mean square of its input activations), or 1.
  ///
  /// With importance this is the relative error of the products of the matrix, as far as columns are independent.
  /// - Parameters:
  ///   - importance: of the columns of each expert of a stack; a matrix on its own counts as one. Nil weights them equally.
  ///   - expertRowCount: rows of an expert.
  /// - Returns: 0 for a sample of zeros; nil if a value is beyond the format.
  func error(_ format: StorageFormat, importance: [[Float]]?, expertRowCount: Int) throws -> Double? {
    let stored = try Codec.decode(
      format, try encode(format, importance, expertRowCount), elementCount: values.count)
    var error = 0.0, energy = 0.0
    let values = values.span, kept = stored.span
    for (index, row) in rows.enumerated() {
      let start = index * rowElementCount
      let weights = importance?[row / expertRowCount]
      var rowError = 0.0, rowEnergy = 0.0
      for column in 0..<rowElementCount {
        let value = Double(values[start + column])
        let difference = Double(kept[start + column]) - value
        let weight = weights.map { Double($0[column]) } ?? 1
        rowError += weight * difference * difference
        rowEnergy += weight * value * value
      }
      error += rowError
      energy += rowEnergy
    }
    guard error.isFinite else { return nil }
    return error == 0 ? 0 : error / energy
  }

  /// The sample in `format`, the rows of each expert by its own importance.
  private func encode(_ format: StorageFormat, _ importance: [[Float]]?, _ expertRowCount: Int) throws -> [UInt8] {
    guard let importance else { return try Codec.encode(format, values) }
    var bytes: [UInt8] = []
    var next = 0
    while next < rows.count {
      let expert = rows[next] / expertRowCount
      let end = rows[next...].firstIndex { $0 / expertRowCount != expert } ?? rows.count
      let instance = Array(values[next * rowElementCount..<end * rowElementCount])
      bytes += try Codec.encode(format, instance, importance: importance[expert])
      next = end
    }
    return bytes
  }
}
