import Bytes
import Tensors

// file    = "GGUF" version tensorCount pairCount { pair } { record } padding data
// version = u32: 2 or 3, in the byte order of the whole file (so 3 reads 0x03000000 when the order is the other one)
// counts  = u64
// pair    = string type value                      keys are UTF-8, not empty, and occur once
// string  = u64 byteCount, bytes                   no terminator
// type    = u32: 0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 f32, 7 bool, 8 string, 9 array, 10 u64, 11 i64, 12 f64
// value   = the number | u8 0 or 1 | string | type u64 count { value }
// record  = string u32 rank { u64 dimension } u32 ggmlType u64 offset
//           dimensions fastest-varying first; offset from the start of the data, a multiple of the alignment
// padding = bytes up to the next multiple of the alignment ("general.alignment", 32 by default)
// data    = the tensors' bytes, each padded to the alignment
//
//  0 ┊ "GGUF" │ 4 ┊ version │ 8 ┊ tensorCount │ 16 ┊ pairCount │ 24 ┊ pairs │ records │ padding │ data

extension GGUF {
  /// Reads and validates the header of one file.
  static func read(_ file: any ByteSource) throws(GGUFError) -> ParsedHeader {
    var reader = Reader(file)
    let header = try reader.readHeader()
    let metadata = try reader.readPairs(header.pairCount)
    let alignment = try alignment(metadata)
    let records = try reader.readRecords(header.tensorCount, alignment: alignment)
    let layout = try DataLayout(
      records, headerEnd: reader.cursor.offset, alignment: alignment, fileByteCount: file.byteCount)
    let facts = [
      "version": "\(header.version)", "byteOrder": reader.cursor.byteOrder.rawValue, "alignment": "\(alignment)",
    ]
    return ParsedHeader(
      file: file, metadata: metadata, tensors: layout.tensors, facts: facts, remarks: layout.remarks)
  }

  /// The alignment that metadata declares, or the default.
  static func alignment(_ metadata: Metadata) throws(GGUFError) -> Int {
    guard let value = metadata[alignmentKey] else { return defaultAlignment }
    guard case .uint32(let declared) = value else { throw .alignmentType(found: value.type.name) }
    guard declared > 0, declared & (declared - 1) == 0, declared <= maximumAlignment else {
      throw .alignment(declared, limit: maximumAlignment)
    }
    return Int(declared)
  }

  /// Reads keys and tensors, and tracks the location for messages.
  struct Reader {
    var cursor: ByteCursor
    var location = GGUFError.Location.header

    init(_ file: any ByteSource) {
      cursor = ByteCursor(file)
    }

    struct Header {
      let version: UInt32
      let tensorCount: Int
      let pairCount: Int
    }

    /// One tensor as declared in the file; the offset counts from the start of the data.
    struct Record {
      let name: TensorName
      let format: DeclaredFormat
      let shape: Shape
      let offset: Int
      let byteCount: Int
    }

    mutating func readHeader() throws(GGUFError) -> Header {
      let magic = try readBytes(4)
      guard magic == GGUF.magic else { throw .magic(magic) }
      let version = try readVersion()
      let tensorCount = try read(UInt64.self)
      let pairCount = try read(UInt64.self)
      guard let tensors = try? cursor.requireRemaining(tensorCount, of: GGUF.minimumTensorRecordByteCount) else {
        throw .countTooLarge(.tensors, count: tensorCount, remaining: cursor.remaining)
      }
      guard let pairs = try? cursor.requireRemaining(pairCount, of: GGUF.minimumPairByteCount) else {
        throw .countTooLarge(.pairs, count: pairCount, remaining: cursor.remaining)
      }
      return Header(version: version, tensorCount: tensors, pairCount: pairs)
    }

    private mutating func readVersion() throws(GGUFError) -> UInt32 {
      let declared = try read(UInt32.self)
      // Versions are small: if the low half is 0, the byte order is the other one.
      let isSwapped = declared != 0 && declared & 0xFFFF == 0
      let version = isSwapped ? declared.byteSwapped : declared
      guard GGUF.readableVersions.contains(version) else { throw .version(version) }
      if isSwapped { cursor.byteOrder = .bigEndian }
      return version
    }

