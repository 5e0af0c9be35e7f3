/// The order in which a scheme stores the rows of one canonical tensor.
public enum RowOrder: Hashable, Sendable {
  /// As Hugging Face has them.
  case canonical
  /// The rows of each head, stored as two halves, are interleaved.
  ///
  /// Rotary pair `j` of a head with `d` rows is rows `j` and `j + d/2` in the canonical layout (transformers'
  /// `rotate_half`), and in rows `2j` and `2j + 1` in the layout of Meta and of GGUF:
  ///
  ///     stored row  h·d + 2j + s   is canonical row  h·d + s·d/2 + j      (s = 0, 1;  j < d/2)
  ///
  /// The count is that of the tensor's own heads: query heads for q, key-value heads for k.
  case rotary(headCount: Int)

  /// Checks that a tensor of `rowCount` rows can be ordered so.
  public func requireFit(rowCount: Int) throws(LayoutError) {
    switch self {
    case .canonical: return
    case .rotary(let headCount):
      guard headCount > 0, rowCount > 0, rowCount % headCount == 0, rowCount / headCount % 2 == 0 else {
        throw .rowsDoNotSplitIntoHeads(rowCount: rowCount, headCount: headCount)
      }
    }
  }

  /// The canonical row that stored row `row` contains of a tensor with `rowCount` rows.
  public func canonicalRow(ofStored row: Int, rowCount: Int) -> Int {
    switch self {
    case .canonical: return row
    case .rotary(let headCount):
      let headRowCount = rowCount / headCount
      let (head, inside) = row.quotientAndRemainder(dividingBy: headRowCount)
      return head * headRowCount + inside % 2 * (headRowCount / 2) + inside / 2
    }
  }

  /// Which stored row holds canonical row `row`: the inverse of `canonicalRow(ofStored:rowCount:)`.
  public func storedRow(ofCanonical row: Int, rowCount: Int) -> Int {
    switch self {
    case .canonical: return row
    case .rotary(let headCount):
      let headRowCount = rowCount / headCount
      let (head, inside) = row.quotientAndRemainder(dividingBy: headRowCount)
      let (half, pair) = inside.quotientAndRemainder(dividingBy: headRowCount / 2)
      return head * headRowCount + 2 * pair + half
    }
  }
}

/// Why a layout cannot be had for a tensor.
public enum LayoutError: Error, Sendable, Hashable {
  /// The layout follows from a number that no file states.
  case needsNumbers
  /// `rowCount` rows do not split into `headCount` heads of an even number of rows.
  case rowsDoNotSplitIntoHeads(rowCount: Int, headCount: Int)
  /// `rowCount` rows do not split into `groupCount` equal groups.
  case rowsDoNotSplitIntoGroups(rowCount: Int, groupCount: Int)
  /// The extents are negative, or their product does not fit.
  case invalidShape
}
