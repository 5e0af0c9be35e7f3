import Tensors

// Rows of integer codes as ggml's blocks of 32 elements with the same scales.
//
//   Q4_0   0 ┊ d F16 │ 2 ┊ 16 × nibbles │ 18                              d · (q − 8)
//   Q4_1   0 ┊ d F16 │ 2 ┊ m F16 │ 4 ┊ 16 × nibbles │ 20                  d · q + m
//   Q5_0   0 ┊ d F16 │ 2 ┊ fifth bits U32 │ 6 ┊ 16 × nibbles │ 22         d · (q − 16)
//   Q5_1   0 ┊ d F16 │ 2 ┊ m F16 │ 4 ┊ U32 │ 8 ┊ 16 × nibbles │ 24        d · q + m
//   Q8_0   0 ┊ d F16 │ 2 ┊ 32 × I8 │ 34                                   d · q
//
// Byte j of the nibbles has element j in bits 3…0 and element j + 16 in bits 7…4; bit j of the fifth bits is that of
// element j. A block has the scale of the group that contains it. `code − zero` is an integer, so a format without a
// minimum has the same product of it and the scale; with one, `code · scale` and `−zero · scale` are added, both exact.

/// A block format that may hold grouped codes as they are.
struct GroupedBlockFormat {
  let format: StorageFormat
  /// The bits of a code.
  let bitCount: Int
  /// What is added to `code − zero`; nil for formats with a minimum, which have the code itself.
  let offset: Int?

  /// All of them, the smallest first.
  static let all = [
    GroupedBlockFormat(format: .q4_0, bitCount: 4, offset: 8),
    GroupedBlockFormat(format: .q4_1, bitCount: 4, offset: nil),
    GroupedBlockFormat(format: .q5_0, bitCount: 5, offset: 16),
    GroupedBlockFormat(format: .q5_1, bitCount: 5, offset: nil),
    // Signed bytes, here as unsigned ones of which the top bit is inverted.
    GroupedBlockFormat(format: .q8_0, bitCount: 8, offset: 128),
  ]

  static let elementCount = 32

  /// Whether codes below `codeCount` with the zero point `zero` are codes of the format.
  func holds(codeCount: Int, zero: Int) -> Bool {
    guard let offset else { return codeCount <= 1 << bitCount }
    return offset - zero >= 0 && codeCount - 1 - zero + offset < 1 << bitCount
  }

  /// Whether some zero point may fit, as far as its kind tells.
  func mayHold(codeCount: Int, zero: GroupedIntegers.Zero) -> Bool {
    switch zero {
    case .constant(let zero): holds(codeCount: codeCount, zero: zero)
    case .points: codeCount <= 1 << bitCount
    case .biases: offset == nil && codeCount <= 1 << bitCount
    }
  }
}

/// Rows of grouped codes as blocks with the same codes and scales.
struct GroupedIntegerBlocks<Composition: GroupedIntegerComposition>: BlockSource {
  private let composition: Composition
  private let target: GroupedBlockFormat

  /// Nil if the format has too few codes, or a block would have elements of several groups.
  init?(_ composition: Composition, _ format: StorageFormat) {
    guard let target = GroupedBlockFormat.all.first(where: { $0.format == format }), !composition.hasPermutedColumns,
      composition.hasWholeBlocks, target.mayHold(codeCount: 1 << composition.bitCount, zero: composition.zero)
    else { return nil }
    self.composition = composition
    self.target = target
  }

  /// Whether scales and minimums are numbers of F16, and all codes codes of the format.
  func isExact(from reader: any StoredTensorReader) throws -> Bool {
    let rowCount = composition.shape.rowCount, codeCount = 1 << composition.bitCount
    let groupsOfRow = composition.shape.rowElementCount / max(1, composition.groupElementCount) + 1
    let step = max(1, Self.pieceScaleCount / groupsOfRow)
    var groups = GroupedIntegers()
    for first in stride(from: 0, to: rowCount, by: step) {
      try composition.unpackScales(rows: first..<min(rowCount, first + step), from: reader, into: &groups)
      for index in groups.scales.indices {
        let scale = groups.scales[index]
        guard scale.isExactHalf, target.holds(codeCount: codeCount, zero: groups.zeroPoint(index, composition.zero))
        else {
          return false
        }
        guard target.offset == nil else { continue }
        // The sum of two opposite numbers is +0, and so is the product of 0 unless the scale is negative.
        guard composition.zero == .biases || scale.sign == .plus, groups.minimum(index, composition.zero).isExactHalf
        else { return false }
      }
    }
    return true
  }