    mutating func readPairs(_ count: Int) throws(GGUFError) -> Metadata {
      var metadata = Metadata()
      for index in 0..<count {
        location = .pair(index: index)
        let key = try readName()
        guard !key.text.isEmpty else { throw .emptyKey(index: index) }
        guard metadata.pairs[key] == nil else { throw .duplicateKey(key.text) }
        location = .value(key: key.text)
        metadata.pairs[key] = try readValue()
        guard cursor.offset <= GGUF.maximumMetadataByteCount else {
          throw .metadataTooLarge(limit: GGUF.maximumMetadataByteCount)
        }
      }
      return metadata
    }

    mutating func readRecords(_ count: Int, alignment: Int) throws(GGUFError) -> [Record] {
      var records: [Record] = []
      var names: Set<TensorName> = []
      for index in 0..<count {
        location = .record(index: index)
        let name = try readName()
        guard names.insert(name).inserted else { throw .duplicateTensor(name) }
        location = .tensor(name)
        records.append(try readRecord(name, alignment: alignment))
        guard cursor.offset <= GGUF.maximumMetadataByteCount else {
          throw .metadataTooLarge(limit: GGUF.maximumMetadataByteCount)
        }
      }
      return records
    }

    private mutating func readRecord(_ name: TensorName, alignment: Int) throws(GGUFError) -> Record {
      let rank = try read(UInt32.self)
      guard rank <= GGUF.maximumRank else { throw .rank(tensor: name, rank: rank, limit: GGUF.maximumRank) }
      var dimensions: [Int] = []
      for _ in 0..<rank {
        let declared = try read(UInt64.self)
        guard let extent = Int(exactly: declared) else { throw .extent(tensor: name, extent: declared) }
        dimensions.append(extent)
      }
      dimensions.reverse()
      guard let shape = Shape(dimensions) else { throw .shapeOverflows(tensor: name, dimensions: dimensions) }
      let type = try read(UInt32.self)
      let statedOffset = try read(UInt64.self)
      guard let offset = Int(exactly: statedOffset) else { throw .offset(tensor: name, offset: statedOffset) }
      guard offset % alignment == 0 else { throw .unaligned(tensor: name, offset: offset, alignment: alignment) }
      guard let format = StorageFormat(ggmlType: type) else {
        return Record(name: name, format: .unknown("ggml type \(type)"), shape: shape, offset: offset, byteCount: 0)
      }
      guard shape.rowElementCount % format.elementsPerBlock == 0 else {
        throw .partialBlock(tensor: name, format: format, rowElementCount: shape.rowElementCount)
      }
      guard let byteCount = format.byteCount(elementCount: shape.elementCount) else {
        throw .shapeOverflows(tensor: name, dimensions: dimensions)
      }
      return Record(name: name, format: .known(format), shape: shape, offset: offset, byteCount: byteCount)
    }
  }
}

extension GGUF.Reader {
  /// A key or a tensor's name.
  mutating func readName() throws(GGUFError) -> ExactString {
    let count = try readByteCount(limit: GGUF.maximumNameByteCount)
    guard let text = String(validating: try readBytes(count), as: UTF8.self) else { throw .invalidUTF8(location) }
    return ExactString(text)
  }

  /// The length of the string that follows.
  mutating func readByteCount(limit: Int) throws(GGUFError) -> Int {
    let declared = try read(UInt64.self)
    guard let count = Int(exactly: declared), count <= limit else {
      throw .stringTooLong(location, byteCount: declared, limit: limit)
    }
    return count
  }

  mutating func read<T: FixedWidthInteger>(_: T.Type) throws(GGUFError) -> T {
    do throws(ByteCursor.Failure) {
      return try cursor.read(T.self)
    } catch {
      throw GGUFError(error, at: location)
    }
  }

  mutating func readBytes(_ count: Int) throws(GGUFError) -> [UInt8] {
    do throws(ByteCursor.Failure) {
      return try cursor.readBytes(count)
    } catch {
      throw GGUFError(error, at: location)
    }
  }
}
