// The encoder of IQ2 and IQ3: searches the sub-blocks (GridSearch.swift), then packs the block.

/// A block on a grid before it is packed.
struct GridBlock {
  /// Bits of the scale f16.
  var scaleBits: UInt16 = 0
  /// Four bits for each sub-block.
  var scales = InlineArray<16, UInt8>(repeating: 0)
  /// Rows of groups of four or eight elements.
  var rows = InlineArray<64, UInt16>(repeating: 0)
  /// Signs of eight elements each.
  var signs = InlineArray<32, UInt8>(repeating: 0)
  /// Sub-blocks that were not negligible.
  var isFound = InlineArray<16, Bool>(repeating: false)
}

/// The scalar implementation of an encoder on a grid.
protocol GridReference: ReferenceDecoder {
  /// Levels of the grid.
  static var levelCount: Int { get }
  /// Elements of a sub-block.
  static var elementCount: Int { get }
  static var lattice: GridLattice { get }
  static var search: GridSearch { get }
  /// Stores a block.
  static func pack(_ block: GridBlock, into bytes: inout MutableRawSpan, at destination: Int)
}

extension GridReference {
  /// The bytes of 256 finite values; nil if they are too large.
  static func encode(_ values: [Float], importance: [Float]?) -> [UInt8]? {
    let weights = search.weights(values, importance: importance)
    var block = GridBlock()
    var scales: [Float] = []
    let count = elementCount
    for start in stride(from: 0, to: 256, by: count) {
      let range = start..<start + count
      guard let found = search.search(Array(values[range]), weights: Array(weights[range]), on: lattice) else {
        return nil
      }
      block.isFound[scales.count] = !found.rows.isEmpty
      scales.append(found.scale)
      let rowCount = found.rows.count * start / count
      for (index, row) in found.rows.enumerated() { block.rows[rowCount + index] = UInt16(row) }
      for (index, signs) in found.signs.enumerated() { block.signs[start / 8 + index] = signs }
    }
    if let (scale, numbers) = search.smallScales(scales) {
      block.scaleBits = scale.halfBits
      for (index, number) in numbers.enumerated() { block.scales[index] = UInt8(number) }
    } else if search.clearsZeroBlocks {
      block = GridBlock()
    }
    var bytes = [UInt8](repeating: 0, count: bytesPerBlock)
    var span = bytes.mutableSpan
    var target = span.mutableBytes
    pack(block, into: &target, at: 0)
    return bytes
  }
}

/// Encodes blocks of 256 elements on a grid.
protocol GridEncoder: BlockDecoder, OptionallyWeightedRowEncoder where Reference: GridReference {}

extension GridEncoder {
  static func encode(
    _ values: RawSpan, importance: RawSpan?, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    var lanes = GridLanes<Reference>()
    for block in 0..<values.byteCount / 1024 {
      let source = block &* 1024, destination = start &+ block &* Reference.bytesPerBlock
      if let packed = lanes.block(values, at: source, importance: importance) {
        Reference.pack(packed, into: &bytes, at: destination)
        continue
      }
      let offsets = (0..<256).map { source + $0 * floatByteCount }
      let plain = offsets.map { values.float(at: $0) }
      let weights: [Float]? = if let importance { offsets.map { importance.float(at: $0) } } else { nil }
      guard let encoded = Reference.encode(plain, importance: weights) else {
        return block * 256 + firstIndexOfGreatestMagnitude(plain)
      }
      for (index, byte) in encoded.enumerated() { bytes.store(byte, at: destination + index) }
    }
    return nil
  }
}

/// The index of the first element of maximum magnitude.
func firstIndexOfGreatestMagnitude(_ values: [Float]) -> Int {
  values.indices.reduce(0) { abs(values[$1]) > abs(values[$0]) ? $1 : $0 }
}
