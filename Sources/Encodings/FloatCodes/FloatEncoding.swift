import Bytes
import Tensors

/// FP8 and FP4 matrices with scales beside them.
///
///     X.weight       F8_E4M3, F8_E5M2 [out, in]; U8 or I8 [out, in / 2] with two E2M1 codes a byte
///     its scales     X.weight_scale_inv  DeepSeek, Qwen, transformers   X.weight_scale  ModelOpt, FBGEMM, Quark, AutoFP8
///                    X.qscale_weight     Mistral                        X.scale         DeepSeek V4
///     of the scales  X.weight_scale_2    ModelOpt's NVFP4, a factor
///     X_blocks       U8 [experts, out, in / 32, 16] with X_scales: gpt-oss's MXFP4
///
/// The storage formats and shapes of codes and scales say how they belong together, except for the size of FP8 blocks.
struct FloatEncoding {
  private let checkpoint: Checkpoint
  private let scheme: FloatScheme
  private var problems: [EncodingError] = []
  /// The first FP8 weight without scales, and the number of them and of those with scales.
  private var unscaled: TensorDescriptor?
  private var unscaledCount = 0, scaledCount = 0

  private init(_ checkpoint: Checkpoint, _ scheme: FloatScheme) {
    self.checkpoint = checkpoint
    self.scheme = scheme
  }

  /// Returns the checkpoint with one tensor for each weight and its scales.
  static func composing(_ checkpoint: Checkpoint, _ scheme: FloatScheme) -> EncodedCheckpoint {
    var encoding = FloatEncoding(checkpoint, scheme)
    return encoding.composed()
  }

  private mutating func composed() -> EncodedCheckpoint {
    var replacements: [TensorName: TensorDescriptor] = [:]
    var used: Set<TensorName> = []
    // Scales in E4M3 are no codes.
    let scaleNames = Set(checkpoint.tensors.compactMap { scales(of: $0.name.text)?.name })
    for tensor in checkpoint.tensors where !scaleNames.contains(tensor.name) {
      do throws(EncodingError) {
        guard let parts = try parts(of: tensor) else { continue }
        used.formUnion(parts.composition.sources.map(\.name))
        replacements[tensor.name] = TensorDescriptor(
          name: parts.name, shape: parts.composition.shape, contents: .composed(parts.composition))
      } catch {
        problems.append(error)
        // The error says enough of its scales too.
        if let scales = scales(of: tensor.name.text) { used.insert(scales.name) }
      }
    }
    if let unscaled {
      problems.append(
        .noScales(
          unscaled, expected: unscaled.name.text + scheme.scaleSuffix, count: unscaledCount,
          total: unscaledCount + scaledCount))
    }
    var tensors: [TensorDescriptor] = [], unused: [(tensor: TensorDescriptor, reason: String)] = []
    for tensor in checkpoint.tensors {
      if let replacement = replacements[tensor.name] {
        tensors.append(replacement)
      } else if let reason = Self.reasonOfUnused(tensor) {
        unused.append((tensor, reason))
      } else if !used.contains(tensor.name) {
        tensors.append(tensor)
      }
    }
    return EncodedCheckpoint(
      checkpoint.replacing(tensors: tensors, unused: unused, remarks: scheme.remarks), problems: problems)
  }

  // MARK: - Parts

  /// What codes and their parts make; nil if a tensor has values, not codes.
  private mutating func parts(
    of tensor: TensorDescriptor
  ) throws(EncodingError) -> (name: TensorName, composition: any TensorComposition)? {
    let name = tensor.name.text
    if let code = FloatCode(tensor.format), code != .e2m1, tensor.shape.rank >= 2 {
      guard let scales = scales(of: name) else {
        if !scheme.isPlain(name) {
          unscaled = unscaled ?? tensor
          unscaledCount += 1
        }
        return nil
      }
      scaledCount += 1
      return (tensor.name, try FP8Composition(tensor, scales: scales, block: scheme.block))
    }
    guard tensor.shape.rank >= 2, let format = tensor.format, [.u8, .i8, .f4].contains(format) else { return nil }
    if name.hasSuffix(Self.blocksSuffix), format == .u8 {
      return try experts(tensor, String(name.dropLast(Self.blocksSuffix.count)))
    }
    guard let scales = scales(of: name) else {
      guard name.hasSuffix(".weight"), !scheme.isPlain(name) else { return nil }
      throw .missingPart(of: tensor, name: name + scheme.scaleSuffix)
    }
    return (tensor.name, try packed(tensor, scales))
  }

