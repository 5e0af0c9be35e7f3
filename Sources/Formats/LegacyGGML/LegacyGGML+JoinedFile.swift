import Bytes
import Tensors

// A model of several of Meta's shards became as many files, in each of which the tensors are those of one shard:
//
//   vectors                                                the same in all parts
//   tok_embeddings, attention.wo and feed_forward.w2       a range of columns
//   all other matrices                                     a range of rows
//
// Source: main.cpp of llama.cpp, 11 March 2023 (007a8f6f4), `split_type`.

extension LegacyGGML {
  /// The parts of a model as one checkpoint.
  struct JoinedFile {
    private let parts: [Contents]

    init(_ parts: [Contents]) { self.parts = parts }

    private static let splitByColumns = ["tok_embeddings.weight", ".attention.wo.weight", ".feed_forward.w2.weight"]

    func checkpoint(path: String) throws(LegacyGGMLError) -> Checkpoint {
      let first = parts[0]
      for part in parts.dropFirst() {
        let isEqual =
          part.revision == first.revision && part.header.elementsEqual(first.header) { $0.value == $1.value }
        guard isEqual else { throw .partHeader(part.file.name) }
        if let other = part.tensors.first(where: { tensor in !first.tensors.contains { $0.name == tensor.name } }) {
          throw .partTensor(part.file.name, other.name, fact: "has it, and the first part does not")
        }
      }
      let byName = parts.map { part in
        Dictionary(part.tensors.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
      }
      var tensors: [TensorDescriptor] = []
      var unused: [(tensor: TensorDescriptor, reason: String)] = []
      for tensor in first.tensors {
        var pieces = [tensor]
        for index in 1..<parts.count {
          guard let piece = byName[index][tensor.name] else {
            throw .partTensor(parts[index].file.name, tensor.name, fact: "lacks it")
          }
          guard piece.hasEqualLayout(as: tensor) else {
            throw .partTensor(parts[index].file.name, tensor.name, fact: "has it in another shape or format")
          }
          pieces.append(piece.moved(to: index))
        }
        guard tensor.shape.rank > 1 else {
          tensors.append(tensor)
          let reason = "a vector, of which the first part has the copy that is read"
          unused += pieces.dropFirst().map { ($0, reason) }
          continue
        }
        let isByColumns = Self.splitByColumns.contains { tensor.name.text.hasSuffix($0) }
        guard let joined = JoinedParts(pieces, axis: isByColumns ? .columns : .rows) else {
          throw .shapeOverflows(tensor.name, tensor.shape.dimensions.map { UInt32(clamping: $0) })
        }
        tensors.append(TensorDescriptor(name: tensor.name, shape: joined.shape, contents: .composed(joined)))
      }
      let stored = parts.enumerated().flatMap { index, part in
        part.tensors.flatMap(\.sources).map { $0.inFile(index) }
      }
      return first.checkpoint(
        path: path, files: parts.map(\.file), tensors: tensors, stored: stored, unused: unused,
        remarks: ["the model is in \(parts.count) parts, whose matrices are joined"])
    }
  }

  /// A matrix of which each source has a range of the rows, or of the columns.
  struct JoinedParts: TensorComposition {
    enum Axis: Hashable, Sendable { case rows, columns }

    let sources: [TensorDescriptor]
    let axis: Axis
    let shape: Shape

    /// - Returns: nil if the number of elements overflows.
    init?(_ sources: [TensorDescriptor], axis: Axis) {
      self.sources = sources
      self.axis = axis
      var dimensions = sources[0].shape.dimensions
      let index = axis == .rows ? 0 : dimensions.count - 1
      dimensions[index] *= sources.count
      guard let shape = Shape(dimensions) else { return nil }
      self.shape = shape
    }

