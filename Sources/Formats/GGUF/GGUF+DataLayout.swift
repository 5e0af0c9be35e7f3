import Bytes
import Tensors

extension GGUF {
  /// The offsets of the tensors' data in a file that is read.
  ///
  /// Any order and gaps are allowed, because they do no harm to readers; both are reported. Ranges that overlap or
  /// leave the file are refused.
  struct DataLayout {
    private(set) var tensors: [TensorDescriptor] = []
    private(set) var remarks: [String] = []

    init(_ records: [Reader.Record], headerEnd: Int, alignment: Int, fileByteCount: Int) throws(GGUFError) {
      let start = headerEnd.aligned(to: alignment) ?? headerEnd
      tensors.reserveCapacity(records.count)
      var last: (name: TensorName, end: Int)?
      for record in records {
        guard let end = Self.end(of: record, from: start) else {
          throw .offset(tensor: record.name, offset: UInt64(record.offset))
        }
        // An empty tensor may begin after the padding of the last one; some writers omit that padding.
        let isPastPadding = end > fileByteCount.aligned(to: alignment) ?? fileByteCount
        let isEmpty = record.byteCount == 0 && record.format.format != nil
        if end > last?.end ?? 0, !isEmpty || isPastPadding { last = (record.name, end) }
        tensors.append(
          TensorDescriptor(
            name: record.name, declaredFormat: record.format, shape: record.shape, fileIndex: 0,
            fileOffset: end - record.byteCount, byteCount: record.byteCount))
      }
      if let last, last.end > fileByteCount {
        throw .dataTruncated(tensor: last.name, end: last.end, fileByteCount: fileByteCount)
      }
      try examine(start: start, alignment: alignment, fileByteCount: fileByteCount)
    }

    private static func end(of record: Reader.Record, from start: Int) -> Int? {
      let (begin, overflow) = start.addingReportingOverflow(record.offset)
      let (end, endOverflow) = begin.addingReportingOverflow(record.byteCount)
      return overflow || endOverflow ? nil : end
    }

    /// Scans the data from its start: refuses overlaps, counts gaps.
    private mutating func examine(start: Int, alignment: Int, fileByteCount: Int) throws(GGUFError) {
      // Tensors without bytes have no range. The size of one in an unknown format is unknown, so bytes after it are not
      // reported as a gap.
      let sorted = tensors.filter { $0.byteCount > 0 || $0.format == nil }.sorted { $0.fileOffset < $1.fileOffset }
      var position = start
      var previous: TensorDescriptor?
      var gapCount = 0
      var gapByteCount = 0
      for tensor in sorted {
        if let previous, tensor.fileOffset < position {
          throw .overlap(
            tensor: tensor.name, begin: tensor.fileOffset, previous: previous.name, previousEnd: position)
        }
        let expected = min(position.aligned(to: alignment) ?? position, tensor.fileOffset)
        if tensor.fileOffset > expected, previous == nil || previous?.format != nil {
          gapCount += 1
          gapByteCount += tensor.fileOffset - expected
        }
        position = tensor.fileOffset + tensor.byteCount
        previous = tensor
      }
      if gapCount > 0 {
        remarks.append("\(counted(gapCount, "gap")) between tensors' data, \(counted(gapByteCount, "byte")) in all")
      }
      if !zip(tensors, tensors.dropFirst()).allSatisfy({ $0.fileOffset <= $1.fileOffset }) {
        remarks.append("tensors' data is not in the order of their records")
      }
      let end = max(position.aligned(to: alignment) ?? position, start)
      if fileByteCount > end, previous == nil || previous?.format != nil {
        remarks.append("\(counted(fileByteCount - end, "byte")) after the tensors' data")
      }
    }
  }
}
