import Bytes
import Tensors

extension LegacyGGML {
  /// A tensor in blocks that ggml no longer has.
  struct OldBlocks: TensorComposition {
    let stored: TensorDescriptor
    let block: Block

    var sources: [TensorDescriptor] { [stored] }
    var shape: Shape { stored.shape }
    var description: String {
      var words = [block.scale == .float ? "F32 scales" : "F16 scales"]
      if block.bitCount < 8 { words.append(block.order == .adjacent ? "adjacent codes in a byte" : "codes 16 apart") }
      if block.arrangement == .byRow { words.append("scales of a row first") }
      return "\(block.name) of 2023 (\(words.joined(separator: ", ")))"
    }

    var candidateFormats: [StorageFormat] { block.successor.map { [$0] } ?? [] }
    func blocks(in format: StorageFormat) -> (any BlockSource)? {
      format == block.successor ? OldBlockSource(tensor: self, format: format) : nil
    }
    var repackingObstacle: String? {
      block.successor == nil ? "its blocks of \(block.elementCount) have no successor" : nil
    }

    func decode(
      rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
    ) throws {
      let bytes = try bytes(rows: rows, from: reader)
      let blockCount = blockCount, rowByteCount = blockCount * block.byteCount
      var target = values.mutableBytes
      for row in 0..<rows.count {
        block.decode(
          bytes.span.bytes, row: row &* rowByteCount, count: blockCount, into: &target,
          at: row &* shape.rowElementCount &* 4)
      }
    }

    /// The blocks of a row.
    var blockCount: Int { shape.rowElementCount / block.elementCount }

    func bytes(rows: Range<Int>, from reader: any StoredTensorReader) throws -> [UInt8] {
      let rowByteCount = blockCount * block.byteCount
      return try reader.bytes(of: stored, from: rows.lowerBound * rowByteCount, count: rows.count * rowByteCount)
    }
  }
}

extension LegacyGGML.Block {
  /// Decodes a row of `count` blocks that begins at byte `row`.
  fileprivate func decode(
    _ bytes: RawSpan, row: Int, count: Int, into values: inout MutableRawSpan, at destination: Int
  ) {
    let zero = SIMD16<Float>(repeating: Float(zeroPoint))
    for index in 0..<count {
      let offsets = offsets(index, of: count)
      let factor = SIMD16<Float>(repeating: scale.value(bytes, at: row &+ offsets.scale))
      let addend = hasMinimum ? scale.value(bytes, at: row &+ offsets.minimum) : 0
      let target = destination &+ index &* elementCount &* 4
      for half in 0..<elementCount / 16 {
        let codes = codes(bytes, row: row, offsets.codes, offsets.fifthBits, half: half)
        // A product and a sum, each rounded, as in C without contraction.
        var product = (codes - zero) * factor
        if hasMinimum { product += SIMD16<Float>(repeating: addend) }
        values.storeBytes(of: product, toByteOffset: target &+ half &* 64, as: SIMD16<Float>.self)
      }
    }
  }

  /// Sixteen codes of a block, the first ones or the second.
  @inline(__always)
  private func codes(_ bytes: RawSpan, row: Int, _ offset: Int, _ fifthBits: Int, half: Int) -> SIMD16<Float> {
    if bitCount == 8 {
      return SIMD16<Float>(
        bytes.unsafeLoadUnaligned(fromByteOffset: row &+ offset &+ half &* 16, as: SIMD16<Int8>.self))
    }
    return SIMD16<Float>(lowCodes(bytes, row: row, offset, fifthBits, half: half))
  }

  /// Sixteen codes of four or five bits.
  @inline(__always)
  fileprivate func lowCodes(_ bytes: RawSpan, row: Int, _ offset: Int, _ fifthBits: Int, half: Int) -> SIMD16<UInt8> {
    var codes = SIMD16<UInt8>()
    switch order {
    case .adjacent:
      let eight = bytes.unsafeLoadUnaligned(fromByteOffset: row &+ offset &+ half &* 8, as: SIMD8<UInt8>.self)
      codes.evenHalf = eight & SIMD8<UInt8>(repeating: 15)
      codes.oddHalf = eight &>> SIMD8<UInt8>(repeating: 4)
    case .halves:
      let all = bytes.unsafeLoadUnaligned(fromByteOffset: row &+ offset, as: SIMD16<UInt8>.self)
      codes = half == 0 ? all & SIMD16<UInt8>(repeating: 15) : all &>> SIMD16<UInt8>(repeating: 4)
    }
    guard bitCount == 5 else { return codes }
    let bits = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: row &+ fifthBits, as: UInt32.self))
    let own = SIMD16<UInt16>(repeating: UInt16(truncatingIfNeeded: bits &>> UInt32(half &* 16)))
    let lowest = own &>> Self.positions & SIMD16<UInt16>(repeating: 1)
    return codes | SIMD16<UInt8>(truncatingIfNeeded: lowest) &<< SIMD16<UInt8>(repeating: 4)
  }

  /// The position of each element's fifth bit.
  private static let positions = SIMD16<UInt16>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
}