  private func packed(
    _ tensor: TensorDescriptor, _ scales: TensorDescriptor
  ) throws(EncodingError) -> any TensorComposition {
    let global = checkpoint.tensor(TensorName(tensor.name.text + "_scale_2")).map { GlobalScale.factor($0) }
    // MXFP8 in plain bytes has a scale for 32 of them, MXFP4 one for 16, NVFP4 one for 8.
    let width = tensor.shape.rowElementCount, count = scales.shape.rowElementCount
    let isByteCodes = tensor.format != .f4 && global == nil && width % 32 == 0 && width / 32 == count
    if isByteCodes { return try FP8Composition(tensor, code: .e4m3, scales: scales) }
    return try FP4Composition(
      tensor, scales: scales, bytes: global == nil && width / 8 != count ? .exponents : .e4m3, global: global)
  }

  private func experts(
    _ tensor: TensorDescriptor, _ stem: String
  ) throws(EncodingError) -> (name: TensorName, composition: any TensorComposition) {
    guard let scales = checkpoint.tensor(TensorName(stem + "_scales")) else {
      throw .missingPart(of: tensor, name: stem + "_scales")
    }
    let stored = tensor.shape.dimensions
    guard stored.count == 4, stored[3] == 16, let shape = Shape([stored[0], stored[1]] + [stored[2] &* 32]),
      stored[2] <= Int.max / 32
    else { throw .partShape(tensor, of: nil, expected: "experts × rows × groups × 16") }
    let matrices = try FP4Composition(tensor, shape: shape, scales: scales)
    guard matrices.scales.grid.hasGroups(of: 32) else {
      throw .partShape(scales, of: tensor, expected: "experts × rows × groups")
    }
    return (TensorName(stem), try TransposedFP4Composition(matrices))
  }

  // MARK: - Names

  private static let blocksSuffix = "_blocks"

  /// The scales of the codes with this name.
  private func scales(of name: String) -> TensorDescriptor? { Self.scales(of: name, in: checkpoint) }

  static func scales(of name: String, in checkpoint: Checkpoint) -> TensorDescriptor? {
    var names = [name + "_scale_inv", name + "_scale"]
    if name.hasSuffix(".weight") {
      let stem = name.dropLast("weight".count)
      names += [stem + "scale", stem + "qscale_weight"]
    }
    for name in names {
      if let scales = checkpoint.tensor(TensorName(name)) { return scales }
    }
    return nil
  }

  /// Why values do not depend on a tensor that belongs to quantized layers; nil for other tensors.
  private static func reasonOfUnused(_ tensor: TensorDescriptor) -> String? {
    guard tensor.shape.elementCount <= 1 || tensor.shape.rank <= 1, let format = tensor.format,
      format.facts.kind == .float
    else { return nil }
    let name = tensor.name.text
    let word = name.split(separator: ".").last ?? ""
    if ["k_scale", "v_scale", "q_scale", "kv_scale", "prob_output_scale"].contains(word) {
      return "scale of the quantized KV cache; caches are not quantized here"
    }
    let ends = ["activation_scale", "input_scale", "output_scale"]
    if ends.contains(where: { word == $0 || word.hasSuffix("_" + $0) }) || word == "qscale_act"
      || word == "input_scale_ub"
    {
      return "scale of a layer's FP8 input; inputs are not quantized here"
    }
    return nil
  }

  // MARK: - Checkpoints without a configuration

