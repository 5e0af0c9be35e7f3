import Architectures
import Tensors
import TestSupport
import Testing

@Suite("A row order")
struct RowOrderTests {
  @Test("is undone by its inverse", arguments: [(8, 2, 16), (6, 3, 4), (64, 8, 2), (5, 5, 6)])
  func inverse(headCount: Int, keyValueHeadCount: Int, headDimension: Int) throws {
    for count in [headCount, keyValueHeadCount] {
      let order = RowOrder.interleaved(headCount: count)
      let rows = count * headDimension
      try order.requireFit(rowCount: rows)
      let stored = (0..<rows).map { order.canonicalRow(ofStored: $0, rowCount: rows) }
      #expect(Set(stored) == Set(0..<rows))
      for row in 0..<rows { #expect(order.storedRow(ofCanonical: stored[row], rowCount: rows) == row) }
    }
  }

  @Test("makes rotary pairs adjacent")
  func adjacentPairs() {
    // One head of 6 rows: halves 0 1 2 and 3 4 5 are interleaved.
    let order = RowOrder.interleaved(headCount: 1)
    #expect((0..<6).map { order.canonicalRow(ofStored: $0, rowCount: 6) } == [0, 3, 1, 4, 2, 5])
  }

  @Test("puts heads of one key head apart into tiles")
  func tiles() throws {
    // Two key heads with three value heads of two rows each: 0 1 2 | 3 4 5 become 0 3 | 1 4 | 2 5.
    let order = RowOrder.tiled(groupCount: 2, headCount: 6)
    let heads = (0..<6).map { order.canonicalRow(ofStored: 2 * $0, rowCount: 12) / 2 }
    #expect(heads == [0, 3, 1, 4, 2, 5])
    for row in 0..<12 {
      let canonical = order.canonicalRow(ofStored: row, rowCount: 12)
      #expect(canonical % 2 == row % 2 && order.storedRow(ofCanonical: canonical, rowCount: 12) == row)
    }
    #expect(order.rowsThatStayTogether(rowCount: 12) == 2)
  }

  @Test("refuses tiles that rows do not fill", arguments: [(0, 4, 8), (2, 0, 8), (3, 4, 8), (2, 4, 10), (2, 4, 0)])
  func unfitTiles(groupCount: Int, headCount: Int, rowCount: Int) {
    #expect(throws: LayoutError.rowsDoNotSplitIntoGroups(rowCount: rowCount, groupCount: headCount)) {
      try RowOrder.tiled(groupCount: groupCount, headCount: headCount).requireFit(rowCount: rowCount)
    }
  }

  @Test(
    "separates the rows of rotary pairs, and leaves the rest of a head",
    arguments: [(1, 6, 10), (3, 8, 8), (4, 4, 12), (2, 0, 5), (5, 2, 2)])
  func separatedPairs(headCount: Int, rotated: Int, dimension: Int) throws {
    let order = RowOrder.separated(headCount: headCount, rotatedCount: rotated)
    let rows = headCount * dimension
    try order.requireFit(rowCount: rows)
    // The formula of the reference: even rows, then odd rows, then those that are not rotated.
    let expected = (0..<headCount).flatMap { head in
      (Array(stride(from: 0, to: rotated, by: 2)) + stride(from: 1, to: rotated, by: 2) + (rotated..<dimension))
        .map { head * dimension + $0 }
    }
    #expect((0..<rows).map { order.canonicalRow(ofStored: $0, rowCount: rows) } == expected)
    for row in 0..<rows { #expect(order.storedRow(ofCanonical: expected[row], rowCount: rows) == row) }
  }

  @Test("refuses pairs that a head does not have", arguments: [(2, 3), (2, 10), (3, 2), (0, 2), (2, -2)])
  func misfittingPairs(headCount: Int, rotated: Int) {
    #expect(throws: LayoutError.rowsDoNotSplitIntoHeads(rowCount: 16, headCount: headCount)) {
      try RowOrder.separated(headCount: headCount, rotatedCount: rotated).requireFit(rowCount: 16)
    }
  }

