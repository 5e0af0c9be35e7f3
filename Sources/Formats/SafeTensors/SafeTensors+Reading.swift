import Bytes
import Tensors

// file     = length header data
// length   = u64, little-endian: the bytes of the header, at most 100,000,000
// header   = a JSON object in UTF-8 that begins with "{"; spaces may follow it
//            { "__metadata__": { TEXT: TEXT, … },                              optional
//              NAME: { "dtype": DTYPE, "shape": [dimension, …], "data_offsets": [begin, end] }, … }
// data     = the tensors' bytes, little-endian, rows first; begin and end count from its first byte
//
//  0 ┊ length │ 8 ┊ header │ 8 + length ┊ data │ end of file
//
// The tensors tile the data section: sorted by begin, the first begins at 0, each begins where the one before it
// ended, and the last ends where the file ends. `end - begin` is the size that dtype and shape give.

extension SafeTensors {
  /// Reads and validates the header of one file.
  static func read(_ file: any ByteSource) throws(SafeTensorsError) -> ParsedHeader {
    let header = try headerBytes(file)
    let dataOffset = lengthByteCount + header.count
    let reader = try validated(header, dataByteCount: file.byteCount - dataOffset)
    let tensors = reader.entries.map { entry in
      TensorDescriptor(
        name: entry.name, declaredFormat: .known(entry.format), shape: entry.shape, fileIndex: 0,
        fileOffset: dataOffset + entry.begin, byteCount: entry.end - entry.begin)
    }
    return ParsedHeader(file: file, metadata: reader.metadata, tensors: tensors)
  }

  /// Parses `header`, which must describe exactly `dataByteCount` bytes of data.
  static func validated(_ header: [UInt8], dataByteCount: Int) throws(SafeTensorsError) -> HeaderReader {
    var reader = HeaderReader(header)
    try reader.readMembers()
    try requireTiling(reader.entries, dataByteCount: dataByteCount)
    return reader
  }

  /// The header of `file` without its length.
  static func headerBytes(_ file: any ByteSource) throws(SafeTensorsError) -> [UInt8] {
    guard file.byteCount >= lengthByteCount else { throw .tooShort(byteCount: file.byteCount) }
    let declared = try bytes(of: file, at: 0, count: lengthByteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    let available = file.byteCount - lengthByteCount
    guard let count = Int(exactly: declared), count <= maximumHeaderByteCount else {
      let isSwapped = declared.byteSwapped > 1 && declared.byteSwapped <= UInt64(available)
      throw isSwapped ? .byteSwappedLength : .headerTooLarge(byteCount: declared, limit: maximumHeaderByteCount)
    }
    guard count <= available else { throw .headerTruncated(byteCount: count, available: available) }
    guard count > 0 else { throw .emptyHeader }
    let header = try bytes(of: file, at: lengthByteCount, count: count)
    guard header[0] == UInt8(ascii: "{") else { throw .notAnObject(firstByte: header[0]) }
    return header
  }

  private static func bytes(
    of file: any ByteSource, at offset: Int, count: Int
  ) throws(SafeTensorsError) -> [UInt8] {
    do throws(FileError) {
      return try file.bytes(at: offset, count: count)
    } catch {
      throw .unreadable(error)
    }
  }

  /// Checks that the tensors fill the data section exactly once.
  private static func requireTiling(_ entries: [Entry], dataByteCount: Int) throws(SafeTensorsError) {
    let sorted = entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var position = 0
    var previous: TensorName?
    for entry in sorted {
      if let previous, entry.begin < position {
        throw .overlap(tensor: entry.name, begin: entry.begin, previous: previous, previousEnd: position)
      }
      guard entry.begin == position else {
        throw .hole(tensor: entry.name, begin: entry.begin, previousEnd: position)
      }
      position = entry.end
      previous = entry.name
    }
    guard position <= dataByteCount else {
      throw .dataTruncated(expected: position, available: dataByteCount)
    }
    guard position == dataByteCount else { throw .trailingBytes(count: dataByteCount - position) }
  }
}
