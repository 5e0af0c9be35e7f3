import Bytes
import Tensors

extension ImportanceMatrix {
  /// The maximum bytes of a name in the legacy container; ggml's have 63.
  static let maximumNameByteCount = 4096
  /// The number of values validated at a time.
  private static let batchElementCount = 1 << 18
  /// The maximum count, far above the counts of any text.
  private static let greatestCount: Float = 0x1p53

  /// Opens and validates the importance matrix at `path`, in either container.
  ///
  /// - Throws: `LocatedError` with `ImportanceMatrixError` or `GGUFError`; `FileError`.
  public static func open(_ path: String) throws -> ImportanceMatrix { try open(InputLocation.openFile(path)) }

  /// Opens and validates the importance matrix in `file`, as `open(_:)` does with a path.
  public static func open(_ file: any ByteSource) throws -> ImportanceMatrix {
    let isGGUF = try file.bytes(at: 0, count: min(4, file.byteCount)) == GGUF.magic
    // The errors of a GGUF already name the file.
    let contents = isGGUF ? try GGUF.contents(file) : nil
    do throws(ImportanceMatrixError) {
      var matrix: ImportanceMatrix
      if let contents { matrix = try ImportanceMatrix(contents) } else { matrix = try ImportanceMatrix(legacy: file) }
      for index in matrix.entries.indices {
        matrix.entries[index].zeroExperts = try matrix.zeroExperts(of: matrix.entries[index], in: file)
      }
      return matrix
    } catch .unreadable(let error) {
      throw error
    } catch {
      throw LocatedError(path: file.path, reason: error)
    }
  }

  /// Validates the values of `entry`, which must be finite and not negative, and finds experts that have only zeros.
  ///
  /// In a GGUF, an expert whose count is zero has no values: it is unused, not zero.
  private func zeroExperts(of entry: Entry, in file: any ByteSource) throws(ImportanceMatrixError) -> [Int] {
    var zeroExperts = Set(entry.counts.indices.filter { container == .legacy || entry.counts[$0] > 0 })
    for start in stride(from: 0, to: entry.valueCount, by: Self.batchElementCount) {
      let count = min(Self.batchElementCount, entry.valueCount - start)
      let values = try Self.floats(file, at: entry.fileOffset + start * 4, count: count)
      if let index = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw .value(entry.name, index: start + index, values[index])
      }
      for expert in zeroExperts {
        let elements = (expert * entry.valuesPerCount..<(expert + 1) * entry.valuesPerCount)
          .clamped(to: start..<start + count)
        if elements.contains(where: { values[$0 - start] != 0 }) { zeroExperts.remove(expert) }
      }
    }
    return zeroExperts.sorted()
  }

  static func floats(
    _ file: any ByteSource, at offset: Int, count: Int
  ) throws(ImportanceMatrixError) -> [Float] {
    do throws(FileError) {
      return try file.floats(at: offset, count: count)
    } catch {
      throw .unreadable(error)
    }
  }

  /// Returns the counts as integers, rounded as llama.cpp does.
  static func wholeCounts(_ counts: [Float], of name: TensorName) throws(ImportanceMatrixError) -> [Int] {
    var result: [Int] = []
    for (index, count) in counts.enumerated() {
      guard count >= 0, count < greatestCount, let whole = Int(exactly: count.rounded()) else {
        throw .count(name, index: index, count)
      }
      result.append(whole)
    }
    return result
  }
}
