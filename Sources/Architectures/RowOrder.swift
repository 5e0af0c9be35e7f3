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
    }
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
