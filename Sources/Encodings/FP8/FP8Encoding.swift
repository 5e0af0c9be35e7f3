import Bytes
import Tensors

/// FP8 weights with separate scales, as DeepSeek, Qwen and Mistral publish them (`quant_method` `fp8`).
///
/// `X.weight` has its scales in `X.weight_scale_inv`: one for each block of `weight_block_size` rows and columns, or one
/// in all. With static activations `X.activation_scale` gives the scale of the layer's input, which float32 does not need.
struct FP8Encoding {
  static let method = "fp8"
  static let scaleSuffix = "_scale_inv"
  private static let formats: Set<StorageFormat> = [.f8_e4m3, .f8_e5m2]
  /// No published block is larger; a larger number is a mistake.
  private static let largestBlockDimension = 1 << 20

  private let block: FP8Block?

  init(_ configuration: JSON) throws(EncodingError) {
    guard let size = configuration["weight_block_size"], !size.isNull else {
      block = nil
      return
    }
    let dimensions = size.array?.compactMap(\.integer) ?? []
    guard dimensions.count == 2, dimensions.allSatisfy({ (1...Self.largestBlockDimension).contains($0) }) else {
      throw .member("weight_block_size", expected: "two integers above 0, or null")
    }
    block = FP8Block(rowCount: dimensions[0], columnCount: dimensions[1])
  }

  /// Returns the checkpoint with one tensor for each weight and its scales.
  func composing(_ checkpoint: Checkpoint) -> EncodedCheckpoint {
    var tensors: [TensorDescriptor] = []
    var problems: [EncodingError] = []
    var unused: [(tensor: TensorDescriptor, reason: String)] = []
    var unscaled: [TensorDescriptor] = [], scaledCount = 0
    for tensor in checkpoint.tensors {
      let role = Self.role(of: tensor, in: checkpoint)
      switch role {
      case .weight(let scales?):
        scaledCount += 1
        do throws(EncodingError) {
          tensors.append(try composed(tensor, scales))
        } catch {
          problems.append(error)
          tensors.append(tensor)
        }
      case .weight(nil):
        unscaled.append(tensor)
        tensors.append(tensor)
      case .scales: continue
      case .activationScale:
        unused.append((tensor, "scale of a layer's FP8 input; inputs are not quantized here"))
      case .other: tensors.append(tensor)
      }
    }
    if let first = unscaled.first {
      problems.append(
        .noScales(
          first, expected: first.name.text + Self.scaleSuffix, count: unscaled.count,
          total: unscaled.count + scaledCount))
    }
    return EncodedCheckpoint(checkpoint.replacing(tensors: tensors, unused: unused), problems: problems)
  }

  private func composed(
    _ weight: TensorDescriptor, _ scales: TensorDescriptor
  ) throws(EncodingError) -> TensorDescriptor {
    guard let format = scales.format, format.facts.kind == .float, format.elementsPerBlock == 1 else {
      throw .scaleFormat(scales, of: weight)
    }
    let grid = FP8Grid(weight.shape, block)
    let isExpected = block == nil ? scales.shape.elementCount == 1 : scales.shape.dimensions == grid.dimensions
    guard isExpected else {
      throw .scaleShape(scales, of: weight, expected: Shape(grid.dimensions) ?? [], block: block)
    }
    return TensorDescriptor(
      name: weight.name, shape: weight.shape,
      contents: .composed(FP8Composition(weight: weight, scales: scales, block: block)))
  }

  // MARK: - Names

  private enum Role {
    case weight(scales: TensorDescriptor?)
    case scales, activationScale, other
  }

  private static func role(of tensor: TensorDescriptor, in checkpoint: Checkpoint) -> Role {
    func weight(_ name: String) -> TensorDescriptor? {
      checkpoint.tensor(TensorName(name)).flatMap { isWeight($0) ? $0 : nil }
    }
    let name = tensor.name.text
    if isWeight(tensor) { return .weight(scales: checkpoint.tensor(TensorName(name + scaleSuffix))) }
    if name.hasSuffix(scaleSuffix), weight(String(name.dropLast(scaleSuffix.count))) != nil { return .scales }
    let suffix = "activation_scale"
    if name.hasSuffix("." + suffix), weight(name.dropLast(suffix.count) + "weight") != nil { return .activationScale }
    return .other
  }

  private static func isWeight(_ tensor: TensorDescriptor) -> Bool {
    tensor.shape.rank >= 2 && tensor.format.map(formats.contains) == true
  }

  /// A checkpoint for which no quantization is stated: FP8 weights without scales are a plain cast.
  ///
  /// - Throws: if scales are there, since nothing says how they are applied.
  static func plain(_ checkpoint: Checkpoint, hasConfiguration: Bool) throws(EncodingError) -> EncodedCheckpoint {
    let weights = checkpoint.tensors.filter(isWeight)
    if let scaled = weights.first(where: { checkpoint.tensor(TensorName($0.name.text + scaleSuffix)) != nil }) {
      throw .noConfiguration(scaled, hasFile: hasConfiguration)
    }
    guard hasConfiguration, let first = weights.first else { return EncodedCheckpoint(checkpoint) }
    let remark =
      "\(counted(weights.count, "tensor")) in \(first.declaredFormat) without scales, and config.json announces none:"
      + " the stored values are used"
    return EncodedCheckpoint(checkpoint.replacing(tensors: checkpoint.tensors, remarks: [remark]))
  }
}
