import Bytes
import Tensors

// The legacy container, little-endian throughout (llama-imatrix --output-format dat, llama.cpp 0c1e57098):
//
// file   = i32 entryCount { entry } [ i32 chunkCount [ i32 byteCount, bytes of the text's name ] ]
// entry  = i32 byteCount, bytes of the tensor's name, i32 passes, i32 valueCount { f32 }
//
// A value is the mean of the squares times the number of passes. A name ends at its first zero byte.

extension ImportanceMatrix {
  /// The smallest entry: three integers, one byte of name, one value.
  private static let minimumEntryByteCount = 4 + 1 + 4 + 4 + 4

  /// Finds the entries of a file in the legacy container.
  init(legacy file: any ByteSource) throws(ImportanceMatrixError) {
    var cursor = LegacyCursor(file)
    let count = try cursor.readNumber()
    guard count > 0 else { throw .noEntries }
    guard let entryCount = try? cursor.cursor.requireRemaining(UInt64(count), of: Self.minimumEntryByteCount) else {
      throw .entryCount(count, remaining: cursor.cursor.remaining)
    }
    var entries: [Entry] = []
    var names: Set<TensorName> = []
    for index in 0..<entryCount {
      cursor.entryIndex = index
      let entry = try cursor.readEntry()
      guard names.insert(entry.name).inserted else { throw .twice(entry.name) }
      entries.append(entry)
    }
    // The rest is optional, and older files do not have it.
    let chunkCount = try? cursor.readNumber()
    var datasets: [ByteString] = []
    if let byteCount = try? cursor.readNumber(), byteCount > 0, let name = try? cursor.readText(Int(byteCount)) {
      datasets.append(ByteString(name))
    }
    self.init(
      file, .legacy, entries: entries, datasets: datasets, chunkCount: chunkCount.flatMap { $0 > 0 ? Int($0) : nil },
      chunkSize: nil)
  }

  /// A cursor that tracks the current entry, for messages.
  private struct LegacyCursor {
    var cursor: ByteCursor
    var entryIndex = 0

    init(_ file: any ByteSource) { cursor = ByteCursor(file) }

    mutating func readEntry() throws(ImportanceMatrixError) -> Entry {
      let stated = try readNumber()
      guard stated > 0, stated <= maximumNameByteCount else {
        throw .nameLength(entry: entryIndex, byteCount: stated, limit: maximumNameByteCount)
      }
      guard let text = String(validating: try readText(Int(stated)), as: UTF8.self) else {
        throw .nameNotUTF8(entry: entryIndex)
      }
      let name = TensorName(text)
      let passes = try readNumber()
      guard passes >= 0 else { throw .passCount(name, passes) }
      let valueCount = try readNumber()
      guard valueCount > 0 else { throw .valueCount(name, valueCount) }
      let offset = cursor.offset
      try located { cursor throws(ByteCursor.Failure) in try cursor.skip(Int(valueCount) * 4) }
      return Entry(name: name, valueCount: Int(valueCount), counts: [Int(passes)], fileOffset: offset)
    }

    mutating func readNumber() throws(ImportanceMatrixError) -> Int32 {
      try located { cursor throws(ByteCursor.Failure) in try cursor.read(Int32.self) }
    }

    /// A string of `byteCount` bytes, up to its first zero.
    mutating func readText(_ byteCount: Int) throws(ImportanceMatrixError) -> [UInt8] {
      let bytes = try located { cursor throws(ByteCursor.Failure) in try cursor.readBytes(byteCount) }
      return Array(bytes.prefix { $0 != 0 })
    }

    private mutating func located<T>(
      _ read: (inout ByteCursor) throws(ByteCursor.Failure) -> T
    ) throws(ImportanceMatrixError) -> T {
      do throws(ByteCursor.Failure) {
        return try read(&cursor)
      } catch {
        switch error {
        case .endOfData(let offset, let needed, let remaining):
          throw .endsEarly(entry: entryIndex, offset: offset, needed: needed, remaining: remaining)
        case .file(let error): throw .unreadable(error)
        }
      }
    }
  }
}
