import Bytes
import Tensors

/// How MLX quantized one matrix: the members of `quantization` in config.json, or of its entry for one module.
struct MLXParameters: Hashable {
  /// The rule from codes to values.
  enum Mode: String, CaseIterable {
    case affine, mxfp4, nvfp4, mxfp8

    /// The parameters that MLX assumes where none are stated; the only ones except for `affine`.
    var defaults: (bitCount: Int, groupElementCount: Int) {
      switch self {
      case .affine: (4, 64)
      case .mxfp4: (4, 32)
      case .nvfp4: (4, 16)
      case .mxfp8: (8, 32)
      }
    }
  }

  let mode: Mode
  let bitCount: Int
  /// Consecutive elements of a row that share a scale.
  let groupElementCount: Int

  /// No published group is larger; a larger number is a mistake.
  private static let largestGroup = 1 << 16

  /// - Parameters:
  ///   - members: an object with `bits`, `group_size` and `mode`, each of which may be absent.
  ///   - path: where config.json has the object.
  init(_ members: JSON, path: String) throws(EncodingError) {
    let name = members["mode"]?.string ?? (members["mode"] == nil ? Mode.affine.rawValue : "")
    guard let mode = Mode(rawValue: name) else {
      throw .setting(
        "\(path).mode", expected: "one of \(Mode.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let bits = members["bits"].map { $0.integer ?? 0 } ?? mode.defaults.bitCount
    let group = members["group_size"].map { $0.integer ?? 0 } ?? mode.defaults.groupElementCount
    switch mode {
    case .affine:
      guard PackedRows.bitCounts.contains(bits) else {
        throw .setting("\(path).bits", expected: "1, 2, 3, 4, 5, 6 or 8")
      }
      guard (1...Self.largestGroup).contains(group) else {
        throw .setting("\(path).group_size", expected: "an integer from 1 to \(Self.largestGroup.grouped)")
      }
    case .mxfp4, .nvfp4, .mxfp8:
      guard bits == mode.defaults.bitCount else {
        throw .setting("\(path).bits", expected: "\(mode.defaults.bitCount) in the mode \(name.quoted)")
      }
      guard group == mode.defaults.groupElementCount else {
        throw .setting("\(path).group_size", expected: "\(mode.defaults.groupElementCount) in the mode \(name.quoted)")
      }
    }
    (self.mode, bitCount, groupElementCount) = (mode, bits, group)
  }

  /// The shape of the values whose codes are in `codes`.
  func shape(of codes: TensorDescriptor) throws(EncodingError) -> Shape {
    guard codes.format == .u32 else { throw .partFormat(codes, of: nil, expected: "U32") }
    let (rowBitCount, overflow) = codes.shape.rowElementCount.multipliedReportingOverflow(by: 32)
    guard codes.shape.rank >= 2, !overflow, rowBitCount % bitCount == 0,
      let shape = Shape(codes.shape.dimensions.dropLast() + [rowBitCount / bitCount])
    else {
      throw .partShape(codes, of: nil, expected: "rows of whole codes of \(counted(bitCount, "bit"))")
    }
    return shape
  }

  /// - Throws: if `part` has not one element for each group of `codes`.
  func requireFit(_ part: TensorDescriptor, of codes: TensorDescriptor) throws(EncodingError) {
    let shape = try shape(of: codes)
    let (groupCount, rest) = shape.rowElementCount.quotientAndRemainder(dividingBy: groupElementCount)
    let dimensions = shape.dimensions.dropLast() + [groupCount]
    guard rest == 0, part.shape.dimensions == Array(dimensions) else {
      let expected = rest == 0 ? (Shape(Array(dimensions)) ?? []).description : "whole groups"
      throw .partShape(
        part, of: codes,
        expected: "\(expected) (\(counted(bitCount, "bit")), groups of \(groupElementCount.grouped))")
    }
  }
}
