import Tensors

// Blocks of 2023. Sources: ggml.c of llama.cpp at 26c084662 (10 March), 007a8f6f4 (11 March), 904d2a8d6 (17 March), 36d19a603
// (the last with Q4_3 is its parent), b9fd7eee5 (12 May) and 2d5db4837 (19 May).
//
//   Q4_0   0 ┊ scale f32 │ 4 ┊ codes 16 bytes │ 20                                value = (code − 8) · scale
//   Q4_1   0 ┊ scale f32 │ 4 ┊ minimum f32 │ 8 ┊ codes 16 bytes │ 24              value = code · scale + minimum
//   Q4_2   0 ┊ scale f16 │ 2 ┊ codes 8 bytes │ 10          of 16 elements         value = (code − 8) · scale
//   Q4_3   0 ┊ scale f16 │ 2 ┊ minimum f16 │ 4 ┊ codes 8 bytes │ 12   of 16       value = code · scale + minimum
//   Q5_0   0 ┊ scale f16 │ 2 ┊ fifth bits u32 │ 6 ┊ codes 16 bytes │ 22           value = (code − 16) · scale
//   Q5_1   0 ┊ scale f16 │ 2 ┊ minimum f16 │ 4 ┊ fifth bits u32 │ 8 ┊ codes │ 24  value = code · scale + minimum
//   Q8_0   0 ┊ scale f32 │ 4 ┊ codes 32 × i8 │ 36                                 value = code · scale
//
// The codes of a byte are those of the elements 2j (low bits) and 2j + 1 until 12 May 2023, and of the elements j and
// j + 16 afterwards. Fifth bit n is always that of element n. On 19 May 2023 the scales became f16: the blocks of today.
//
// At first the parts of a row of n blocks were stored one after the other, Q4_0 on 10 March and Q4_1 until 17 March:
//
//   Q4_0   0 ┊ scales n × f32 │ 4n ┊ codes n × 16 bytes
//   Q4_1   0 ┊ minima n × f32 │ 4n ┊ scales n × f32 │ 8n ┊ codes n × 16 bytes

extension LegacyGGML {
  /// The months between changes of block layouts.
  enum Period: Sendable {
    /// Two adjacent elements share a byte: until 12 May 2023.
    case adjacent
    /// Elements 16 apart share a byte, scales are f32: until 19 May 2023.
    case halves
    /// The blocks of today.
    case current
  }

  /// A block layout that ggml no longer has.
  struct Block: Hashable, Sendable {
    enum ScaleFormat: Hashable, Sendable {
      case float, half
      var byteCount: Int { self == .float ? 4 : 2 }
    }
    /// The elements whose codes share a byte.
    enum CodeOrder: Hashable, Sendable { case adjacent, halves }
    /// The order of the parts of a row.
    enum Arrangement: Hashable, Sendable { case byBlock, byRow }

    let name: String
    /// The format of today with the same codes, if scales are exact in F16.
    let successor: StorageFormat?
    let elementCount: Int
    let bitCount: Int
    let scale: ScaleFormat
    let hasMinimum: Bool
    let order: CodeOrder
    var arrangement = Arrangement.byBlock

    /// The bytes of the codes' low four or eight bits.
    var codeByteCount: Int { bitCount == 8 ? elementCount : elementCount / 2 }
    private var fifthBitsByteCount: Int { bitCount == 5 ? 4 : 0 }
    var byteCount: Int { scale.byteCount * (hasMinimum ? 2 : 1) + fifthBitsByteCount + codeByteCount }

    /// The number that is subtracted from codes that have no minimum.
    var zeroPoint: Int { hasMinimum || bitCount == 8 ? 0 : 1 << (bitCount - 1) }

    /// The same block with the parts of a row one after the other; nil for those that were never stored so.
    var byRow: Block? {
      guard bitCount == 4, scale == .float else { return nil }
      var block = self
      block.arrangement = .byRow
      return block
    }

    /// Offsets of the parts of block `index` of a row of `count`, from the row's first byte.
    func offsets(_ index: Int, of count: Int) -> (scale: Int, minimum: Int, fifthBits: Int, codes: Int) {
      switch arrangement {
      case .byBlock:
        let start = index &* byteCount, minimum = start &+ scale.byteCount
        let bits = hasMinimum ? minimum &+ scale.byteCount : minimum
        return (start, minimum, bits, bits &+ fifthBitsByteCount)
      case .byRow:
        let codes = index &* codeByteCount
        guard hasMinimum else { return (index &* 4, 0, 0, count &* 4 &+ codes) }
        return (count &* 4 &+ index &* 4, index &* 4, 0, count &* 8 &+ codes)
      }
    }

    /// Whether the scale of a block is a number that llama.cpp's quantizers of March 2023 made of weights.
    func hasPossibleScale(_ bytes: [UInt8], row: Int, _ index: Int, of count: Int) -> Bool {
      let value = scale.value(bytes.span.bytes, at: row + offsets(index, of: count).scale)
      return value == 0 || (1e-12...1e6).contains(value)
    }
  }

  /// The layout of a tensor: a storage format of today, or old blocks.
  enum ElementLayout {
    case format(StorageFormat)
    case old(Block)

    var elementsPerBlock: Int {
      switch self {
      case .format(let format): format.elementsPerBlock
      case .old(let block): block.elementCount
      }
    }
    var bytesPerBlock: Int {
      switch self {
      case .format(let format): format.bytesPerBlock
      case .old(let block): block.byteCount
      }
    }
    var block: Block? { if case .old(let block) = self { block } else { nil } }
    var name: String { block?.name ?? declared.description }
    var declared: DeclaredFormat {
      switch self {
      case .format(let format): .known(format)
      case .old(let block): .unknown("\(block.name) of 2023")
      }
    }
  }
}

extension LegacyGGML.Period {
  /// The layout of tensors with this number in `enum ggml_type`; nil if there was none.
  func layout(of type: UInt32) -> LegacyGGML.ElementLayout? {
    let order: LegacyGGML.Block.CodeOrder = self == .adjacent ? .adjacent : .halves
    func block(
      _ name: String, _ successor: StorageFormat?, of count: Int = 32, bits: Int = 4,
      _ scale: LegacyGGML.Block.ScaleFormat, hasMinimum: Bool = false
    ) -> LegacyGGML.ElementLayout {
      .old(
        LegacyGGML.Block(
          name: name, successor: successor, elementCount: count, bitCount: bits, scale: scale, hasMinimum: hasMinimum,
          order: order))
    }
    switch type {
    case 0: return .format(.f32)
    case 1: return .format(.f16)
    case 2 where self != .current: return block("Q4_0", .q4_0, .float)
    case 3 where self != .current: return block("Q4_1", .q4_1, .float, hasMinimum: true)
    case 4 where self == .adjacent: return block("Q4_2", nil, of: 16, .half)
    case 5 where self == .adjacent: return block("Q4_3", nil, of: 16, .half, hasMinimum: true)
    case 6 where self == .adjacent: return block("Q5_0", .q5_0, bits: 5, .half)
    case 7 where self == .adjacent: return block("Q5_1", .q5_1, bits: 5, .half, hasMinimum: true)
    case 8 where self != .current: return block("Q8_0", .q8_0, bits: 8, .float)
    // Q4_2, Q4_3 and Q8_1 are formats of no file; from 15 on the numbers had other meanings.
    case 2, 3, 6, 7, 8, 10...14: return StorageFormat(ggmlType: type).map { .format($0) }
    default: return nil
    }
  }
}