  func read(rows: Range<Int>, from reader: any StoredTensorReader, into bytes: inout MutableSpan<UInt8>) throws {
    guard !rows.isEmpty, composition.shape.rowElementCount > 0 else { return }
    var groups = GroupedIntegers()
    try composition.unpack(rows: rows, from: reader, into: &groups)
    var destination = bytes.mutableBytes
    groups.store(as: target, zero: composition.zero, into: &destination)
  }

  /// Scales that are compared at a time.
  private static var pieceScaleCount: Int { 1 << 18 }
}

extension GroupedIntegers {
  /// The integer that codes of a group are counted from; 0 where a number is added instead.
  fileprivate func zeroPoint(_ group: Int, _ zero: Zero) -> Int {
    switch zero {
    case .constant(let zero): zero
    case .points: Int(zeroPoints[group])
    case .biases: 0
    }
  }

  /// The value of the code 0.
  fileprivate func minimum(_ group: Int, _ zero: Zero) -> Float {
    if case .biases = zero { return biases[group] }
    return -Float(zeroPoint(group, zero)) * scales[group]
  }

  /// Stores all rows, which are whole blocks, as blocks of `target`.
  fileprivate func store(as target: GroupedBlockFormat, zero: Zero, into bytes: inout MutableRawSpan) {
    let size = GroupedBlockFormat.elementCount, byteCount = target.format.bytesPerBlock
    let blocksOfRow = columnCount / size
    let codes = codes.span.bytes
    var place = 0
    for row in 0..<rowCount {
      for block in 0..<blocksOfRow {
        let group = row &* groupCount &+ block &* size / groupElementCount
        let first = row &* columnCount &+ block &* size
        bytes.storeBytes(of: scales[group].halfBits.littleEndian, toByteOffset: place, as: UInt16.self)
        var next = place &+ 2
        var shift: UInt8 = 0
        if let offset = target.offset {
          shift = UInt8(truncatingIfNeeded: offset &- zeroPoint(group, zero))
        } else {
          bytes.storeBytes(of: minimum(group, zero).halfBits.littleEndian, toByteOffset: next, as: UInt16.self)
          next = next &+ 2
        }
        let shifts = SIMD16<UInt8>(repeating: shift)
        let low = codes.unsafeLoadUnaligned(fromByteOffset: first, as: SIMD16<UInt8>.self) &+ shifts
        let high = codes.unsafeLoadUnaligned(fromByteOffset: first &+ 16, as: SIMD16<UInt8>.self) &+ shifts
        if target.bitCount == 8 {
          let sign = SIMD16<UInt8>(repeating: 0x80)
          bytes.storeBytes(of: low ^ sign, toByteOffset: next, as: SIMD16<UInt8>.self)
          bytes.storeBytes(of: high ^ sign, toByteOffset: next &+ 16, as: SIMD16<UInt8>.self)
        } else {
          if target.bitCount == 5 {
            let bits = Self.fifthBits(low) | Self.fifthBits(high) &<< 16
            bytes.storeBytes(of: bits.littleEndian, toByteOffset: next, as: UInt32.self)
            next = next &+ 4
          }
          let mask = SIMD16<UInt8>(repeating: 15)
          bytes.storeBytes(
            of: (low & mask) | (high &<< SIMD16<UInt8>(repeating: 4)), toByteOffset: next, as: SIMD16<UInt8>.self)
        }
        place = place &+ byteCount
      }
    }
  }

  /// Bit 4 of each code.
  private static func fifthBits(_ codes: SIMD16<UInt8>) -> UInt32 {
    let weights = SIMD16<UInt16>(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    let bits = SIMD16<UInt16>(truncatingIfNeeded: (codes &>> SIMD16<UInt8>(repeating: 4)) & SIMD16<UInt8>(repeating: 1))
    return UInt32((bits &* weights).wrappedSum())
  }
}
