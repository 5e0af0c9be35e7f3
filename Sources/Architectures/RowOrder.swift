/// The order in which a scheme stores the rows of one canonical tensor.
public enum RowOrder: Hashable, Sendable {
  /// Half-split heads, as in Hugging Face's files.
  case canonical
  /// The two halves of each head are interleaved row by row.
  ///
  /// Rotary pair `j` of a head with `d` rows is rows `j` and `j + d/2` in the canonical layout (transformers'
  /// `rotate_half`), and in rows `2j` and `2j + 1` in the layout of Meta and of GGUF:
  ///
  ///     stored row  h·d + 2j + s   is canonical row  h·d + s·d/2 + j      (s = 0, 1;  j < d/2)
  ///
  /// The count is that of the tensor's own heads: query heads for q, key-value heads for k.
  case interleaved(headCount: Int)
  /// The rows of rotary pairs that are neighbors in the canonical layout are in two halves.
  ///
  /// GLM's pair `j` is rows `2j` and `2j + 1` of a head in Hugging Face's files, and in those GGUFs that have sections for
  /// positions in images `j` and `j + r/2` of the `r` rotated rows; the rows after them stay:
  ///
  ///     stored row  h·d + s·r/2 + j   is canonical row  h·d + 2j + s      (s = 0, 1;  j < r/2)
  case separated(headCount: Int, rotatedCount: Int)
  /// Heads that share a key head, `r` for each of `K` key heads, follow each other in the canonical layout. Stored, a head
  /// of every key head comes first, then the next of every one, because ggml repeats keys so:
  ///
  ///     stored row  (j·K + k)·d + i   is canonical row  (k·r + j)·d + i      (k < K,  j < r,  i < d)
  case tiled(groupCount: Int, headCount: Int)

  /// Checks that a tensor of `rowCount` rows can be ordered so.
  public func requireFit(rowCount: Int) throws(LayoutError) {
    switch self {
    case .canonical: return
    case .interleaved(let headCount):
      guard headCount > 0, rowCount > 0, rowCount % headCount == 0, rowCount / headCount % 2 == 0 else {
        throw .rowsDoNotSplitIntoHeads(rowCount: rowCount, headCount: headCount)
      }
    case .separated(let headCount, let rotatedCount):
      guard headCount > 0, rowCount > 0, rowCount % headCount == 0, rotatedCount >= 0, rotatedCount % 2 == 0,
        rotatedCount <= rowCount / headCount
      else { throw .rowsDoNotSplitIntoHeads(rowCount: rowCount, headCount: headCount) }
    case .tiled(let groupCount, let headCount):
      guard groupCount > 0, headCount > 0, rowCount > 0, headCount % groupCount == 0, rowCount % headCount == 0 else {
        throw .rowsDoNotSplitIntoGroups(rowCount: rowCount, groupCount: headCount)
      }
    }
  }

  /// The canonical row that stored row `row` contains of a tensor with `rowCount` rows.
  public func canonicalRow(ofStored row: Int, rowCount: Int) -> Int {
    switch self {
    case .canonical: return row
    case .interleaved(let headCount):
      let headRowCount = rowCount / headCount
      let (head, inside) = row.quotientAndRemainder(dividingBy: headRowCount)
      return head * headRowCount + inside % 2 * (headRowCount / 2) + inside / 2
    case .separated(let headCount, let rotatedCount):
      let inside = row % (rowCount / headCount)
      guard inside < rotatedCount else { return row }
      let (half, pair) = inside.quotientAndRemainder(dividingBy: rotatedCount / 2)
      return row - inside + 2 * pair + half
    case .tiled(let groupCount, let headCount):
      return Self.moved(row, rowCount / headCount, from: (headCount / groupCount, groupCount))
    }
  }

  /// The stored row that contains canonical row `row`: the inverse of `canonicalRow(ofStored:rowCount:)`.
  public func storedRow(ofCanonical row: Int, rowCount: Int) -> Int {
    switch self {
    case .canonical: return row
    case .interleaved(let headCount):
      let headRowCount = rowCount / headCount
      let (head, inside) = row.quotientAndRemainder(dividingBy: headRowCount)
      let (half, pair) = inside.quotientAndRemainder(dividingBy: headRowCount / 2)
      return head * headRowCount + 2 * pair + half
    case .separated(let headCount, let rotatedCount):
      let inside = row % (rowCount / headCount)
      guard inside < rotatedCount else { return row }
      return row - inside + inside % 2 * (rotatedCount / 2) + inside / 2
    case .tiled(let groupCount, let headCount):
      return Self.moved(row, rowCount / headCount, from: (groupCount, headCount / groupCount))
    }
  }

  /// The rows that always stay together: in these, order is that of blocks.
  public func rowsThatStayTogether(rowCount: Int) -> Int {
    switch self {
    case .canonical: rowCount
    case .interleaved, .separated: 1
    case .tiled(_, let headCount): rowCount / headCount
    }
  }

  /// The row in an order of `outer` × `inner` heads, counted in the order of `inner` × `outer` heads.
  private static func moved(_ row: Int, _ headRowCount: Int, from heads: (outer: Int, inner: Int)) -> Int {
    let (head, inside) = row.quotientAndRemainder(dividingBy: headRowCount)
    let (outer, inner) = head.quotientAndRemainder(dividingBy: heads.inner)
    return (inner * heads.outer + outer) * headRowCount + inside
  }
}

/// A layout that does not fit a tensor.
public enum LayoutError: Error, Sendable, Hashable {
  /// The layout depends on an unknown hyperparameter.
  case needsNumbers
  /// `rowCount` rows do not split into `headCount` heads of an even number of rows.
  case rowsDoNotSplitIntoHeads(rowCount: Int, headCount: Int)
  /// `rowCount` rows do not split into `groupCount` equal groups.
  case rowsDoNotSplitIntoGroups(rowCount: Int, groupCount: Int)
  /// Dimensions are negative, or their product overflows.
  case invalidShape
}