  @Test("refuses heads that rows do not fill", arguments: [(10, 2), (0, 2), (8, 0), (8, -1), (8, .max), (8, 16)])
  func misfits(rowCount: Int, headCount: Int) {
    #expect(throws: LayoutError.rowsDoNotSplitIntoHeads(rowCount: rowCount, headCount: headCount)) {
      try RowOrder.interleaved(headCount: headCount).requireFit(rowCount: rowCount)
    }
  }
}

@Suite("A stored layout")
struct StoredLayoutTests {
  static func component(_ role: TensorRole, _ rows: Int, _ order: RowOrder = .canonical) -> StoredLayout.Component {
    StoredLayout.Component(role: role, rowCount: rows, order: order)
  }

  @Test("gives every logical row one canonical row, and back", arguments: 0..<40)
  func law(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    // Heads, key-value heads and their dimension are drawn apart, so that heads ≠ key-value heads squared.
    let (groups, shared, dimension, instances) = (pick(1...5), pick(1...4), 2 * pick(1...4), pick(1...3))
    let heads = groups * shared
    let layout = try StoredLayout(
      components: [
        Self.component("q", heads * dimension, pick(0...1) == 0 ? .canonical : .interleaved(headCount: heads)),
        Self.component("k", groups * dimension, pick(0...1) == 0 ? .canonical : .interleaved(headCount: groups)),
        Self.component(
          "v", heads * dimension, pick(0...1) == 0 ? .canonical : .tiled(groupCount: groups, headCount: heads)),
      ], columnCount: pick(1...9), groupCount: pick(0...1) == 0 ? 1 : groups,
      instanceCount: pick(0...1) == 0 ? nil : instances)
    var seen: Set<StoredLayout.CanonicalRow> = []
    for row in 0..<layout.logicalRowCount {
      let canonical = layout.canonicalRow(ofLogical: row)
      #expect(seen.insert(canonical).inserted)
      #expect(canonical.row < layout.components[canonical.component].rowCount)
      #expect(layout.logicalRow(of: canonical) == row)
    }
    #expect(seen.count == (2 * heads + groups) * dimension * (layout.instanceCount ?? 1))
  }

  @Test("gives each group an equal share of every component")
  func groups() throws {
    // Two groups of two query rows, one key row and one value row.
    let layout = try StoredLayout(
      components: [Self.component("q", 4), Self.component("k", 2), Self.component("v", 2)], columnCount: 1,
      groupCount: 2)
    let rows = (0..<8).map { layout.canonicalRow(ofLogical: $0) }
    #expect(rows.map(\.component) == [0, 0, 1, 2, 0, 0, 1, 2])
    #expect(rows.map(\.row) == [0, 1, 0, 0, 2, 3, 1, 1])
  }

  @Test(
    "has extents",
    arguments: [
      (instances: Int?.none, blocks: Int?.none, shape: Shape([6, 5])!), (4, nil, Shape([4, 6, 5])!),
      (nil, 1, Shape([5, 6])!), (nil, 3, Shape([3, 5, 2])!),
    ])
  func dimensions(instances: Int?, blocks: Int?, shape: Shape) throws {
    let layout = try StoredLayout(
      components: [Self.component("a", 6)], columnCount: 5, instanceCount: instances, transposedBlockCount: blocks)
    #expect(layout.shape == shape)
    #expect(layout.storedRowCount * layout.storedRowElementCount == shape.elementCount)
  }

  static let impossible: [(rows: [Int], columns: Int, groups: Int, instances: Int?, misfit: LayoutError)] = [
    ([6, 3], 1, 2, nil, .rowsDoNotSplitIntoGroups(rowCount: 3, groupCount: 2)),
    ([6], 1, 0, nil, .invalidShape), ([6], -1, 1, nil, .invalidShape),
    ([.max, .max], 1, 1, nil, .invalidShape), ([.max / 2], 4, 1, nil, .invalidShape),
    ([-6], 1, 1, nil, .invalidShape), ([6], 1, 1, 1 << 40, .invalidShape),
    ([0], 0, 1, .max, .invalidShape),
  ]

  @Test("refuses impossible extents", arguments: impossible)
  func refusal(rows: [Int], columns: Int, groups: Int, instances: Int?, misfit: LayoutError) {
    #expect(throws: misfit) {
      try StoredLayout(
        components: rows.map { Self.component("a", $0) }, columnCount: columns, groupCount: groups,
        instanceCount: instances)
    }
  }
}
