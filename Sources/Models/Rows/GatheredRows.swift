import Tensors

/// Rows that are stored elsewhere or in another order: gathered from one tensor or several.
struct GatheredRows: RowSource {
  /// Ranges smaller than this are gathered faster than they are copied one by one.
  private static let smallestCopyByteCount = 1 << 16

  let gatherer: RowGatherer

  var format: StorageFormat? { gatherer.format }
  var map: RowMap { gatherer.map }
  private var columns: Range<Int> { 0..<map.layout.columnCount }

  var access: RowAccess {
    map.sources.contains { $0.layout.transposedBlockCount != nil } ? .columns : .rows
  }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    guard let format else { return }
    try gatherer.readBytes(
      rows.map(map.location), columns: columns, format: format, into: &buffers.bytes, scratch: &buffers.storedBytes)
  }

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    guard format == nil else { return try decodeBytes(rows, rowElementCount: columns.count, into: &buffers) }
    try gatherer.readValues(rows.map(map.location), columns: columns, into: &buffers)
  }

  var copyRanges: [TensorCopyRange]? {
    guard let rowByteCount = format?.byteCount(elementCount: columns.count), map.layout.groupCount == 1 else {
      return nil
    }
    var ranges: [TensorCopyRange] = []
    var row = 0
    for (index, origin) in map.origins.enumerated() {
      let component = map.layout.components[index % map.layout.components.count]
      let source = map.sources[origin.source]
      let byteCount = component.rowCount * rowByteCount
      guard source.layout.groupCount == 1, source.layout.transposedBlockCount == nil,
        source.layout.components[origin.component].order == component.order, byteCount >= Self.smallestCopyByteCount
      else { return nil }
      let first = source.layout.firstLogicalRow(ofComponent: origin.component, instance: origin.instance)
      ranges.append(
        TensorCopyRange(
          source: source.descriptor, sourceOffset: first * rowByteCount, targetOffset: row * rowByteCount,
          byteCount: byteCount))
      row += component.rowCount
    }
    return ranges
  }
}