  /// FP8 weights with `weight_scale`, of which shapes say enough: one scale, one for each row or blocks of 128.
  static func shown(_ evidence: FormEvidence) throws(EncodingError) -> EncodedCheckpoint {
    try requireScheme(evidence.checkpoint, hasConfiguration: evidence.configuration != nil)
    return composing(evidence.checkpoint, FloatScheme())
  }

  /// FP8 weights without scales are a plain cast if nothing says that they are quantized.
  ///
  /// - Throws: if scales are there, since nothing says how they are applied.
  static func plain(_ checkpoint: Checkpoint, hasConfiguration: Bool) throws(EncodingError) -> EncodedCheckpoint {
    let weights = checkpoint.tensors.filter(isFP8)
    try requireScheme(checkpoint, hasConfiguration: hasConfiguration)
    guard hasConfiguration, let first = weights.first else { return EncodedCheckpoint(checkpoint) }
    let remark =
      "\(counted(weights.count, "tensor")) in \(first.declaredFormat) without scales, and config.json announces none:"
      + " the stored values are used"
    return EncodedCheckpoint(checkpoint.replacing(tensors: checkpoint.tensors, remarks: [remark]))
  }

  /// Throws for `weight_scale_inv`, whose blocks only a configuration gives.
  private static func requireScheme(_ checkpoint: Checkpoint, hasConfiguration: Bool) throws(EncodingError) {
    let scaled = checkpoint.tensors.first { tensor in
      isFP8(tensor) && checkpoint.tensor(TensorName(tensor.name.text + "_scale_inv")) != nil
    }
    if let scaled { throw .noConfiguration(scaled, hasFile: hasConfiguration) }
  }

  private static func isFP8(_ tensor: TensorDescriptor) -> Bool {
    tensor.shape.rank >= 2 && (tensor.format == .f8_e4m3 || tensor.format == .f8_e5m2)
  }
}

// MARK: - GGUF

extension FloatEncoding {
  /// Blocks of a GGUF with their scales, which llama.cpp names `X.scale`.
  static func scaledBlocks(_ checkpoint: Checkpoint) -> EncodedCheckpoint {
    var problems: [EncodingError] = [], replacements: [TensorName: TensorDescriptor] = [:]
    var used: Set<TensorName> = [], unused: [(tensor: TensorDescriptor, reason: String)] = []
    for tensor in checkpoint.tensors {
      guard let stem = stemOfBlocks(tensor) else { continue }
      if let input = checkpoint.tensor(TensorName(stem + ".input_scale")) {
        unused.append((input, "scale of a layer's FP4 input; inputs are not quantized here"))
        used.insert(input.name)
      }
      guard let factors = checkpoint.tensor(TensorName(stem + ".scale")) else { continue }
      do throws(EncodingError) {
        let composition = try ScaledBlocksComposition(tensor, factors: factors)
        replacements[tensor.name] = TensorDescriptor(
          name: tensor.name, shape: tensor.shape, contents: .composed(composition))
        used.insert(factors.name)
      } catch {
        problems.append(error)
      }
    }
    let tensors = checkpoint.tensors.compactMap { tensor in
      used.contains(tensor.name) ? nil : replacements[tensor.name] ?? tensor
    }
    return EncodedCheckpoint(checkpoint.replacing(tensors: tensors, unused: unused), problems: problems)
  }

  /// The sign of such a checkpoint: the first scale of a tensor of blocks.
  static func firstScaleOfBlocks(_ evidence: FormEvidence) -> String? {
    guard evidence.tensor("scale") != nil else { return nil }
    for tensor in evidence.checkpoint.tensors {
      guard let stem = stemOfBlocks(tensor), let scale = evidence.checkpoint.tensor(TensorName(stem + ".scale")) else {
        continue
      }
      return "tensor \(scale.name.text.quoted)"
    }
    return nil
  }

  private static func stemOfBlocks(_ tensor: TensorDescriptor) -> String? {
    let suffix = ".weight", name = tensor.name.text
    guard name.hasSuffix(suffix), tensor.shape.rank >= 2, tensor.format?.isQuantized == true else { return nil }
    return String(name.dropLast(suffix.count))
  }
}
