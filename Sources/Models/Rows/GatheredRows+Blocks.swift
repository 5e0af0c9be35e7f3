import Architectures
import Tensors

// Rows that move as whole rows can move as blocks, if all sources have their values in blocks of one format.

extension GatheredRows {
  var candidateFormats: [StorageFormat] {
    guard format == nil, movesWholeRows, let first = map.sources.first else { return [] }
    let others = map.sources.dropFirst().map(\.descriptor.formatsOfValues)
    return first.descriptor.formatsOfValues.filter { format in others.allSatisfy { $0.contains(format) } }
  }

  /// Whether rows are rows in all sources, and nothing is added to their values.
  private var movesWholeRows: Bool {
    map.transposedBlockCount == nil && map.origins.indices.allSatisfy { map.change($0).isNothing }
      && map.sources.allSatisfy {
        $0.layout.transposedBlockCount == nil && $0.descriptor.shape.rowElementCount == map.layout.columnCount
      }
  }

  func exactFormat(_ format: StorageFormat) throws -> ExactFormat? {
    let reader = SourceTensorReader(checkpoint: gatherer.checkpoint)
    var factors: [[Float]] = []
    for source in map.sources {
      guard let composition = source.descriptor.composition else {
        factors.append([])
        continue
      }
      guard try composition.isExact(in: format, from: reader) else { return nil }
      factors.append(try composition.blocks(in: format)?.factors(from: reader) ?? [])
    }
    guard factors.contains(where: { !$0.isEmpty }) else { return ExactFormat(format: format, factors: []) }
    let instances = factorsOfInstances(factors)
    return instances.map { ExactFormat(format: format, factors: $0) }
  }

  /// The factor of each instance; nil if an instance has rows of several.
  private func factorsOfInstances(_ factors: [[Float]]) -> [Float]? {
    let factorsOfOrigins = map.origins.map { origin -> Float in
      let source = map.sources[origin.source], factors = factors[origin.source]
      guard factors.count > 1 else { return factors.first ?? 1 }
      let first = source.layout.logicalRow(
        of: StoredLayout.CanonicalRow(component: origin.component, instance: origin.instance, row: 0))
      return factors[first / max(1, source.descriptor.shape.rowCount / factors.count)]
    }
    let size = map.layout.components.count
    let instances = stride(from: 0, to: factorsOfOrigins.count, by: size).map { factorsOfOrigins[$0..<$0 + size] }
    guard instances.allSatisfy({ Set($0).count == 1 }) else { return nil }
    return instances.compactMap(\.first)
  }

  func readBlocks(_ rows: Range<Int>, in format: StorageFormat, into buffers: inout RowBuffers) throws {
    try gatherer.readBytes(
      rows.map(map.location), columns: 0..<map.layout.columnCount, format: format, into: &buffers.bytes,
      scratch: &buffers.storedBytes)
  }
}

extension TensorDescriptor {
  /// The formats that may encode exactly the same values, the smallest first.
  fileprivate var formatsOfValues: [StorageFormat] { composition?.candidateFormats ?? [format].compactMap(\.self) }
}
