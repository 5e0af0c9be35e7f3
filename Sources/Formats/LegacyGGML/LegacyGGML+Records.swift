import Bytes
import Tensors

extension LegacyGGML {
  /// The record of a tensor, before its data.
  struct Record {
    let name: TensorName
    let type: UInt32
    /// As stored: the fastest-varying one first.
    let dimensions: [UInt32]
    /// The offset after the record.
    let end: Int

    /// Reads the record at `offset`; nothing beyond the longest possible one is read.
    init(_ file: any ByteSource, at offset: Int, index: Int) throws(LegacyGGMLError) {
      let longest = 12 + 4 * LegacyGGML.maximumRank + LegacyGGML.maximumNameByteCount
      var cursor: ByteCursor
      do throws(FileError) {
        cursor = ByteCursor(try file.bytes(at: offset, count: min(longest, file.byteCount - offset)))
      } catch {
        throw .unreadable(error)
      }
      func located(_ failure: ByteCursor.Failure) -> LegacyGGMLError {
        guard case .endOfData(let place, let needed, let remaining) = failure else {
          return .init(failure, at: .record(index: index))
        }
        return .endsEarly(.record(index: index), offset: offset + place, needed: needed, remaining: remaining)
      }
      func word() throws(LegacyGGMLError) -> UInt32 {
        do throws(ByteCursor.Failure) { return try cursor.read(UInt32.self) } catch { throw located(error) }
      }
      let rank = try word(), length = try word()
      type = try word()
      guard (1...UInt32(LegacyGGML.maximumRank)).contains(rank) else { throw .rank(index: index, rank) }
      guard (1...UInt32(LegacyGGML.maximumNameByteCount)).contains(length) else {
        throw .nameLength(index: index, length)
      }
      var dimensions: [UInt32] = []
      for _ in 0..<rank { dimensions.append(try word()) }
      self.dimensions = dimensions
      let bytes: [UInt8]
      do throws(ByteCursor.Failure) { bytes = try cursor.readBytes(Int(length)) } catch { throw located(error) }
      guard bytes.allSatisfy({ $0 >= 0x20 }), let text = String(validating: bytes, as: UTF8.self) else {
        throw .name(index: index)
      }
      name = TensorName(text)
      end = offset + cursor.offset
    }

    /// The dimensions, slowest-varying first.
    func shape() throws(LegacyGGMLError) -> Shape {
      for dimension in dimensions where dimension == 0 || dimension > Int32.max { throw .dimension(name, dimension) }
      guard let shape = Shape(dimensions.reversed().map(Int.init)) else { throw .shapeOverflows(name, dimensions) }
      return shape
    }
  }

  /// Reads the records of a file, and finds the data of its tensors.
  struct RecordReader {
    private let file: any ByteSource
    private let revision: Revision
    private let period: Period
    private var offset: Int
    /// The tensors as stored; old blocks as a format that can only be shown.
    private(set) var stored: [TensorDescriptor] = []
    /// The old blocks of a tensor; nil for a storage format of today.
    private var blocks: [Block?] = []
    private var names: Set<TensorName> = []

    init(_ file: any ByteSource, _ offset: Int, _ revision: Revision, _ period: Period) {
      (self.file, self.offset, self.revision, self.period) = (file, offset, revision, period)
    }

    /// Reads all records to the end of the file.
    mutating func readAll() throws(LegacyGGMLError) {
      while offset < file.byteCount { try readNext() }
    }

    private mutating func readNext() throws(LegacyGGMLError) {
      let record = try Record(file, at: offset, index: stored.count)
      let name = record.name
      guard names.insert(name).inserted else { throw .duplicateTensor(name) }
      let shape = try record.shape()
      guard let layout = period.layout(of: record.type) else {
        throw .type(name, record.type, revision: "\(revision)")
      }
      let blockElementCount = layout.elementsPerBlock
      guard shape.rowElementCount % blockElementCount == 0 else {
        throw .partialBlock(
          name, layout.name, elementsPerBlock: blockElementCount, rowElementCount: shape.rowElementCount)
      }
      let (byteCount, overflow) = (shape.elementCount / blockElementCount).multipliedReportingOverflow(
        by: layout.bytesPerBlock)
      guard !overflow else { throw .shapeOverflows(name, record.dimensions) }
      let start = revision.isAligned ? record.end.aligned(to: LegacyGGML.alignment) ?? record.end : record.end
      let (end, endOverflow) = start.addingReportingOverflow(byteCount)
      guard !endOverflow, end <= file.byteCount else {
        throw .dataTruncated(name, end: endOverflow ? Int.max : end, fileByteCount: file.byteCount)
      }
      stored.append(
        TensorDescriptor(
          name: name, declaredFormat: layout.declared, shape: shape, fileIndex: 0, fileOffset: start,
          byteCount: byteCount))
      blocks.append(layout.block)
      offset = end
    }

    /// Returns the tensors, those in old blocks as compositions, and what was found out about their layout.
    func composed() throws(LegacyGGMLError) -> ([TensorDescriptor], remarks: [String]) {
      var layouts: [Block: Block] = [:]
      var remarks: [String] = []
      // Only files without a version can have blocks whose parts are stored row by row.
      if revision.magic == .ggml {
        for (tensor, block) in zip(stored, blocks) {
          guard let block, layouts[block] == nil, let byRow = block.byRow else { continue }
          let width = tensor.shape.rowElementCount / block.elementCount
          guard width > 1 else { continue }
          layouts[block] = try Self.isByRow(tensor, byRow, block, of: file) ? byRow : block
          if layouts[block] == byRow {
            remarks.append(
              "\(block.name) has the scales of a row before its codes, as llama.cpp wrote it in its first days")
          }
        }
      }
      let tensors = zip(stored, blocks).map { tensor, block in
        guard let block else { return tensor }
        let composition = OldBlocks(stored: tensor, block: layouts[block] ?? block)
        return TensorDescriptor(name: tensor.name, shape: tensor.shape, contents: .composed(composition))
      }
      return (tensors, remarks)
    }

    /// Rows that are examined to tell the layouts apart.
    private static let examinedRowCount = 4
    /// A longer row is not examined whole.
    private static let examinedByteCount = 1 << 20

    /// Whether the scales of the first rows are numbers that a scale can be only if they are stored row by row.
    private static func isByRow(
      _ tensor: TensorDescriptor, _ byRow: Block, _ block: Block, of file: any ByteSource
    ) throws(LegacyGGMLError) -> Bool {
      let blockCount = tensor.shape.rowElementCount / block.elementCount
      let rowByteCount = blockCount * block.byteCount
      guard rowByteCount <= examinedByteCount else { return false }
      let rowCount = min(examinedRowCount, tensor.shape.rowCount)
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try file.bytes(at: tensor.fileOffset, count: rowCount * rowByteCount)
      } catch {
        throw .unreadable(error)
      }
      func allScalesArePossible(_ layout: Block) -> Bool {
        for row in 0..<rowCount {
          for index in 0..<blockCount {
            guard layout.hasPossibleScale(bytes, row: row * rowByteCount, index, of: blockCount) else { return false }
          }
        }
        return true
      }
      return !allScalesArePossible(block) && allScalesArePossible(byRow)
    }
  }
}
