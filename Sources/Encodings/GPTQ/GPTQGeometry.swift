import Bytes
import Tensors

/// The dimensions of a matrix that is packed as GPTQ packs it, as the shapes of its tensors show them.
struct GPTQGeometry {
  /// Rows and columns of the result.
  let rowCount: Int, columnCount: Int
  let bitCount: Int
  let groupCount: Int

  /// More rows or columns are a mistake, and would overflow products.
  private static let dimensionLimit = 1 << 31

  init(
    _ codes: TensorDescriptor, zeroPoints: TensorDescriptor, scales: TensorDescriptor, indices: TensorDescriptor?,
    _ configuration: PackedConfiguration
  ) throws(EncodingError) {
    try Self.require(codes, of: nil, [.i32, .u32], "I32")
    try Self.require(scales, of: codes, [.f16, .bf16, .f32], "F16, BF16 or F32")
    try Self.require(zeroPoints, of: codes, [.i32, .u32], "I32")
    let wordRowCount = codes.shape.dimensions[0]
    let rowCount = codes.shape.dimensions[1]
    try Self.requireColumns(of: scales, codes)
    let groupCount = scales.shape.dimensions[0]
    if let indices { try Self.requireVector(indices, of: codes) }

    let fitting = PackedColumns.bitCounts.filter { bits in
      zeroPoints.shape.dimensions == [groupCount, PackedZeroPoints.wordCount(fieldCount: rowCount, bitCount: bits)]
    }
    let candidates = fitting.filter { bits in
      let columns = indices?.shape.elementCount ?? wordRowCount * 32 / bits
      return PackedColumns.wordRowCount(codeCount: columns, bitCount: bits) == wordRowCount
    }
    if let indices, candidates.isEmpty, !fitting.isEmpty {
      let expected = fitting.map { String(wordRowCount * 32 / $0) }
      throw .partShape(indices, of: codes, expected: expected.joined(separator: " or "))
    }
    let stated = configuration.bitCounts.first(where: candidates.contains)
    guard let bits = stated ?? candidates.first else {
      let widths = configuration.bitCounts.isEmpty ? PackedColumns.bitCounts : configuration.bitCounts
      throw .partShape(zeroPoints, of: codes, expected: Self.zeroPointShapes(widths, groupCount, rowCount: rowCount))
    }
    if stated == nil, candidates.count > 1 {
      throw .refused(
        what: "quantized by GPTQ to \(candidates.map(String.init).joined(separator: " or ")) bits, which the shapes of"
          + " \(codes.name.text.quoted) leave open",
        nextStep: "put the model's config.json or quantize_config.json next to the file")
    }
    self.rowCount = rowCount
    columnCount = indices?.shape.elementCount ?? wordRowCount * 32 / bits
    bitCount = bits
    self.groupCount = groupCount
  }

  /// The shapes that zero points of these widths have, for messages.
  func zeroPointShapes(_ bitCounts: [Int]) -> String {
    Self.zeroPointShapes(bitCounts, groupCount, rowCount: rowCount)
  }

  private static func zeroPointShapes(_ bitCounts: [Int], _ groupCount: Int, rowCount: Int) -> String {
    let shapes = bitCounts.map { bits in
      "\(groupCount) × \(PackedZeroPoints.wordCount(fieldCount: rowCount, bitCount: bits)) (\(counted(bits, "bit")))"
    }
    return shapes.joined(separator: " or ")
  }

  /// Whether groups of so many columns are as many as there are.
  func fits(_ groupSize: Int) -> Bool { groupSize >= columnCount ? groupCount == 1 : count(groupSize) == groupCount }

  /// The groups of so many columns.
  func count(_ groupSize: Int) -> Int {
    groupSize >= columnCount ? 1 : (columnCount + groupSize - 1) / groupSize
  }

  /// The sizes of groups that are likely: even groups, and the power of two with a cut last group.
  var likelyGroupSizes: [Int] {
    guard groupCount > 1 else { return [Int.max] }
    var sizes: [Int] = []
    var power = 1
    while power < columnCount {
      if fits(power) { sizes.append(power) }
      power *= 2
    }
    if columnCount % groupCount == 0, !sizes.contains(columnCount / groupCount) {
      sizes.append(columnCount / groupCount)
    }
    return sizes
  }

  // MARK: - Parts

  private static func require(
    _ tensor: TensorDescriptor, of codes: TensorDescriptor?, _ formats: Set<StorageFormat>, _ expected: String
  ) throws(EncodingError) {
    guard let format = tensor.format, formats.contains(format) else {
      throw .partFormat(tensor, of: codes, expected: expected)
    }
    guard tensor.shape.rank == 2, tensor.shape.dimensions.allSatisfy({ (1...dimensionLimit).contains($0) }) else {
      throw .partShape(tensor, of: codes, expected: "two dimensions above 0")
    }
  }

  private static func requireVector(
    _ indices: TensorDescriptor, of codes: TensorDescriptor
  ) throws(EncodingError) {
    guard let format = indices.format, [.i32, .u32, .i64].contains(format) else {
      throw .partFormat(indices, of: codes, expected: "I32")
    }
    guard indices.shape.rank == 1, indices.shape.elementCount <= dimensionLimit else {
      throw .partShape(indices, of: codes, expected: "one dimension")
    }
  }

  /// Scales have a column for each column of codes, unless these are packed in another way.
  private static func requireColumns(of scales: TensorDescriptor, _ codes: TensorDescriptor) throws(EncodingError) {
    let found = codes.shape.dimensions[1], expected = scales.shape.dimensions[1]
    guard found != expected else { return }
    let layout: String? =
      switch (found, expected) {
      case (2 * expected, _), (4 * expected, _): "Marlin's kernels"
      case (_, 8 * found): "AWQ"
      default: nil
      }
    guard let layout else {
      throw .partShape(scales, of: codes, expected: "\(scales.shape.dimensions[0]) × \(found)")
    }
    throw .refused(
      what: "quantized by GPTQ, but tensor \(codes.name.text.quoted) is packed for \(layout)",
      nextStep: PackedConfiguration.nextStep)
  }
}
