import Bytes
import Tensors

/// Float codes of compressed-tensors: `value = code · scale`, for NVFP4 `code · (scale / global scale)`, in float32.
///
///     X.weight         F8_E4M3 [out, in]        a code each; scales as those of integers, or bytes of E8M0 (MXFP8)
///     X.weight_packed  U8 [out, in / 2]         two codes of E2M1 in a byte, the first in the low bits
///     X.weight_scale   [out, in / group]        F8_E4M3 for NVFP4, groups of 16; U8 of E8M0 for MXFP4, groups of 32
///     X.weight_global_scale  F32 [1]            of NVFP4: the number by which scales were multiplied
enum CompressedFloats {
  static func packed(
    _ group: PartGroup, _ arguments: WeightArguments
  ) throws(EncodingError) -> any TensorComposition {
    let codes = group.codes
    guard arguments.bits == 4 else {
      throw .refused(
        what: "stored in packed floats of \(counted(arguments.bits, "bit")) by compressed-tensors",
        nextStep: CompressedFormat.nextStep)
    }
    guard codes.format == .u8 || codes.format == .i8 else {
      throw .partFormat(codes, of: nil, expected: "a matrix of U8 with two codes a byte")
    }
    let scales = try group.required(CompressedPart.scale)
    let global = group.part(CompressedPart.globalScale)
    // Scales of NVFP4 are numbers; without the number that scales them they mean nothing.
    if scales.format == .f8_e4m3, global == nil { _ = try group.required(CompressedPart.globalScale) }
    let composition = try FP4Composition(codes, scales: scales, global: global.map { .divisor($0) })
    try requireGrid(composition.scales.grid, composition.shape, scales, codes, arguments)
    return composition
  }

  /// - Parameter groupName: the config group that `arguments` are those of.
  static func unpacked(
    _ group: PartGroup, _ arguments: WeightArguments, groupName: String
  ) throws(EncodingError) -> any TensorComposition {
    let codes = group.codes
    guard arguments.bits == 8 else {
      throw .contradiction(codes, group: groupName, fact: arguments.words)
    }
    if !arguments.isSymmetric, let zeroPoint = group.part(CompressedPart.zeroPoint) {
      throw .partFormat(zeroPoint, of: codes, expected: "no zero points")
    }
    let scales = try group.required(CompressedPart.scale)
    guard let block = arguments.block(for: codes.shape) else {
      guard scales.shape.elementCount == 1 else {
        throw .partShape(scales, of: codes, expected: "one element")
      }
      return try FP8Composition(codes, scales: scales)
    }
    let grid = ScaleGrid(codes.shape, block)
    guard grid.fits(scales.shape) else {
      throw .partShape(scales, of: codes, expected: grid.expectation(for: codes.shape))
    }
    return try FP8Composition(codes, scales: scales, block: block)
  }

  private static func requireGrid(
    _ grid: ScaleGrid, _ shape: Shape, _ scales: TensorDescriptor, _ codes: TensorDescriptor,
    _ arguments: WeightArguments
  ) throws(EncodingError) {
    let expected = ScaleGrid(shape, arguments.block(for: shape))
    guard grid.block == expected.block else {
      throw .partShape(scales, of: codes, expected: expected.expectation(for: shape))
    }
  }
}