    var description: String {
      "\(sources[0].encoding) in \(sources.count) parts, joined by \(axis == .rows ? "rows" : "columns")"
    }
    var valueFormat: StorageFormat { sources[0].format ?? .f32 }
    var candidateFormats: [StorageFormat] { sources[0].composition?.candidateFormats ?? [valueFormat] }
    var repackingObstacle: String? { sources[0].composition?.repackingObstacle }

    func blocks(in format: StorageFormat) -> (any BlockSource)? {
      let isThere = sources[0].composition.map { $0.blocks(in: format) != nil } ?? (format == valueFormat)
      return isThere ? JoinedBlocks(joined: self, format: format) : nil
    }

    func decode(
      rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
    ) throws {
      let width = shape.rowElementCount
      for (index, part) in pieces(rows) {
        let source = sources[index], sourceWidth = source.shape.rowElementCount
        var decoded = [Float](repeating: 0, count: part.count * sourceWidth)
        var target = decoded.mutableSpan
        try reader.decode(part.lowerBound * sourceWidth..<part.upperBound * sourceWidth, of: source, into: &target)
        let column = axis == .columns ? index * sourceWidth : 0
        let first = axis == .rows ? index * source.shape.rowCount + part.lowerBound - rows.lowerBound : 0
        for row in 0..<part.count {
          for element in 0..<sourceWidth {
            values[(first + row) * width + column + element] = decoded[row * sourceWidth + element]
          }
        }
      }
    }

    /// The rows of each source that have values of `rows`.
    fileprivate func pieces(_ rows: Range<Int>) -> [(index: Int, rows: Range<Int>)] {
      guard axis == .rows else { return sources.indices.map { ($0, rows) } }
      let count = sources[0].shape.rowCount
      return sources.indices.compactMap { index in
        let part = rows.clamped(to: index * count..<(index + 1) * count)
        return part.isEmpty ? nil : (index, part.lowerBound - index * count..<part.upperBound - index * count)
      }
    }
  }
}

/// The bytes of the parts in one format, joined.
private struct JoinedBlocks: BlockSource {
  let joined: LegacyGGML.JoinedParts
  let format: StorageFormat

  func isExact(from reader: any StoredTensorReader) throws -> Bool {
    for source in joined.sources {
      if let blocks = source.composition?.blocks(in: format), try !blocks.isExact(from: reader) { return false }
    }
    return true
  }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    let rowByteCount = format.byteCount(elementCount: joined.shape.rowElementCount) ?? 0
    for (index, part) in joined.pieces(rows) {
      let source = joined.sources[index]
      let count = format.byteCount(elementCount: source.shape.rowElementCount) ?? 0
      var stored = [UInt8](repeating: 0, count: part.count * count)
      if let blocks = source.composition?.blocks(in: format) {
        var target = stored.mutableSpan
        try blocks.read(rows: part, from: reader, into: &target)
      } else {
        stored = try reader.bytes(of: source, from: part.lowerBound * count, count: part.count * count)
      }
      let column = joined.axis == .columns ? index * count : 0
      let first = joined.axis == .rows ? index * source.shape.rowCount + part.lowerBound - rows.lowerBound : 0
      for row in 0..<part.count {
        for byte in 0..<count { bytes[(first + row) * rowByteCount + column + byte] = stored[row * count + byte] }
      }
    }
  }
}

extension TensorDescriptor {
  fileprivate func hasEqualLayout(as other: TensorDescriptor) -> Bool {
    guard shape == other.shape, declaredFormat == other.declaredFormat else { return false }
    return (composition as? LegacyGGML.OldBlocks)?.block == (other.composition as? LegacyGGML.OldBlocks)?.block
  }

  /// The same tensor in the file `index` of a set.
  fileprivate func moved(to index: Int) -> TensorDescriptor {
    guard let old = composition as? LegacyGGML.OldBlocks else { return inFile(index) }
    let moved = LegacyGGML.OldBlocks(stored: old.stored.inFile(index), block: old.block)
    return TensorDescriptor(name: name, shape: shape, contents: .composed(moved))
  }
}
