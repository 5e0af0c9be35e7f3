import Tensors

/// The tensor `g_idx`: the group of each column of a matrix.
struct GroupIndices: Hashable, Sendable {
  let tensor: TensorDescriptor
  let groupCount: Int

  /// The groups of all columns.
  struct Values {
    let groups: [Int32]

    /// Whether each `groupElementCount` consecutive columns are a group.
    func isRegular(_ groupElementCount: Int) -> Bool {
      var column = 0, group: Int32 = 0
      while column < groups.count {
        let end = min(groups.count, column + groupElementCount)
        for index in column..<end where groups[index] != group { return false }
        column = end
        group += 1
      }
      return true
    }
  }

  /// - Throws: if a column has a group that is not there.
  func read(from reader: any StoredTensorReader) throws -> Values {
    let width = tensor.format == .i64 ? 8 : 4
    let bytes = try reader.bytes(of: tensor, from: 0, count: tensor.shape.elementCount * width)
    return try values(bytes)
  }

  /// The same of bytes that were read.
  func values(_ bytes: [UInt8]) throws(EncodingError) -> Values {
    var groups: [Int32] = []
    for (column, group) in tensor.integers(bytes).enumerated() {
      guard (0..<groupCount).contains(group) else {
        throw .partValue(
          tensor, found: "puts column \(column) in group \(group)",
          expected: groupCount == 1 ? "0" : "0 to \(groupCount - 1)")
      }
      groups.append(Int32(group))
    }
    return Values(groups: groups)
  }

  /// - Throws: if groups are not consecutive columns, which codes of other formats need.
  func requireRegular(_ groupElementCount: Int, from reader: any StoredTensorReader) throws {
    guard try read(from: reader).isRegular(groupElementCount) else {
      throw EncodingError.partValue(
        tensor, found: "has groups whose columns are apart (act-order)",
        expected: "\(groupElementCount) consecutive columns a group")
    }
  }
}
