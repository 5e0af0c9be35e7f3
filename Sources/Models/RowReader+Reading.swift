import Architectures
import Bytes
import Quantization
import Tensors

extension RowReader {
  /// Reads rows `rows` of the tensor that is asked for into the head of `slab`; `scratch` is used where rows move.
  public func read(_ rows: Range<Int>, into slab: inout [UInt8], scratch: inout [UInt8]) throws {
    let byteCount = rows.count * rowByteCount
    if isCopy {
      return try checkpoint.read(
        sources[0].descriptor, from: rows.lowerBound * rowByteCount, count: byteCount, into: &slab)
    }
    if slab.count < byteCount { slab = [UInt8](repeating: 0, count: byteCount) }
    guard let blockCount = layout.transposedBlockCount.map({ $0 * (layout.instanceCount ?? 1) }), byteCount > 0 else {
      guard byteCount > 0 else { return }
      try gather(rows.map(location), columns: 0..<layout.columnCount, into: &slab, scratch: &scratch)
      return
    }
    // Stored row c of a block holds column c of the block's logical rows.
    let blockRowCount = layout.logicalRowCount / blockCount
    var block: [UInt8] = []
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (index, first) = row.quotientAndRemainder(dividingBy: layout.columnCount)
      let columns = first..<min(layout.columnCount, first + rows.upperBound - row)
      let places = (index * blockRowCount..<(index + 1) * blockRowCount).map(location)
      let count = places.count * columns.count * format.bytesPerBlock
      if block.count < count { block = [UInt8](repeating: 0, count: count) }
      try gather(places, columns: columns, into: &block, scratch: &scratch)
      Transposition.transpose(
        block, rowCount: places.count, columnCount: columns.count, elementByteCount: format.bytesPerBlock, into: &slab,
        at: (row - rows.lowerBound) * rowByteCount)
      row += columns.count
    }
  }

  /// Where one logical row of the tensor that is asked for is stored.
  struct Location {
    /// Which source.
    let source: Int
    /// Which logical row of it.
    let row: Int
    /// What is to be added to its values.
    let addend: Float
    /// Which route leads there, and which row of the canonical tensor it is.
    let route: Int, canonicalRow: Int
  }

  private func location(_ row: Int) -> Location {
    let canonical = layout.canonicalRow(ofLogical: row)
    let index = canonical.instance * layout.components.count + canonical.component
    let route = routes[index]
    let source = sources[route.source].layout
    return Location(
      source: route.source,
      row: source.logicalRow(
        of: StoredLayout.CanonicalRow(component: route.component, instance: route.instance, row: canonical.row)),
      addend: layout.components[canonical.component].addend - source.components[route.component].addend,
      route: index, canonicalRow: canonical.row)
  }

  /// Reads `columns` of the rows at `places` into the head of `output`, one behind the other.
  private func gather(
    _ places: [Location], columns: Range<Int>, into output: inout [UInt8], scratch: inout [UInt8]
  ) throws {
    // In the order of the files, so that rows that lie together are read together.
    var order = Array(places.indices)
    if zip(places, places.dropFirst()).contains(where: { ($0.source, $0.row) > ($1.source, $1.row) }) {
      order.sort { (places[$0].source, places[$0].row) < (places[$1].source, places[$1].row) }
    }
    var start = 0
    while start < order.count {
      let first = places[order[start]]
      var end = start + 1
      while end < order.count, places[order[end]].source == first.source,
        places[order[end]].row == first.row + end - start
      {
        end += 1
      }
      let run = Run(places: order[start..<end], first: first)
      if end - start == places.count, !isDecoding, try readDirectly(run, columns, into: &output) { return }
      if sources[first.source].layout.transposedBlockCount == nil {
        try readRows(run, columns, into: &output, scratch: &scratch)
      } else {
        try readColumns(run, columns, into: &output, scratch: &scratch)
      }
      start = end
    }
    try addUpdates(places, columns: columns, to: &output)
  }

  /// Rows that follow each other in a source.
  private struct Run {
    /// Which places of the output they go to.
    let places: ArraySlice<Int>
    /// Where the first of them is stored.
    let first: Location

    /// The first place, if the others follow it.
    var firstPlace: Int? {
      guard let first = places.first, zip(places, first...).allSatisfy({ $0 == $1 }) else { return nil }
      return first
    }
  }

  /// Reads all places at once where they are whole rows in the order of the file; returns whether they are.
  private func readDirectly(_ run: Run, _ columns: Range<Int>, into output: inout [UInt8]) throws -> Bool {
    guard columns.count == layout.columnCount, sources[run.first.source].layout.transposedBlockCount == nil,
      zip(run.places, 0...).allSatisfy({ $0 == $1 }),
      let rowBytes = format.byteCount(elementCount: columns.count)
    else { return false }
    try checkpoint.read(
      sources[run.first.source].descriptor, from: run.first.row * rowBytes, count: run.places.count * rowBytes,
      into: &output)
    return true
  }

  /// A run of rows that lie as such.
  private func readRows(
    _ run: Run, _ columns: Range<Int>, into output: inout [UInt8], scratch: inout [UInt8]
  ) throws {
    let source = sources[run.first.source].descriptor
    let stored = source.format ?? format
    let width = layout.columnCount
    guard columns.count < width else {
      // Whole rows: one piece of the file.
      let rowBytes = stored.byteCount(elementCount: width) ?? 0
      try checkpoint.read(
        source, from: run.first.row * rowBytes, count: run.places.count * rowBytes, into: &scratch)
      return try place(run, columns.count, stored, rowBytes: rowBytes, head: 0, into: &output, scratch: scratch)
    }
    // A piece of each row, cut at whole blocks.
    let block = stored.elementsPerBlock
    let head = columns.lowerBound % block
    let cut = columns.lowerBound - head..<min(width, (columns.upperBound + block - 1) / block * block)
    let rowBytes = (width / block) * stored.bytesPerBlock
    let pieceBytes = (cut.count / block) * stored.bytesPerBlock
    let offset = run.first.row * rowBytes + cut.lowerBound / block * stored.bytesPerBlock
    if !isDecoding, cut == columns, let firstPlace = run.firstPlace {
      return try checkpoint.read(
        source, pieces: run.places.count, of: pieceBytes, from: offset, stride: rowBytes, into: &output,
        at: firstPlace * pieceBytes)
    }
    try checkpoint.read(
      source, pieces: run.places.count, of: pieceBytes, from: offset, stride: rowBytes, into: &scratch, at: 0)
    try place(run, columns.count, stored, rowBytes: pieceBytes, head: head, into: &output, scratch: scratch)
  }

  /// A run of rows that are stored as columns.
  private func readColumns(
    _ run: Run, _ columns: Range<Int>, into output: inout [UInt8], scratch: inout [UInt8]
  ) throws {
    let source = sources[run.first.source]
    let stored = source.descriptor.format ?? format
    let blockCount = (source.layout.transposedBlockCount ?? 1) * (source.layout.instanceCount ?? 1)
    let blockRowCount = source.layout.logicalRowCount / blockCount
    let width = stored.bytesPerBlock
    let rowBytes = columns.count * width
    var done = 0
    while done < run.places.count {
      let (block, first) = (run.first.row + done).quotientAndRemainder(dividingBy: blockRowCount)
      let count = min(run.places.count - done, blockRowCount - first)
      let instance = Run(places: run.places.dropFirst(done).prefix(count), first: run.first)
      let offset = ((block * layout.columnCount + columns.lowerBound) * blockRowCount + first) * width
      func readPieces(into slab: inout [UInt8]) throws(FileError) {
        try checkpoint.read(
          source.descriptor, pieces: columns.count, of: count * width, from: offset, stride: blockRowCount * width,
          into: &slab, at: 0)
      }
      if !isDecoding, let firstPlace = instance.firstPlace {
        try readPieces(into: &scratch)
        Transposition.transpose(
          scratch, rowCount: columns.count, columnCount: count, elementByteCount: width, into: &output,
          at: firstPlace * rowBytes)
      } else {
        var transposed: [UInt8] = []
        try readPieces(into: &transposed)
        if scratch.count < transposed.count { scratch = [UInt8](repeating: 0, count: transposed.count) }
        Transposition.transpose(
          transposed, rowCount: columns.count, columnCount: count, elementByteCount: width, into: &scratch, at: 0)
        try place(instance, columns.count, stored, rowBytes: rowBytes, head: 0, into: &output, scratch: scratch)
      }
      done += count
    }
  }

  /// Puts rows that stand one behind the other in `scratch` where they belong, decoded if need be.
  ///
  /// - Parameter head: elements of each row that are not asked for, in front.
  private func place(
    _ run: Run, _ elementCount: Int, _ stored: StorageFormat, rowBytes: Int, head: Int, into output: inout [UInt8],
    scratch: [UInt8]
  ) throws {
    let outputRowBytes = elementCount * format.bytesPerBlock / format.elementsPerBlock
    guard isDecoding else {
      for (index, target) in run.places.enumerated() {
        output.replaceSubrange(
          target * outputRowBytes..<(target + 1) * outputRowBytes,
          with: scratch[index * rowBytes..<index * rowBytes + outputRowBytes])
      }
      return
    }
    let width = rowBytes / stored.bytesPerBlock * stored.elementsPerBlock
    var values = try Codec.decode(stored, scratch, elementCount: run.places.count * width)
    if run.first.addend != 0 { values = try Self.add(run.first.addend, to: values, stored) }
    let bytes = try Codec.encode(.f32, values)
    for (index, target) in run.places.enumerated() {
      let start = (index * width + head) * 4
      output.replaceSubrange(
        target * outputRowBytes..<(target + 1) * outputRowBytes, with: bytes[start..<start + outputRowBytes])
    }
  }

  /// The sums as PyTorch has them, whose float16 is added as float32 and rounded, and whose bfloat16 the reference
  /// converter widens before.
  static func add(_ addend: Float, to values: [Float], _ stored: StorageFormat) throws -> [Float] {
    let sums = values.map { $0 + addend }
    guard stored == .f16 else { return sums }
    return try Codec.decode(.f16, Codec.encode(.f16, sums), elementCount: sums.count)
  }
}
