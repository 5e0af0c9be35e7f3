import Bytes
import Tensors

/// What the matrices of a checkpoint have in common, by all shapes and a few small tensors.
struct GPTQSurvey {
  /// How zero points are stored.
  private(set) var zeroPointStorage: ZeroPointStorage
  /// What there is to say of them; nil if they are as stated.
  private(set) var remark: String?
  /// Whether a `g_idx` puts columns in groups out of order.
  private(set) var isActOrdered = false
  /// The sizes of groups that fit, most likely first.
  private let groupSizes: [Int]
  private let areStated: Bool

  /// The bytes that are read of zero points and group indices together, at most.
  private static let byteCountLimit = 1 << 20
  /// The bytes that are read of one row of zero points, at most.
  private static let rowByteCountLimit = 1 << 12

  private struct Matrix {
    let codes: TensorDescriptor, zeroPoints: TensorDescriptor, scales: TensorDescriptor
    let indices: TensorDescriptor?
    let geometry: GPTQGeometry
  }

  init(_ evidence: FormEvidence, _ configuration: GPTQConfiguration) throws(EncodingError) {
    zeroPointStorage = configuration.zeroPointStorage
    let packing = configuration.packing
    let matrices = Self.matrices(evidence, packing)
    try Self.requireStatedBits(matrices, packing)
    areStated = !packing.groupSizes.isEmpty
    groupSizes = try areStated ? Self.statedSizes(matrices, packing) : Self.commonSizes(matrices)
    try findActOrder(matrices, evidence)
    // Codes that are said to be asymmetric may have any zero point.
    if packing.isSymmetric != false { try findStorage(matrices, evidence, configuration) }
  }

  /// The columns of a group of a matrix.
  func groupSize(
    of geometry: GPTQGeometry, _ scales: TensorDescriptor, _ codes: TensorDescriptor, hasIndices: Bool
  ) throws(EncodingError) -> Int {
    var sizes = groupSizes.filter(geometry.fits)
    if sizes.isEmpty, !areStated { sizes = geometry.likelyGroupSizes }
    guard let size = sizes.first else {
      let expected = groupSizes.map { size in
        "\(geometry.count(size)) × \(geometry.rowCount) (\(size == .max ? "one group" : "groups of \(size)"))"
      }
      throw .partShape(scales, of: codes, expected: expected.joined(separator: " or "))
    }
    guard hasIndices || Set(sizes.map { min($0, geometry.columnCount) }).count == 1 else {
      throw Self.openSizes(sizes, codes)
    }
    return size
  }

  private static func openSizes(_ sizes: [Int], _ codes: TensorDescriptor) -> EncodingError {
    .refused(
      what: "quantized by GPTQ in groups of \(sizes.sorted().map(String.init).joined(separator: " or ")), which the"
        + " shapes of \(codes.name.text.quoted) leave open",
      nextStep: "put the model's config.json or quantize_config.json next to the file")
  }

  // MARK: - Shapes

  /// The matrices with all their parts, in file order.
  private static func matrices(_ evidence: FormEvidence, _ packing: PackedConfiguration) -> [Matrix] {
    evidence.checkpoint.tensors.compactMap { codes in
      guard codes.name.text.hasSuffix(GPTQ.names.codes) else { return nil }
      func part(_ suffix: String) -> TensorDescriptor? {
        evidence.checkpoint.tensor(TensorName(codes.name.text.dropLast(GPTQ.names.codes.count) + suffix))
      }
      guard let zeroPoints = part(".qzeros"), let scales = part(".scales") else { return nil }
      let indices = part(".g_idx")
      guard
        let geometry = try? GPTQGeometry(
          codes, zeroPoints: zeroPoints, scales: scales, indices: indices, packing)
      else { return nil }
      return Matrix(codes: codes, zeroPoints: zeroPoints, scales: scales, indices: indices, geometry: geometry)
    }
  }

  /// If no matrix has the bits that are stated, the statement is wrong, and not every tensor.
  private static func requireStatedBits(
    _ matrices: [Matrix], _ packing: PackedConfiguration
  ) throws(EncodingError) {
    guard let first = matrices.first, !packing.bitCounts.isEmpty else { return }
    guard !matrices.contains(where: { packing.bitCounts.contains($0.geometry.bitCount) }) else { return }
    throw .member(
      packing.bitsMember,
      expected: "\(first.geometry.bitCount), by the shape of tensor \(first.zeroPoints.name.text.quoted)")
  }

  private static func statedSizes(
    _ matrices: [Matrix], _ packing: PackedConfiguration
  ) throws(EncodingError) -> [Int] {
    guard let first = matrices.first,
      !matrices.contains(where: { packing.groupSizes.contains(where: $0.geometry.fits) })
    else { return packing.groupSizes }
    let sizes = first.geometry.likelyGroupSizes.map { $0 == .max ? "-1" : String($0) }
    throw .member(
      packing.groupSizeMember,
      expected: "\(sizes.joined(separator: " or ")), by the shape of tensor \(first.scales.name.text.quoted)")
  }

  /// The likely sizes that fit all matrices.
  private static func commonSizes(_ matrices: [Matrix]) -> [Int] {
    let likely = matrices.map(\.geometry.likelyGroupSizes)
    // A matrix of one group has any size from its width on.
    return Set(likely.joined()).sorted().filter { size in matrices.allSatisfy { $0.geometry.fits(size) } }
  }

  // MARK: - Values

  private mutating func findActOrder(_ matrices: [Matrix], _ evidence: FormEvidence) throws(EncodingError) {
    var byteCount = 0
    for matrix in matrices where matrix.geometry.groupCount > 1 {
      guard let indices = matrix.indices, let range = indices.byteRange else { continue }
      byteCount += range.byteCount
      guard byteCount <= Self.byteCountLimit else { return }
      let values = try GroupIndices(tensor: indices, groupCount: matrix.geometry.groupCount).values(
        evidence.content(of: indices, limit: Self.byteCountLimit))
      let sizes = groupSizes.filter(matrix.geometry.fits) + matrix.geometry.likelyGroupSizes
      isActOrdered = isActOrdered || !sizes.contains(where: values.isRegular)
    }
  }

  /// Zero points that are all those of symmetric codes show how they are stored, also where something else is stated.
  private mutating func findStorage(
    _ matrices: [Matrix], _ evidence: FormEvidence, _ configuration: GPTQConfiguration
  ) throws(EncodingError) {
    let other: ZeroPointStorage = zeroPointStorage == .plain ? .lessOne : .plain
    var byteCount = 0, first: TensorDescriptor?
    for matrix in matrices {
      guard let range = matrix.zeroPoints.byteRange else { continue }
      let bits = matrix.geometry.bitCount
      let fieldCount = min(matrix.geometry.rowCount, Self.rowByteCountLimit * 8 / bits / 32 * 32)
      let rowByteCount = PackedZeroPoints.wordCount(fieldCount: fieldCount, bitCount: bits) * 4
      byteCount += rowByteCount
      guard byteCount <= Self.byteCountLimit else { break }
      let points = PackedZeroPoints(tensor: matrix.zeroPoints, bitCount: bits, storage: other)
      let words = try evidence.head(of: range, byteCount: rowByteCount)
      guard points.areSymmetric(fieldCount: fieldCount, of: words.span.bytes) else { return }
      first = first ?? matrix.zeroPoints
    }
    guard let first else { return }
    zeroPointStorage = other
    remark = configuration.remark(foundIn: first.name.text)
  }
}