/// The blocks of a tensor as ggml has them today.
private struct OldBlockSource: BlockSource {
  let tensor: LegacyGGML.OldBlocks
  let format: StorageFormat

  /// Bytes that are read at a time.
  private static let slabByteCount = 1 << 20

  /// Whether every scale and minimum is the value of a half; scales of F16 are.
  func isExact(from reader: any StoredTensorReader) throws -> Bool {
    let block = tensor.block, blockCount = tensor.blockCount
    guard block.scale == .float else { return true }
    let rowByteCount = blockCount * block.byteCount, rowCount = tensor.shape.rowCount
    let step = max(1, Self.slabByteCount / max(1, rowByteCount))
    for first in stride(from: 0, to: rowCount, by: step) {
      let rows = first..<min(rowCount, first + step)
      let bytes = try tensor.bytes(rows: rows, from: reader)
      for row in 0..<rows.count {
        for index in 0..<blockCount {
          let offsets = block.offsets(index, of: blockCount)
          guard block.scale.halfBits(bytes.span.bytes, at: row * rowByteCount + offsets.scale) != nil,
            !block.hasMinimum
              || block.scale.halfBits(bytes.span.bytes, at: row * rowByteCount + offsets.minimum) != nil
          else { return false }
        }
      }
    }
    return true
  }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    let stored = try tensor.bytes(rows: rows, from: reader)
    let block = tensor.block, blockCount = tensor.blockCount, rowByteCount = blockCount * block.byteCount
    var target = bytes.mutableBytes
    for row in 0..<rows.count {
      for index in 0..<blockCount {
        block.reexpress(
          stored.span.bytes, row: row &* rowByteCount, index, of: blockCount, into: &target,
          at: (row &* blockCount &+ index) &* format.bytesPerBlock)
      }
    }
  }
}

extension LegacyGGML.Block {
  /// Stores a block as its successor: `scale f16 │ minimum f16 │ fifth bits │ codes`, the codes of elements j and j + 16 in
  /// byte j.
  fileprivate func reexpress(
    _ bytes: RawSpan, row: Int, _ index: Int, of count: Int, into target: inout MutableRawSpan, at destination: Int
  ) {
    let offsets = offsets(index, of: count)
    var place = destination
    func half(_ offset: Int) -> UInt16 { (scale.halfBits(bytes, at: row &+ offset) ?? 0).littleEndian }
    target.storeBytes(of: half(offsets.scale), toByteOffset: place, as: UInt16.self)
    place &+= 2
    if hasMinimum {
      target.storeBytes(of: half(offsets.minimum), toByteOffset: place, as: UInt16.self)
      place &+= 2
    }
    if bitCount == 5 {
      let bits = bytes.unsafeLoadUnaligned(fromByteOffset: row &+ offsets.fifthBits, as: UInt32.self)
      target.storeBytes(of: bits, toByteOffset: place, as: UInt32.self)
      place &+= 4
    }
    if bitCount == 8 {
      for part in 0..<2 {
        let codes = bytes.unsafeLoadUnaligned(
          fromByteOffset: row &+ offsets.codes &+ part &* 16, as: SIMD16<UInt8>.self)
        target.storeBytes(of: codes, toByteOffset: place &+ part &* 16, as: SIMD16<UInt8>.self)
      }
      return
    }
    let mask = SIMD16<UInt8>(repeating: 15)
    let low = lowCodes(bytes, row: row, offsets.codes, offsets.fifthBits, half: 0) & mask
    let high = lowCodes(bytes, row: row, offsets.codes, offsets.fifthBits, half: 1) & mask
    target.storeBytes(of: low | high &<< SIMD16<UInt8>(repeating: 4), toByteOffset: place, as: SIMD16<UInt8>.self)
  }
}
