import Bytes
import Tensors

/// Where the rows of each rank's part of a tensor are in the whole.
struct MegatronLayout {
  /// Rows that follow each other in the whole, and at equal distances in a part.
  struct Run: Hashable {
    let start: Int, count: Int
    /// The first row in the part, and the rows from one to the next.
    let source: Int, step: Int
  }

  /// A tensor is gathered from at most this many runs of a part.
  private static let maximumRunCount = 1 << 16

  /// The dimensions of the whole.
  let dimensions: [Int]
  /// The padding rows that are left out; nil if there are none.
  private(set) var droppedRowCount: Int?
  private let part: [Int]
  private let isSplitByColumns: Bool
  /// The runs of each rank.
  private let runs: [[Run]]

  /// - Parameter part: the part of the first rank, whose shape all have.
  init(
    _ rule: MegatronJoin, of part: TensorDescriptor, _ name: TensorName, rankCount: Int, _ arguments: MegatronArguments
  ) throws(MegatronError) {
    let shape = part.shape, isMatrix = shape.rank == 2
    func wrong(_ expected: String) -> MegatronError { .tensor(name, .shape(shape, expected: expected)) }
    guard isMatrix || shape.rank == 1 && (rule == .queryKeyValue || rule == .gatedRows) else {
      throw wrong("the rows or columns of a matrix")
    }
    self.part = shape.dimensions
    isSplitByColumns = rule == .columns
    let split = isSplitByColumns ? 1 : 0, rows = shape.dimensions[0]
    let (sum, overflow) = shape.dimensions[split].multipliedReportingOverflow(by: rankCount)
    guard !overflow, shape.elementCount > 0 else { throw wrong("a part of a matrix") }
    var whole = shape.dimensions
    whole[split] = sum
    switch rule {
    case .queryKeyValue:
      let own = try QueryKeyValueRows(arguments, name, shape, rankCount: rankCount)?.runs
      guard own?.count ?? 0 <= Self.maximumRunCount else { throw wrong("fewer heads") }
      runs = (0..<rankCount).map { rank in
        (own ?? [Run(start: 0, count: rows, source: 0, step: 1)]).map { run in
          Run(start: rank * rows + run.start, count: run.count, source: run.source, step: run.step)
        }
      }
    case .gatedRows:
      guard rows % 2 == 0 else { throw wrong("an even number of rows, those of the gate first") }
      runs = (0..<rankCount).map { rank in
        rule.rows(ofRank: rank, of: rankCount, partRowCount: rows).enumerated().map { index, range in
          Run(start: range.lowerBound, count: range.count, source: index * range.count, step: 1)
        }
      }
    case .vocabulary:
      let size = arguments.vocabularySize ?? sum
      guard size > 0, size <= sum else { throw wrong("\(size.grouped) rows, as the vocabulary has, or more") }
      whole[0] = size
      droppedRowCount = size < sum ? sum - size : nil
      runs = (0..<rankCount).map { rank in
        let count = min(rows, size - rank * rows)
        return count > 0 ? [Run(start: rank * rows, count: count, source: 0, step: 1)] : []
      }
    case .columns, .replicated:
      runs = Array(repeating: [Run(start: 0, count: rows, source: 0, step: 1)], count: rankCount)
    }
    dimensions = whole
  }

  /// The boxes of the whole that a rank's part has, from byte `offset` of `source` on.
  ///
  /// Numbers cannot overflow, since they stay within the part, which has been placed in its source.
  func boxes(
    ofRank rank: Int, in source: any ByteSource, at offset: Int, elementByteCount size: Int
  ) -> [GatheredSource.Part] {
    let inner = Array(part.dropFirst()), rowByteCount = inner.reduce(size, *)
    return runs[rank].map { run in
      var start = [run.start] + inner.map { _ in 0 }
      if isSplitByColumns { start[1] = rank * part[1] }
      return GatheredSource.Part(
        start: start, extents: [run.count] + inner, source: source, offset: offset + run.source * rowByteCount,
        strides: [run.step * rowByteCount] + inner.map { _ in size })
    }
  }
}

/// The rows of queries, keys and values in one rank, where they are not in the order of the whole.
///
/// That is group by group: the heads of its queries, that of its keys, that of its values; halves of a head as rotary embeddings
/// pair them.
private struct QueryKeyValueRows {
  /// The runs of a part, from row 0 of the whole on.
  private(set) var runs: [MegatronLayout.Run] = []

  /// - Returns: nil if the rows have that order already.
  init?(
    _ arguments: MegatronArguments, _ name: TensorName, _ shape: Shape, rankCount: Int
  ) throws(MegatronError) {
    let isInterleaved = arguments["rotary_interleaved"]?.bool == true
    // Only names before Megatron Core are old enough for another order (`fix_query_key_value_ordering`).
    let version = name.text.contains("query_key_value") ? arguments.version : 2
    guard isInterleaved || version < 2 else { return nil }
    func number(_ argument: String) throws(MegatronError) -> Int {
      guard let value = arguments[argument]?.integer, (1...1 << 20).contains(value) else {
        throw .argument(argument, found: "None or no such number", expected: "a number from 1 up")
      }
      return value
    }
    let heads = try number("num_attention_heads")
    let isGrouped = arguments["group_query_attention"]?.bool ?? true && arguments["num_query_groups"] != nil
    let groups = isGrouped ? try number("num_query_groups") : heads
    guard version >= 2 || groups == heads, version >= 2 || version == 0 || version == 1 else {
      throw .version("\(version)", expected: "2 or more with grouped queries, otherwise also 0 or 1")
    }
    guard groups % rankCount == 0, heads % groups == 0 else {
      throw .argument(
        "num_query_groups", found: "\(groups)", expected: "a multiple of \(rankCount) that divides \(heads)")
    }
    let slots = heads / groups + 2, own = groups / rankCount
    let width = shape.dimensions[0] / (slots * own)
    guard width > 0, width % 2 == 0, width * slots * own == shape.dimensions[0] else {
      throw .tensor(name, .shape(shape, expected: "\(slots * own) heads of one even width"))
    }
    for group in 0..<own {
      for slot in 0..<slots {
        let start = (group * slots + slot) * width
        // The row of the first element, and the rows from one to the next.
        let (source, step) =
          switch version {
          case 0: ((slot * own + group) * width, 1)
          case 1: (group * width * slots + slot, slots)
          default: (start, 1)
          }
        guard isInterleaved, slot < slots - 1 else {
          runs.append(MegatronLayout.Run(start: start, count: width, source: source, step: step))
          continue
        }
        for half in 0..<2 {
          runs.append(
            MegatronLayout.Run(
              start: start + half * width / 2, count: width / 2, source: source + half * step, step: 2 * step))
        }
      }
    }
  }
}
