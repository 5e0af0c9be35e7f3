import Bytes
import Tensors

// MLX's modes with float codes. Words have the bytes of two codes of E2M1 or one of E4M3, lowest first, so they are those of
// other encodings:
//
//   mxfp4   groups of 32, E2M1 codes, E8M0 scales
//   nvfp4   groups of 16, E2M1 codes, E4M3 scales
//   mxfp8   groups of 32, E4M3 codes, E8M0 scales

extension MLXParameters {
  /// The matrix of a mode with float codes.
  ///
  /// - Throws: if the shapes of the parts do not agree.
  func floats(_ codes: TensorDescriptor, scales: TensorDescriptor) throws(EncodingError) -> any TensorComposition {
    let shape = try shape(of: codes)
    guard scales.format == .u8 else { throw .partFormat(scales, of: codes, expected: "U8") }
    try requireFit(scales, of: codes)
    let grid = ScaleGrid(shape, ScaleBlock(rowCount: 1, columnCount: groupElementCount))
    let factors = try ScaleTensor(scales, of: codes, bytes: mode == .nvfp4 ? .e4m3 : .exponents)
    guard mode == .mxfp8 else {
      return FP4Composition(weight: codes, shape: shape, scales: MatrixScales(factors, grid))
    }
    return FP8Composition(weight: codes.bytes(as: .f8_e4m3, shape), code: .e4m3, scales: MatrixScales(factors, grid))
  }
}

extension TensorDescriptor {
  /// The same bytes as elements of another format.
  fileprivate func bytes(as format: StorageFormat, _ shape: Shape) -> TensorDescriptor {
    guard let range = byteRange else { return self }
    return TensorDescriptor(name: name, shape: shape, contents: .bytes(.known(format), range))
  }
}
