/// An invertible change between the canonical layout of a tensor (Hugging Face's) and the layout of a naming scheme.
///
/// The set is closed: a definition names a transform, this file says what it does, and its inverse follows.
public enum Transform: Hashable, Sendable {
  /// The same rows in the same order.
  case identity
  /// The rows of each head, stored as two halves, are interleaved.
  ///
  /// Rotary pair `j` of a head with `d` rows stands in rows `j` and `j + d/2` in the canonical layout (transformers'
  /// `rotate_half`), and in rows `2j` and `2j + 1` in the layout of Meta and of GGUF:
  ///
  ///     stored row  h·d + 2j + s   is canonical row  h·d + s·d/2 + j      (s = 0, 1;  j < d/2)
  ///
  /// The count is that of the tensor's own heads: query heads for q, key-value heads for k.
  case rotaryPermutation(headCount: Int)

  /// Why a transform cannot be applied to a tensor.
  public enum Misfit: Error, Sendable, Equatable {
    /// `rowCount` rows do not split into `headCount` heads of an even number of rows.
    case rowsDoNotSplitIntoHeads(rowCount: Int, headCount: Int)
  }

  /// Checks that a tensor of `rowCount` rows can be transformed.
  public func requireFit(rowCount: Int) throws(Misfit) {
    switch self {
    case .identity: return
    case .rotaryPermutation(let headCount):
      guard headCount > 0, rowCount > 0, rowCount % headCount == 0, rowCount / headCount % 2 == 0 else {
        throw .rowsDoNotSplitIntoHeads(rowCount: rowCount, headCount: headCount)
      }
    }
  }

  /// The rows that move among each other: a slab of this many rows (or a multiple) can be transformed on its own.
  public func groupRowCount(rowCount: Int) -> Int {
    switch self {
    case .identity: 1
    case .rotaryPermutation(let headCount): rowCount / headCount
    }
  }

  /// Which canonical row stands in stored row `row` of a tensor with `rowCount` rows.
  public func canonicalRow(ofStored row: Int, rowCount: Int) -> Int {
    switch self {
    case .identity: return row
    case .rotaryPermutation:
      let group = groupRowCount(rowCount: rowCount)
      let (head, inside) = row.quotientAndRemainder(dividingBy: group)
      return head * group + inside % 2 * (group / 2) + inside / 2
    }
  }

  /// Which stored row holds canonical row `row`: the inverse of `canonicalRow(ofStored:rowCount:)`.
  public func storedRow(ofCanonical row: Int, rowCount: Int) -> Int {
    switch self {
    case .identity: return row
    case .rotaryPermutation:
      let group = groupRowCount(rowCount: rowCount)
      let (head, inside) = row.quotientAndRemainder(dividingBy: group)
      let (half, pair) = inside.quotientAndRemainder(dividingBy: group / 2)
      return head * group + 2 * pair + half
    }
  }
}

extension Transform: CustomStringConvertible {
  public var description: String {
    switch self {
    case .identity: "identity"
    case .rotaryPermutation(let headCount): "rotary permutation of \(headCount) heads"
    }
  }
}

/// The way from one stored layout to another: back to the canonical layout by one transform, forth by the other.
public struct RowMapping: Hashable, Sendable, CustomStringConvertible {
  /// The layout of the source.
  public let source: Transform
  /// The layout of the target.
  public let target: Transform

  /// From the layout `source` to the layout `target`.
  public init(from source: Transform, to target: Transform) {
    self.source = source
    self.target = target
  }

  /// Whether every row stays where it is.
  public var isIdentity: Bool { source == target }

  /// The rows of a slab that can be mapped on its own.
  public func groupRowCount(rowCount: Int) -> Int {
    isIdentity ? 1 : max(source.groupRowCount(rowCount: rowCount), target.groupRowCount(rowCount: rowCount))
  }

  /// Which row of the source becomes row `row` of the target.
  public func sourceRow(ofTarget row: Int, rowCount: Int) -> Int {
    isIdentity
      ? row : source.storedRow(ofCanonical: target.canonicalRow(ofStored: row, rowCount: rowCount), rowCount: rowCount)
  }

  public var description: String {
    switch (source, target) {
    case _ where isIdentity: "as it is"
    case (.identity, _): "\(target)"
    case (_, .identity): "inverse \(source)"
    default: "inverse \(source), then \(target)"
    }
  }
}
