import Architectures
import Bytes
import Quantization
import Tensors

extension RowGatherer {
  /// Decodes `columns` of the rows at `locations` into the head of `buffers.values`, row after row, in the layout that is
  /// asked for: what it adds to values is added.
  func readValues(_ locations: [RowLocation], columns: Range<Int>, into buffers: inout RowBuffers) throws {
    buffers.values.prepare(locations.count * columns.count, isWide: isWide)
    for run in map.runs(of: locations) {
      let source = map.sources[run.source]
      guard let stored = source.descriptor.format else { continue }
      let isTransposed = source.layout.transposedBlockCount != nil
      if source.descriptor.composition != nil || isTransposed && stored.elementsPerBlock > 1 {
        try readWholeRows(run, source, columns, into: &buffers)
        continue
      }
      // Whole blocks are decoded, of which some elements may not be asked for.
      let block = stored.elementsPerBlock
      let head = columns.lowerBound % block
      let end = min(map.layout.columnCount, (columns.upperBound + block - 1) / block * block)
      let cut = columns.lowerBound - head..<end
      try readBytes(run, cut, stored, into: &buffers.storedBytes, at: 0)
      let count = run.targets.count * cut.count
      try buffers.storedValues.decode(stored, buffers.storedBytes, elementCount: count)
      try run.change.apply(to: &buffers.storedValues, first: count, roundingAs: stored)
      for (index, target) in run.targets.enumerated() where target != RowRun.nowhere {
        let start = index * cut.count + head
        buffers.values.replace(from: target * columns.count, with: buffers.storedValues, start..<start + columns.count)
      }
    }
  }

  /// Whether some source format is wider than float32.
  var isWide: Bool { map.sources.contains { $0.descriptor.format?.isWiderThanFloat32 == true } }

  /// Elements that are decoded at a time where only whole stored rows can be.
  private static let wholeRowElementCount = 1 << 20

  /// Decodes the stored rows that contain a run, some at a time, and takes the elements that are asked for.
  private func readWholeRows(
    _ run: RowRun, _ source: MappedTensor, _ columns: Range<Int>, into buffers: inout RowBuffers
  ) throws {
    var target = run.targets.startIndex
    for part in source.layout.storedParts(of: run.rows, columns: columns) {
      let step = max(1, Self.wholeRowElementCount / max(1, part.width))
      for first in stride(from: part.rows.lowerBound, to: part.rows.upperBound, by: step) {
        let rows = first..<min(part.rows.upperBound, first + step)
        try checkpoint.readValues(
          rows.lowerBound * part.width..<rows.upperBound * part.width, of: source.descriptor,
          into: &buffers.storedValues, scratch: &buffers.storedBytes)
        try run.change.apply(
          to: &buffers.storedValues, first: rows.count * part.width, roundingAs: source.descriptor.format ?? .f32)
        for row in rows {
          let start = (row - rows.lowerBound) * part.width
          let offset = row - part.rows.lowerBound
          if part.isTransposed {
            for (index, element) in part.elements.enumerated() where run.targets[target + index] != RowRun.nowhere {
              buffers.values.replace(
                from: run.targets[target + index] * columns.count + offset, with: buffers.storedValues,
                start + element..<start + element + 1)
            }
          } else if run.targets[target + offset] != RowRun.nowhere {
            buffers.values.replace(
              from: run.targets[target + offset] * columns.count, with: buffers.storedValues,
              start + part.elements.lowerBound..<start + part.elements.upperBound)
          }
        }
      }
      target += part.isTransposed ? part.elements.count : part.rows.count
    }
  }
}

extension StoredLayout {
  /// Stored rows and which elements of each contain some logical rows, cut to some columns.
  fileprivate struct StoredPart {
    let rows: Range<Int>, elements: Range<Int>
    /// Elements of a stored row.
    let width: Int
    /// Whether the elements are logical rows, and the rows columns.
    let isTransposed: Bool
  }

  fileprivate func storedParts(of rows: Range<Int>, columns: Range<Int>) -> [StoredPart] {
    guard transposedBlockCount != nil else {
      return [StoredPart(rows: rows, elements: columns, width: columnCount, isTransposed: false)]
    }
    return transposedParts(of: rows).map { part in
      let first = part.block * columnCount + columns.lowerBound
      return StoredPart(
        rows: first..<first + columns.count, elements: part.rows, width: part.rowCount, isTransposed: true)
    }
  }
}
